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
	askEvery    = time.Hour
	askAgain    = 10 * time.Minute // after a failure
	askedAtOnce = 4
	ahead       = 24 * time.Hour // a list may be from a clock that is so much ahead
)

// A refusal is why a list is not taken, in a clause for a person: one of these, and after a colon what is particular.
type refusal string

// What lists are refused for.
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

// ask reads the lists that are due, and returns when all of that has ended.
func (s *Service) ask(ctx context.Context) error {
	if s.getter == nil || !s.work.Claim(ctx, 0, "neighbours", lookEvery) {
		return nil
	}
	var all []Neighbour
	err := s.work.View(ctx, func(tx Tx) (err error) {
		all, err = tx.Neighbours(0)
		return err
	})
	if err != nil {
		return fmt.Errorf("read neighbours: %w", err)
	}
	now := s.work.Now()
	var asking sync.WaitGroup
	some := make(chan struct{}, askedAtOnce)
	for _, n := range all {
		if !n.due(now) {
			continue
		}
		some <- struct{}{}
		asking.Go(func() {
			defer func() { <-some }()
			if err := s.take(ctx, n); err != nil && ctx.Err() == nil {
				s.log.WarnContext(ctx, "what a neighbour answered was not noted", "neighbour", n.URL, "error", err)
			}
		})
	}
	asking.Wait()
	return nil
}

// due reports whether a neighbour's list is to be asked for.
func (n Neighbour) due(now time.Time) bool {
	rest := askEvery
	if n.Failure != "" {
		rest = askAgain
	}
	since := now.Sub(n.TriedAt)
	return since < 0 || since >= rest // a clock may have been set back
}

// take asks for a neighbour's list, and keeps it if it is good, or why it is not.
func (s *Service) take(ctx context.Context, n Neighbour) error {
	list, err := s.offered(ctx, n)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := s.work.Now()
	if err != nil {
		s.log.InfoContext(ctx, "a neighbour's list was not taken", "neighbour", n.URL, "error", err)
	}
	return s.work.Update(ctx, func(tx Tx) error {
		stands, err2 := standing(tx, n)
		if err2 != nil || stands == nil {
			return err2
		}
		stands.TriedAt = now
		if err != nil {
			stands.Failure = err.Error()
			_, err := tx.NoteNeighbour(*stands)
			return err
		}
		fresh := list.generated.After(stands.Generated)
		stands.Failure, stands.TakenAt = "", now
		stands.Theirs, stands.Generated = list.site, list.generated
		stands.Campaigns, stands.Hosts = len(list.campaigns), list.hosts
		if there, err := tx.NoteNeighbour(*stands); err != nil || !there || !fresh {
			return err // it may have been removed since it was read here
		}
		same, err := keptAlready(tx, *stands, list.said)
		if err != nil {
			return err
		}
		if _, err := tx.PutNeighbourList(List{Site: n.Site, Neighbour: n.ID, Generated: list.generated,
			Body: list.body}); err != nil || same {
			return err
		}
		return tx.Emit(event.Event{Site: n.Site, Kind: event.Rules, At: now})
	})
}

// standing is a neighbour as it stands now; nil: it was removed, or has another key.
func standing(tx Tx, n Neighbour) (*Neighbour, error) {
	all, err := tx.Neighbours(n.Site)
	for i := range all {
		if all[i].ID == n.ID && all[i].Key == n.Key {
			return &all[i], err
		}
	}
	return nil, err
}

// keptAlready reports whether the list that is kept of a neighbour has the same campaigns.
func keptAlready(tx Tx, n Neighbour, said []byte) (bool, error) {
	l, err := tx.NeighbourList(n.Site, n.ID)
	if errors.Is(err, txn.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	before, err := readList(l.Body)
	return err == nil && bytes.Equal(before.said, said), nil
}

// A read is a list that another site made.
type read struct {
	body      []byte         // as it was read
	whole     map[string]any // as it is signed
	site      string
	generated time.Time
	said      []byte // its campaigns, as they stand there
	campaigns []campaignRead
	hosts     int
}

type campaignRead struct {
	minima   [len(classifier.Fingerprint{}.Minima)]uint32
	hosts    []string
	lastSeen time.Time
}

const noList = refusal(RefusedGarbage)

// refused says what is particular to a refusal, too.
func refused(why, format string, args ...any) error {
	return refusal(why + ": " + fmt.Sprintf(format, args...))
}

// readList reads a list and holds it to the bounds. Whose it is, of says.
func readList(body []byte) (l read, err error) {
	l.body = body
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&l.whole); err != nil || l.whole == nil || d.More() {
		return l, noList
	}
	if _, err := whole(l.whole); err != nil {
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
		return l, noList
	}
	if in.Format != format {
		return l, refused(RefusedFormat, "format %d, and this one reads format %d", in.Format, format)
	}
	if in.Tokeniser != 0 && in.Tokeniser != classifier.TokeniserVersion {
		return l, refused(RefusedFormat, "tokeniser %d, and this one has %d: whichever is older wants an update",
			in.Tokeniser, classifier.TokeniserVersion)
	}
	var all []struct {
		Fingerprint string
		Hosts       []string
		LastSeen    time.Time `json:"last_seen"`
	}
	if json.Unmarshal(in.Campaigns, &all) != nil {
		return l, noList
	}
	if len(all) > maxCampaigns {
		return l, refused(RefusedTooMuch, "%d campaigns, and at most %d are taken", len(all), maxCampaigns)
	}
	l.site, l.generated, l.said = in.Site, in.Generated.UTC().Truncate(time.Microsecond), in.Campaigns
	l.campaigns = make([]campaignRead, len(all))
	for i, c := range all {
		raw, err := base64.RawURLEncoding.DecodeString(c.Fingerprint)
		if err != nil || len(raw) != 4*len(l.campaigns[i].minima) {
			return l, refused(RefusedGarbage, "the fingerprint of its campaign %d is none", i+1)
		}
		for j := range l.campaigns[i].minima {
			l.campaigns[i].minima[j] = binary.BigEndian.Uint32(raw[4*j:])
		}
		l.campaigns[i].hosts, l.campaigns[i].lastSeen = c.Hosts, c.LastSeen
		if l.hosts += len(c.Hosts); l.hosts > takenHosts {
			return l, refused(RefusedTooMuch, "more than %d hosts", takenHosts)
		}
	}
	return l, nil
}

// whole makes whole numbers of the numbers of a list: it has no others.
func whole(value any) (_ any, err error) {
	switch v := value.(type) {
	case json.Number:
		n, err := v.Int64()
		if err != nil || n < math.MinInt32 || n > math.MaxInt32 {
			return nil, noList
		}
		return int(n), nil
	case []any:
		for i := range v {
			if v[i], err = whole(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for name := range v {
			if v[name], err = whole(v[name]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// of refuses a list that is not a neighbour's, or not its newest.
func (l read) of(n Neighbour, now time.Time) error {
	switch named := siteOf(n.URL); {
	case l.whole["key"] != n.Key:
		return refusal(RefusedKey)
	case !signing.Verify(l.whole, n.Key):
		return refusal(RefusedSignature)
	case n.Theirs != "" && l.site != n.Theirs, named != "" && l.site != named:
		return refused(RefusedSite, "%q", l.site)
	case l.generated.Before(n.Generated):
		return refused(RefusedOlder, "%s", l.generated.Format(time.RFC3339))
	case l.generated.After(now.Add(ahead)):
		return refused(RefusedToCome, "%s", l.generated.Format(time.RFC3339))
	}
	return nil
}

// siteOf is the site's key in the address of a list of a service like this; "" for any other.
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
