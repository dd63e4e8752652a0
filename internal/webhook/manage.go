package webhook

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Summary is a webhook as owners see it. MaskedURL and SecretSuffix show only enough of the URL and of the signing
// secret to recognize them. Pending and GivenUp count deliveries.
type Summary struct {
	Endpoint
	MaskedURL, SecretSuffix string
	Pending, GivenUp        int
}

// A Draft is a webhook to be added.
type Draft struct {
	URL    string
	Kind   string // "" is Standard
	Events []string
}

// Webhooks returns the active webhooks of a site, oldest first. It requires an owner.
func (s *Service) Webhooks(ctx context.Context, who authz.Actor, site site.Site) (list []Summary, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return nil, err
	}
	err = s.work.View(ctx, func(tx Tx) error {
		hooks, err := tx.Webhooks(site.ID)
		list = make([]Summary, len(hooks))
		for i, h := range hooks {
			list[i] = Summary{Endpoint: h, MaskedURL: s.masked(h), SecretSuffix: lastCharacters(s.signingSecret(h.Site, h.ID))}
			if err == nil {
				list[i].Pending, list[i].GivenUp, err = tx.CountDeliveries(site.ID, h.ID, countLimit)
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return list, nil
}

// AddWebhook adds a webhook and returns its signing secret, which no other method returns. It requires an owner with a
// session. again reports whether a request with this idempotency key was answered before.
func (s *Service) AddWebhook(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.IdempotencyKey,
) (id, signing string, again bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", "", false, err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return "", "", false, err
	}
	h, err := s.draft(ctx, who, site, in)
	if err != nil {
		return "", "", false, err
	}
	id, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (string, error) {
		active, err := tx.Webhooks(site.ID)
		if err != nil {
			return "", err
		}
		if len(active) >= maxPerSite {
			return "", problem.Field("/url", fmt.Sprintf("A site has at most %d webhooks.", maxPerSite))
		}
		return h.ID, tx.PutWebhook(h)
	})
	if err != nil {
		return "", "", false, fmt.Errorf("add webhook: %w", err)
	}
	s.log.InfoContext(ctx, "webhook added", "site", site.Key, "webhook", id, "by", who.ID())
	return id, s.signingSecret(site.ID, id), again, nil
}

// draft validates a webhook that is to be added.
func (s *Service) draft(ctx context.Context, who authz.Actor, site site.Site, in Draft) (Endpoint, error) {
	if in.Kind == "" {
		in.Kind = Standard
	}
	if !slices.Contains(Kinds, in.Kind) {
		return Endpoint{}, problem.Field("/kind", "A webhook is "+problem.Among(Kinds)+".")
	}
	events, err := checkEvents(in.Events)
	if err != nil {
		return Endpoint{}, err
	}
	u, err := url.Parse(in.URL)
	if _, ok := text.ParseWebURL(in.URL); !ok || err != nil {
		return Endpoint{}, problem.Field("/url",
			"A webhook's address begins with http:// or https://, without a password in it.")
	}
	if _, lacks := target(in.Kind, u, "id"); lacks != "" {
		return Endpoint{}, problem.Field("/url", lacks)
	}
	if err := s.reach.CheckHost(ctx, u.Hostname()); err != nil {
		return Endpoint{}, problem.PrivateAddress("/url", "webhook", err)
	}
	h := Endpoint{Site: site.ID, ID: txn.NewID(), Kind: in.Kind, Events: events, By: who.ID(), CreatedAt: s.work.Now()}
	h.URL = s.secret.Seal("webhook", sealContext(h), []byte(u.String()))
	return h, nil
}

// checkEvents returns the named events, sorted and without duplicates.
func checkEvents(named []string) ([]string, error) {
	events := slices.Compact(slices.Sorted(slices.Values(named)))
	unknown := func(e string) bool { return !slices.Contains(Events, e) }
	if len(events) == 0 || slices.ContainsFunc(events, unknown) {
		return nil, problem.Field("/events", "Name some of "+problem.Among(Events)+".")
	}
	return events, nil
}

func sealContext(h Endpoint) string { return strconv.FormatInt(h.Site, 10) + "/" + h.ID }

// address returns the URL of a webhook.
func (s *Service) address(h Endpoint) (*url.URL, error) {
	raw, err := s.secret.Open("webhook", sealContext(h), h.URL)
	if err != nil {
		return nil, err
	}
	return url.Parse(string(raw))
}

// masked returns the part of the URL that may be shown: scheme, host and the last characters. The rest may contain the
// token of a bot. It returns "" if the URL cannot be decrypted.
func (s *Service) masked(h Endpoint) string {
	u, err := s.address(h)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/…" + lastCharacters(strings.TrimRight(u.RequestURI(), "/"))
}

// lastCharacters returns the last four characters of a string, or "" if the rest is too short to stay secret.
func lastCharacters(s string) string {
	if len(s) < 12 {
		return ""
	}
	return s[len(s)-4:]
}

// signingSecret returns the secret that messages of a webhook are signed with. It is derived from the secret of the
// service and not stored.
func (s *Service) signingSecret(site int64, id string) string {
	mac := s.secret.Mac("webhook", strconv.FormatInt(site, 10), id)
	return "whsec_" + base64.StdEncoding.EncodeToString(mac)
}

// SetWebhook replaces the events of a webhook. Pending deliveries are still sent. It requires an owner.
func (s *Service) SetWebhook(ctx context.Context, who authz.Actor, site site.Site, id string, events []string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	events, err := checkEvents(events)
	if err != nil {
		return err
	}
	return s.change(ctx, who, site, id, true, func(_ Tx, h *Endpoint) error {
		h.Events = events
		return nil
	})
}

// RemoveWebhook removes a webhook, which can be restored for thirty days. It requires an owner.
func (s *Service) RemoveWebhook(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	return s.setRemoved(ctx, who, site, id, s.work.Now())
}

// RestoreWebhook restores a removed webhook. Pending deliveries of the last three days are sent. It requires an owner
// with a session.
func (s *Service) RestoreWebhook(ctx context.Context, who authz.Actor, site site.Site, id string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if err := who.AuthorizeCredentials(); err != nil {
		return err
	}
	return s.setRemoved(ctx, who, site, id, time.Time{})
}

func (s *Service) setRemoved(ctx context.Context, who authz.Actor, site site.Site, id string, removed time.Time) error {
	return s.change(ctx, who, site, id, !removed.IsZero(), func(_ Tx, h *Endpoint) error {
		h.RemovedAt, h.Failures, h.FailedAt, h.RetryAt = removed, 0, time.Time{}, time.Time{}
		return nil
	})
}

// change calls fn on a webhook that is active or, if not active, removed.
func (s *Service) change(
	ctx context.Context, who authz.Actor, site site.Site, id string, active bool, fn func(Tx, *Endpoint) error,
) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	err := s.work.Update(ctx, func(tx Tx) error {
		h, err := endpoint(tx, site.ID, id)
		if err != nil || h.RemovedAt.IsZero() != active {
			return errNoWebhook(err)
		}
		if err := fn(tx, &h); err != nil {
			return err
		}
		return tx.PutWebhook(h)
	})
	if err != nil {
		return fmt.Errorf("change webhook: %w", err)
	}
	return nil
}

// RedeliverWebhook makes all deliveries that were given up pending again, and returns their number. It requires an
// owner.
func (s *Service) RedeliverWebhook(
	ctx context.Context, who authz.Actor, site site.Site, id string,
) (n int, err error) {
	err = s.change(ctx, who, site, id, true, func(tx Tx, h *Endpoint) (err error) {
		h.RetryAt = time.Time{}
		n, err = tx.ReviveDeliveries(site.ID, id, s.work.Now())
		return err
	})
	if err != nil {
		return 0, err
	}
	s.log.InfoContext(ctx, "redelivering webhook messages", "site", site.Key, "webhook", id, "messages", n, "by", who.ID())
	return n, nil
}

func endpoint(tx Tx, site int64, id string) (Endpoint, error) {
	if !txn.IsID(id) {
		return Endpoint{}, txn.ErrNotFound
	}
	return tx.WebhookByID(site, id)
}

func errNoWebhook(err error) error {
	if err == nil || errors.Is(err, txn.ErrNotFound) {
		return problem.Missing("webhook.unknown", "There is no such webhook, or not any more.")
	}
	return err
}

// TestWebhook sends a test message at once and returns why it failed, or "" if the receiver accepted it. It requires an
// owner.
func (s *Service) TestWebhook(
	ctx context.Context, who authz.Actor, site site.Site, id string,
) (failure string, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return "", err
	}
	var h Endpoint
	var l string
	err = s.work.View(ctx, func(tx Tx) (err error) {
		if h, err = endpoint(tx, site.ID, id); err != nil || !h.RemovedAt.IsZero() {
			return errNoWebhook(err)
		}
		l, err = language(tx, h)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("test webhook: %w", err)
	}
	d := Delivery{Site: site.ID, Hook: id, ID: txn.NewID(), Event: testEvent, At: s.work.Now()}
	failed := s.post(ctx, h, s.compose(h, site, d, subject{}, l))
	if failed == nil {
		return "", nil
	}
	return failed.Error(), nil
}
