package main

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/signing"
)

// Each comment is posted to three servers, one after the other in a random order, so that other load on the machine
// affects all of them. One server reads four spam lists; two read none, and the difference between those two is the
// noise.
const (
	nearLists  = 4
	nearPrints = 2_500 // fingerprints per list, half of the maximum
	nearFirst  = 500   // warm-up comments
	nearPosts  = 8_000
	nearRest   = 2 * time.Millisecond // pause for background work of a post before the next server gets it
)

// BenchmarkNeighbours measures how spam lists affect the latency and the CPU time of posts.
func BenchmarkNeighbours(b *testing.B) {
	inModuleRoot(b, func(binary, dir string) error {
		how := fmt.Sprintf("`make bench`: %d comments, each posted to three processes in a random order",
			nearPosts)
		return measure("neighbours", how, []func() ([]row, error){
			func() ([]row, error) { return nearCosts(b, binary, dir) },
		})
	})
}

// inModuleRoot changes to the root of the main module, whose documents get the figures, and calls do with the built
// binary.
func inModuleRoot(b *testing.B, do func(binary, dir string) error) {
	b.Helper()
	b.Chdir("..")
	if err := withBinary(do); err != nil {
		b.Fatal(err)
	}
}

func nearCosts(b *testing.B, binary, dir string) ([]row, error) {
	var all [3]*timedPoster // two without lists, one with lists
	for i := range all {
		p, err := newPoster(binary, filepath.Join(dir, fmt.Sprint("near", i)), "--reach", "127.0.0.0/8")
		if err != nil {
			return nil, err
		}
		defer p.server.Kill()
		all[i] = &timedPoster{poster: p}
	}
	plain, again, with := all[0], all[1], all[2]
	words, prints := newVocabulary(), []string{}
	for n := range nearLists * nearPrints {
		prints = append(prints, "On offer: "+words.text(1_000_000+n)+" "+words.text(2_000_000+n))
	}
	end, err := subscribeToLists(b, with.client, prints)
	if err != nil {
		return nil, err
	}
	defer end()
	random := rand.New(rand.NewPCG(1, 2))
	for n := range nearFirst + nearPosts {
		if n == nearFirst {
			for _, p := range all {
				p.took, p.spent = nil, -used(p.server.PID())
			}
		}
		for _, i := range random.Perm(len(all)) {
			began := time.Now()
			if err := all[i].post(n); err != nil {
				return nil, err
			}
			all[i].took = append(all[i].took, time.Since(began))
			time.Sleep(nearRest)
		}
	}
	for _, p := range all {
		p.spent += used(p.server.PID())
		slices.Sort(p.took)
	}
	said := func(p *timedPoster) string {
		return fmt.Sprintf("CPU %.3f× (%d µs), latency %.3f× (median %d µs)", float64(p.spent)/float64(plain.spent),
			(p.spent / nearPosts).Microseconds(), float64(p.took.At(0.5))/float64(plain.took.At(0.5)), p.took.At(0.5).Microseconds())
	}
	return []row{{fmt.Sprintf("a post, with %d fingerprints of %d spam lists", nearLists*nearPrints, nearLists),
		"two processes without lists, compared: " + said(again), "≤ 1.02×", said(with)}}, nil
}

// subscribeToLists serves spam lists of the texts, subscribes the owner's site to them and waits until it has read
// them. end stops the server of the lists.
func subscribeToLists(b *testing.B, owner *testkit.Client, texts []string) (end func(), err error) {
	b.Helper()
	var lists atomic.Pointer[map[string][]byte]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write((*lists.Load())[r.URL.Path]) // the client notices an error
	}))
	bodies, keys := map[string][]byte{}, map[string]string{}
	for some := range slices.Chunk(texts, nearPrints) {
		path := fmt.Sprintf("/list-%d.json", len(bodies))
		if bodies[path], keys[path], err = signedList(some); err != nil {
			return nil, err
		}
	}
	lists.Store(&bodies)
	for path, key := range keys {
		err := owner.Do(context.Background(), http.MethodPost, "/moderation/neighbours", nil,
			map[string]any{"url": server.URL + path, "key": key}, nil)
		if err != nil {
			return nil, err
		}
	}
	testkit.Within(b, time.Minute, "all fingerprints are read", func() bool {
		var out struct {
			Neighbours []struct {
				Campaigns int
				Failure   *string
			}
		}
		if err = owner.Do(context.Background(), http.MethodGet, "/moderation/neighbours", nil, nil, &out); err != nil {
			return true
		}
		have := 0
		for _, n := range out.Neighbours {
			if n.Failure != nil {
				err = errors.New(*n.Failure)
				return true
			}
			have += n.Campaigns
		}
		return have == len(texts)
	})
	return server.Close, err
}

// signedList returns a signed spam list with one campaign for each text, and the public key of its publisher.
func signedList(texts []string) (body []byte, key string, err error) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, "", err
	}
	now := time.Now().UTC().Format(time.RFC3339)
	var found []any
	for _, text := range texts {
		found = append(found, map[string]any{"fingerprint": fingerprintOf(text), "hosts": []any{}, "members": 5,
			"writers": 3, "last_seen": now})
	}
	key = signing.Encode(public)
	list := map[string]any{"format": 1, "site": "near", "generated_at": now, "campaigns": found, "key": key}
	said, err := signing.Canonical(list)
	if err != nil {
		return nil, "", err
	}
	list["signature"] = signing.Encode(ed25519.Sign(private, said))
	body, err = json.Marshal(list)
	return body, key, err
}

// fingerprintOf returns the fingerprint of a text in the encoding of spam lists.
func fingerprintOf(text string) string {
	f := campaign.PrintOf(comment.Comment{Source: text}).Fingerprint
	raw := make([]byte, 0, 4*len(f.Minima))
	for _, m := range f.Minima {
		raw = binary.BigEndian.AppendUint32(raw, m)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Sizes of BenchmarkNearby.
const (
	nearKnown  = 10_000 // fingerprints of real spam
	nearGood   = 10_000 // real ham
	nearCopies = 1_000  // mutated copies of the spam
)

// BenchmarkNearby subscribes a site without decisions to spam lists, and posts real ham and mutated copies of the spam
// there. It writes the detection rate and the false positives to docs/measurements.md.
func BenchmarkNearby(b *testing.B) {
	inModuleRoot(b, func(binary, dir string) error { return suspectedNearby(b, binary, dir) })
}

func suspectedNearby(b *testing.B, binary, dir string) error {
	spam, good, err := nearSets()
	if err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(1, 2))
	seeds := slices.Clone(spam)
	random.Shuffle(len(seeds), func(i, j int) { seeds[i], seeds[j] = seeds[j], seeds[i] })
	var copies []string
	for _, text := range seeds[:nearCopies] {
		copies = append(copies, mutated(text, random))
	}
	real := len(spam)
	for i := 0; len(spam) < nearKnown; i++ { // fill up with mutated copies: a list has one fingerprint per campaign
		spam = append(spam, mutated(spam[i%real], random))
	}
	server, owner, err := stage(binary, filepath.Join(dir, "nearby"), "--reach", "127.0.0.0/8")
	if err != nil {
		return err
	}
	defer server.Kill()
	end, err := subscribeToLists(b, owner, spam)
	if err != nil {
		return err
	}
	defer end()
	ids := map[string]bool{} // by comment ID: whether it is ham
	for _, set := range []struct {
		texts []string
		good  bool
	}{{good, true}, {copies, false}} {
		for i, text := range set.texts {
			page := fmt.Sprintf("https://stage.example/%d", i/500)
			p, err := owner.Post(context.Background(), "", page, fmt.Sprintf("Writer %d", i), "", text)
			if err != nil {
				return err
			}
			ids[p.ID] = set.good
		}
	}
	last, err := owner.Post(context.Background(), "", "https://stage.example/last", "The last writer", "", spam[0])
	if err != nil {
		return err
	}
	testkit.Within(b, time.Minute, "the last comment, a copy, is suspected", func() bool {
		items, _, err := owner.Queue(context.Background(), "state=suspected&sort=newest&limit=1")
		return err == nil && len(items) == 1 && items[0].Comment.ID == last.ID
	})
	var wrong, found int
	for after := ""; ; {
		items, next, err := owner.Queue(context.Background(), "state=suspected&limit=200&after="+after)
		if err != nil {
			return err
		}
		for _, item := range items {
			near := slices.ContainsFunc(item.Verdict.Signals, func(s testkit.Signal) bool {
				return s.Name == "neighbour" && s.Weight > 0
			})
			switch good, known := ids[item.Comment.ID]; {
			case !known: // the last
			case near && good:
				wrong++
			case near:
				found++
			}
		}
		if after = next; after == "" {
			break
		}
	}
	rows := []string{
		"| fingerprints, of which unmodified spam | copies suspected (required: ≥ 90 %) | ham suspected " +
			"(required: ≤ 0.02 %) |",
		"| --- | --- | --- |",
		fmt.Sprintf("| %d, %d | %d of %d (%.1f %%) | %d of %d (%.3f %%) |", nearKnown, real, found, nearCopies,
			100*float64(found)/nearCopies, wrong, len(good), 100*float64(wrong)/float64(len(good))),
	}
	fmt.Println(strings.Join(rows, "\n"))
	return writeFigures("nearby", "`make rehearsal`: a site without decisions of its own, subscribed to four spam lists, "+
		"SQLite", rows)
}

// nearSets returns texts of real spam that are long enough to compare, and of real ham. No text is repeated or in both.
func nearSets() (spam, good []string, err error) {
	seen := map[string]bool{}
	for _, label := range []string{"spam", "ham"} {
		for _, set := range []string{"mix", "tgru-dev", "toxic-en"} {
			all, err := readLabelled(filepath.Join(comments, set+".jsonl"))
			if err != nil {
				return nil, nil, err
			}
			for _, c := range all {
				text := strings.ToLower(strings.Join(strings.Fields(c.Text), " "))
				if c.Label != label || seen[text] {
					continue
				}
				seen[text] = true
				long := classifier.Read(classifier.Comment{Text: c.Text}).Fingerprint().Letters >= seedLetters
				switch {
				case label == "spam" && long && len(spam) < nearKnown:
					spam = append(spam, c.Text)
				case label == "ham" && len(good) < nearGood:
					good = append(good, c.Text)
				}
			}
		}
	}
	return spam, good, nil
}
