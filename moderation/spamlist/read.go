package spamlist

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	readInterval       = time.Hour
	retryInterval      = 10 * time.Minute // after a failure
	maxConcurrentReads = 4
	maxClockSkew       = 24 * time.Hour // accepted difference of clocks
)

// A refusal is why a list was refused, as a clause for a person: one of these constants, and details after a colon.
type refusal string

// Reasons of refusals.
const (
	RefusedGarbage   = "what stands there is no list of a neighbour"
	RefusedSignature = "it is not signed with the key that was given, or was changed since"
	RefusedKey       = "it is signed with another key than the one that was given"
	RefusedSite      = "it is the list of another site"
	RefusedOlder     = "it is older than the one that was taken before"
	RefusedToCome    = "it is from a time that is still to come"
	RefusedFormat    = "it is written for another version of the program"
	RefusedTooMuch   = "it has more than a list may have"
)

func (r refusal) Error() string { return string(r) }

// readDue reads the lists that are due and returns when all reads have ended.
func (s *Service) readDue(ctx context.Context) error {
	if s.getter == nil || !s.work.Claim(ctx, 0, "neighbours", pollInterval) {
		return nil
	}
	var all []Source
	err := s.work.View(ctx, func(tx Tx) (err error) {
		all, err = tx.SpamListSources(0)
		return err
	})
	if err != nil {
		return fmt.Errorf("read spam list sources: %w", err)
	}
	now := s.work.Now()
	var asking sync.WaitGroup
	some := make(chan struct{}, maxConcurrentReads)
	for _, n := range all {
		if !n.due(now) {
			continue
		}
		some <- struct{}{}
		asking.Go(func() {
			defer func() { <-some }()
			if err := s.update(ctx, n); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "result of reading a spam list not stored", "neighbour", n.URL, "error", err)
			}
		})
	}
	asking.Wait()
	return nil
}

// due reports whether a source's list is due.
func (n Source) due(now time.Time) bool {
	rest := readInterval
	if n.Failure != "" {
		rest = retryInterval
	}
	since := now.Sub(n.TriedAt)
	return since < 0 || since >= rest // the clock may have been set back
}

// update reads a source's list, and stores the list or why it was refused.
func (s *Service) update(ctx context.Context, n Source) error {
	list, err := s.fetch(ctx, n)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := s.work.Now()
	if err != nil {
		s.log.InfoContext(ctx, "spam list not accepted", "neighbour", n.URL, "error", err)
	}
	return s.work.Update(ctx, func(tx Tx) error {
		stands, err2 := currentSource(tx, n)
		if err2 != nil || stands == nil {
			return err2
		}
		stands.TriedAt = now
		if err != nil {
			stands.Failure = err.Error()
			_, err := tx.NoteSpamListSource(*stands)
			return err
		}
		fresh := list.generated.After(stands.Generated)
		stands.Failure, stands.TakenAt = "", now
		stands.Theirs, stands.Generated = list.site, list.generated
		stands.Campaigns, stands.Hosts = len(list.campaigns), list.hosts
		if there, err := tx.NoteSpamListSource(*stands); err != nil || !there || !fresh {
			return err // the source may have been removed meanwhile
		}
		same, err := sameAsStored(tx, *stands, list.rawCampaigns)
		if err != nil {
			return err
		}
		if _, err := tx.PutSpamList(List{Site: n.Site, Neighbour: n.ID, Generated: list.generated,
			Body: list.body}); err != nil || same {
			return err
		}
		return tx.Emit(event.Event{Site: n.Site, Kind: event.Rules, At: now})
	})
}

// currentSource returns a source as it is stored now, or nil if it was removed or has another key.
func currentSource(tx Tx, n Source) (*Source, error) {
	all, err := tx.SpamListSources(n.Site)
	for i := range all {
		if all[i].ID == n.ID && all[i].Key == n.Key {
			return &all[i], err
		}
	}
	return nil, err
}

// sameAsStored reports whether the stored list of a source has the same campaigns.
func sameAsStored(tx Tx, n Source, said []byte) (bool, error) {
	l, err := tx.SpamList(n.Site, n.ID)
	if errors.Is(err, txn.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	before, err := readList(l.Body)
	return err == nil && bytes.Equal(before.rawCampaigns, said), nil
}

// A parsedList is a list of another site.
type parsedList struct {
	body         []byte         // as received
	document     map[string]any // as signed
	site         string
	generated    time.Time
	rawCampaigns []byte // its campaigns as received
	campaigns    []parsedCampaign
	hosts        int
}

type parsedCampaign struct {
	minima   [len(classifier.Fingerprint{}.Minima)]uint32
	hosts    []string
	lastSeen time.Time
}

const notAList = refusal(RefusedGarbage)

// refused returns a refusal with details.
func refused(why, format string, args ...any) error {
	return refusal(why + ": " + fmt.Sprintf(format, args...))
}

// readList parses a list and checks its limits. verify checks its signature and site.
func readList(body []byte) (l parsedList, err error) {
	l.body = body
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&l.document); err != nil || l.document == nil || d.More() {
		return l, notAList
	}
	if _, err := integers(l.document); err != nil {
		return l, err
	}
	var in struct {
		Format    int
		Site      string
		Generated time.Time `json:"generated_at"`
		Tokeniser int
		Campaigns json.RawMessage
	}
	if json.Unmarshal(body, &in) != nil || in.Generated.IsZero() {
		return l, notAList
	}
	if in.Format != format {
		return l, refused(RefusedFormat, "format %d, but this server reads format %d", in.Format, format)
	}
	if in.Tokeniser != 0 && in.Tokeniser != classifier.TokeniserVersion {
		return l, refused(RefusedFormat, "tokeniser %d, but this server has %d: update the older one",
			in.Tokeniser, classifier.TokeniserVersion)
	}
	var all []struct {
		Fingerprint string
		Hosts       []string
		LastSeen    time.Time `json:"last_seen"`
	}
	if json.Unmarshal(in.Campaigns, &all) != nil {
		return l, notAList
	}
	if len(all) > maxCampaigns {
		return l, refused(RefusedTooMuch, "%d campaigns, but at most %d are allowed", len(all), maxCampaigns)
	}
	l.site, l.generated, l.rawCampaigns = in.Site, in.Generated.UTC().Truncate(time.Microsecond), in.Campaigns
	l.campaigns = make([]parsedCampaign, len(all))
	for i, c := range all {
		raw, err := base64.RawURLEncoding.DecodeString(c.Fingerprint)
		if err != nil || len(raw) != 4*len(l.campaigns[i].minima) {
			return l, refused(RefusedGarbage, "the fingerprint of campaign %d is malformed", i+1)
		}
		for j := range l.campaigns[i].minima {
			l.campaigns[i].minima[j] = binary.BigEndian.Uint32(raw[4*j:])
		}
		l.campaigns[i].hosts, l.campaigns[i].lastSeen = c.Hosts, c.LastSeen
		if l.hosts += len(c.Hosts); l.hosts > maxListHosts {
			return l, refused(RefusedTooMuch, "more than %d hosts", maxListHosts)
		}
	}
	return l, nil
}

// integers converts the numbers of a list to int, recursively. Lists contain no other numbers.
func integers(value any) (_ any, err error) {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
			return nil, notAList
		}
		return int(n), nil
	case []any:
		for i := range v {
			if v[i], err = integers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = integers(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// verify refuses a list that is not from n, or is older than the stored one.
func (l parsedList) verify(n Source, now time.Time) error {
	switch named := siteOf(n.URL); {
	case l.document["key"] != n.Key:
		return refusal(RefusedKey)
	case !signing.Verify(l.document, n.Key):
		return refusal(RefusedSignature)
	case n.Theirs != "" && l.site != n.Theirs, named != "" && l.site != named:
		return refused(RefusedSite, "%q", l.site)
	case l.generated.Before(n.Generated):
		return refused(RefusedOlder, "%s", l.generated.Format(time.RFC3339))
	case l.generated.After(now.Add(maxClockSkew)):
		return refused(RefusedToCome, "%s", l.generated.Format(time.RFC3339))
	}
	return nil
}

// siteOf returns the site key in the URL of a list of a service like this one, or "".
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(u.Path, "/api/v1/sites/")
	key, file, _ := strings.Cut(rest, "/")
	if file != "neighbours.json" {
		return ""
	}
	return key
}
