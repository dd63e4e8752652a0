package spamlist_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/spamlist"
)

const where = "https://talk.example/api/v1/sites/a/neighbours.json"

// subscribe refuses ovens on A and lets B read A's list.
func (n *pair) subscribe() (body []byte) {
	n.T.Helper()
	ovens := n.crowd(n.A, oven, 4)
	n.Decide(n.dana, n.A, comment.MarkSpam, ovens...)
	n.settled(n.A, ovens[0], 4, 0)
	n.list()
	l, err := n.App.PublishedSpamList(n.Ctx, n.A)
	n.Must(err)
	n.wire.put(where, l.Body)
	_, _, err = n.App.AddSpamListSource(n.Ctx, n.dana, n.B, spamlist.Draft{URL: where, Key: n.key(), Weight: 1}, nil)
	n.Must(err)
	n.ask()
	return l.Body
}

// ask reads due lists and returns B's source. Run may be reading it already.
func (n *pair) ask() (of spamlist.Source) {
	n.T.Helper()
	testkit.Until(n.T, "no list is due", func() bool {
		n.Must(n.App.SpamLists.Ask(n.Ctx))
		all, err := n.App.SpamLists.SpamListSources(n.Ctx, n.dana, n.B)
		n.Must(err)
		of = all[0]
		known, err := n.App.SpamLists.Knows(n.Ctx, n.B.ID, all)
		n.Must(err)
		return known && !slices.ContainsFunc(all, func(of spamlist.Source) bool { return of.Due(n.Clock.Now()) })
	})
	return of
}

// submit submits a comment to B and returns it after campaigns have processed it.
func (n *pair) submit(text string) comment.Comment {
	n.T.Helper()
	c := n.Submit(n.B, text)
	apptest.WaitFollower(n.Env, "campaigns")
	return n.Comment(n.B, c.ID)
}

// signal returns the spam list signals of a comment's verdict.
func signal(c comment.Comment) (all []comment.Signal) {
	for _, s := range c.Verdict.Signals {
		if s.Name == "neighbour" {
			all = append(all, s)
		}
	}
	return all
}

func TestMatch_SuspectsCopiesOfListedCampaigns(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		before := n.submit(oven(80))
		if len(signal(before)) > 0 {
			t.Fatalf("without a neighbour it is said to be refused elsewhere: %+v", before.Verdict)
		}
		n.subscribe()
		c := n.submit(oven(90))
		said := signal(c)
		if len(said) != 1 || said[0].Weight != 2.5 || said[0].Text != "Nearly the same was refused at talk.example." ||
			c.State != comment.Pending || c.Verdict.Score < 0.9 {
			t.Errorf("the verdict on a copy is %+v", c.Verdict)
		}
		if c := n.submit("My stone oven is from my grandmother, and it bakes well enough."); len(signal(c)) > 0 {
			t.Errorf("the verdict on a good comment is %+v", c.Verdict)
		}
		host := n.submit("I found this place when I looked for something else altogether: https://oven.example/")
		if said := signal(host); len(said) != 1 || said[0].Weight != 0 || host.Verdict.Score >= 0.9 {
			t.Errorf("the verdict on a link to a host of the list is %+v", host.Verdict)
		}
		testkit.Until(t, "pending comments are rescored", func() bool { return len(signal(n.Comment(n.B, before.ID))) == 1 })

		all, err := n.App.SpamLists.SpamListSources(n.Ctx, n.dana, n.B)
		n.Must(err)
		n.Must(n.App.RemoveSpamListSource(n.Ctx, n.dana, n.B, all[0].ID))
		testkit.Until(t, "what waits is judged without it", func() bool { return len(signal(n.Comment(n.B, before.ID))) == 0 })
		if c := n.submit(oven(91)); len(signal(c)) > 0 {
			t.Errorf("after it was removed the verdict is %+v", c.Verdict)
		}
	})
}

func TestUpdate_RefusesInvalidLists(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		good := n.subscribe()
		if got := n.ask(); got.Failure != "" || got.Campaigns != 1 || got.Theirs != "a" {
			t.Fatalf("the good list was not taken: %+v", got)
		}
		sign := func(change func(map[string]any)) []byte {
			list := parsed(t, good)
			change(list)
			n.Must(n.App.Sign(n.Ctx, n.A, list))
			body, err := json.Marshal(list)
			n.Must(err)
			return body
		}
		hosts := func(many int) any {
			all := make([]any, many)
			for i := range all {
				all[i] = fmt.Sprint("h", i, ".example")
			}
			return all
		}
		first := func(l map[string]any) map[string]any { return l["campaigns"].([]any)[0].(map[string]any) }
		other := parsed(t, good)
		n.Must(n.App.Sign(n.Ctx, n.B, other))
		foreign, err := json.Marshal(other)
		n.Must(err)
		for _, c := range []struct {
			name string
			body []byte
			says string
		}{
			{"one that was changed", []byte(strings.Replace(string(good), `"members":4`, `"members":9`, 1)), "not signed"},
			{"one of another key", foreign, "another key"},
			{"one of another site", sign(func(l map[string]any) { l["site"] = "b" }), "another site"},
			{"an older one", sign(func(l map[string]any) { l["generated_at"] = "2026-11-01T00:00:00Z" }), "older"},
			{"one of next year", sign(func(l map[string]any) { l["generated_at"] = "2027-11-01T00:00:00Z" }), "still to come"},
			{"another tokeniser", sign(func(l map[string]any) { l["tokeniser"] = 1 }), "tokeniser 1"},
			{"another format", sign(func(l map[string]any) { l["format"] = 2 }), "format 2"},
			{"100,000 hosts", sign(func(l map[string]any) { first(l)["hosts"] = hosts(100_000) }), "hosts"},
			{"a short fingerprint", sign(func(l map[string]any) { first(l)["fingerprint"] = "AAAA" }), "fingerprint"},
			{"too many campaigns", sign(func(l map[string]any) {
				l["campaigns"] = make([]any, spamlist.MaxCampaigns+1)
			}), "campaigns"},
			{"nothing", nil, "no list"},
			{"a page", []byte("<!doctype html><title>Moved</title>"), "no list"},
			{"null", []byte("null"), "no list"},
			{"half of it", good[:len(good)/2], "no list"},
			{"a fraction", []byte(strings.Replace(string(good), `"format":1`, `"format":1.5`, 1)), "no list"},
		} {
			n.wire.put(where, c.body)
			n.Clock.Add(2 * time.Hour) // Run may be the first to read it now
			got := n.ask()
			if !strings.Contains(got.Failure, c.says) || got.Campaigns != 1 {
				t.Errorf("%s: the failure is %q, with %d campaigns in use", c.name, got.Failure, got.Campaigns)
			}
			if s := signal(n.submit(oven(n.Commenters))); len(s) != 1 {
				t.Errorf("%s: the last good list is not in use", c.name)
			}
		}
		n.wire.fail(errors.New("it could not be reached"))
		n.Clock.Add(2 * time.Hour)
		if got := n.ask(); got.Failure != "it could not be reached" {
			t.Errorf("of one that is away it says %q", got.Failure)
		}
		n.wire.fail(nil)
		for _, off := range []time.Duration{-30 * time.Minute, time.Hour} { // different clocks
			at := n.Clock.Now().Add(3*time.Hour + off).Format(time.RFC3339)
			n.wire.put(where, sign(func(l map[string]any) { l["generated_at"] = at }))
			n.Clock.Add(3 * time.Hour)
			if got := n.ask(); got.Failure != "" || got.Generated.Format(time.RFC3339) != at {
				t.Errorf("a list from a clock that is off by %v: %+v", off, got)
			}
		}
	})
}

func TestPreviewSpamList_StoresNothing(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, aListIsLookedAtBeforeItIsRead)
}

func aListIsLookedAtBeforeItIsRead(t *testing.T, w *apptest.Env) {
	n := newPair(t, w)
	good := n.subscribe()
	all, err := n.App.SpamLists.SpamListSources(n.Ctx, n.dana, n.B)
	n.Must(err)
	n.Must(n.App.RemoveSpamListSource(n.Ctx, n.dana, n.B, all[0].ID))
	look := func(key string) spamlist.Offer {
		t.Helper()
		o, err := n.App.PreviewSpamList(n.Ctx, n.dana, n.B, spamlist.Draft{URL: where, Key: key})
		n.Must(err)
		return o
	}
	for _, key := range []string{"", n.key()} {
		if got := look(key); got.Failure != "" || got.Site != "a" || got.Key != n.key() || got.Campaigns != 1 ||
			got.Hosts != 2 || got.Generated.IsZero() || got.LastSeen.IsZero() {
			t.Errorf("with the key %q the list says %+v", key, got)
		}
	}
	if got := look(strings.Repeat("A", 43)); got.Failure != spamlist.RefusedKey || got.Campaigns != 0 {
		t.Errorf("under another key the list says %+v", got)
	}
	// A changed list verifies with no key, including the one that it names.
	for _, change := range []string{`"members":9`, `"members":4,"text":"x"`} {
		n.wire.put(where, []byte(strings.Replace(string(good), `"members":4`, change, 1)))
		if got := look(""); got.Failure != spamlist.RefusedSignature {
			t.Errorf("%s: the list says %+v", change, got)
		}
	}
	n.wire.put(where, []byte(strings.Replace(string(good), n.key(), "no key", 1)))
	if got := look(""); got.Failure == "" {
		t.Errorf("a list without a key says %+v", got)
	}
	if list, err := n.App.SpamLists.SpamListSources(n.Ctx, n.dana, n.B); err != nil || len(list) != 0 {
		t.Errorf("a preview is stored: %+v (%v)", list, err)
	}
	own, err := n.App.OwnSpamList(n.Ctx, n.dana, n.A)
	if n.Must(err); !own.On || own.Campaigns != 1 || own.Hosts != 2 || own.Generated.IsZero() {
		t.Errorf("the own list is %+v", own)
	}
	if own, err := n.App.OwnSpamList(n.Ctx, n.dana, n.B); err != nil || own != (spamlist.Publication{}) {
		t.Errorf("where none is published the own list is %+v (%v)", own, err)
	}
}

func TestSpamListTallies_CountsMatches(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		n.subscribe()
		waits, spam, good := n.submit(oven(90)), n.submit(oven(91)), n.submit(oven(92))
		n.submit("My stone oven is from my grandmother, and it bakes well enough.")
		for _, c := range []comment.Comment{waits, spam, good} {
			if len(signal(c)) != 1 {
				t.Fatalf("the verdict is %+v", c.Verdict)
			}
		}
		n.Decide(n.dana, n.B, comment.MarkSpam, spam.ID)
		n.Decide(n.dana, n.B, comment.Approve, good.ID)
		met, err := n.App.SpamListTallies(n.Ctx, n.dana, n.B)
		n.Must(err)
		if want := (spamlist.Tally{Waiting: 1, Decided: 2, Approved: 1}); met["talk.example"] != want || len(met) != 1 {
			t.Errorf("the list met %+v, want %+v", met, want)
		}
	})
}

// The list is read once in total, however many processes there are.
func TestReadDue_ReadsListOncePerHour(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		n.subscribe()
		n.ask()
		n.wire.mu.Lock()
		before := n.wire.asked
		n.wire.mu.Unlock()
		other := n.app() // a process that shares only the database
		for range 5 {
			n.Clock.Add(time.Minute)
			n.ask()
			n.Must(other.SpamLists.Ask(n.Ctx))
		}
		n.wire.mu.Lock()
		defer n.wire.mu.Unlock()
		if n.wire.asked > before+1 { // Run may have been about to read it, too
			t.Errorf("within five minutes it was asked for %d times more", n.wire.asked-before)
		}
	})
}

// Each process uses a list that one of them read, until its source is removed.
func TestMatch_ProcessesShareReadLists(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		first, other := n.App, n.app()
		w.Run(other)
		var err error // such a site compares a comment before publishing it
		n.B, err = n.App.SetSite(n.Ctx, n.dana, "b", map[string]string{"moderation": "none"})
		n.Must(err)
		n.subscribe()
		n.App = other
		testkit.Until(t, "a copy that is posted there is suspected", func() bool {
			c := n.Submit(n.B, oven(n.Commenters))
			return len(signal(c)) == 1 && c.Verdict.Score >= 0.9
		})
		all, err := n.App.SpamLists.SpamListSources(n.Ctx, n.dana, n.B)
		n.Must(err)
		n.Must(n.App.RemoveSpamListSource(n.Ctx, n.dana, n.B, all[0].ID))
		n.App = first
		testkit.Until(t, "a copy that is posted here no longer is", func() bool {
			return len(signal(n.Submit(n.B, oven(n.Commenters)))) == 0
		})
	})
}

func TestAddSpamListSource_ConcurrentAddsMakeOne(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		in := spamlist.Draft{URL: where, Key: n.key(), Weight: 1}
		ids := make([]string, 16)
		var all sync.WaitGroup
		for i := range ids {
			all.Go(func() {
				var err error
				if ids[i], _, err = n.App.AddSpamListSource(n.Ctx, n.dana, n.B, in, nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if one := slices.Compact(slices.Clone(ids)); len(one) != 1 {
			t.Errorf("of %d times that a neighbour was added it is %q", len(ids), one)
		}
	})
}

func TestMatch_TotalWeightIsLimited(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		good := n.subscribe()
		const second = "https://other.example/list.json"
		n.wire.put(second, good)
		_, _, err := n.App.AddSpamListSource(n.Ctx, n.dana, n.B, spamlist.Draft{URL: second, Key: n.key(), Weight: 2}, nil)
		n.Must(err)
		n.ask()
		sum := 0.0
		c := n.submit(oven(95))
		for _, s := range signal(c) {
			sum += s.Weight
		}
		if len(signal(c)) != 2 || sum != 3 {
			t.Errorf("two neighbours weigh %v: %+v", sum, c.Verdict)
		}
	})
}

// copyists mutate a text as spammers do between copies.
var copyists = []func(r *rand.Rand, text string) string{
	func(r *rand.Rand, text string) string { return strings.ToUpper(text) },
	func(r *rand.Rand, text string) string { return "Hello everybody! " + text },
	func(r *rand.Rand, text string) string {
		return strings.NewReplacer("o", "0", "о", "0", "e", "3").Replace(text)
	},
	func(r *rand.Rand, text string) string { return strings.ReplaceAll(text, " ", "  ") + " !!!" },
	func(r *rand.Rand, text string) string { // one word less
		words := strings.Fields(text)
		i := r.IntN(len(words) - 1)
		return strings.Join(append(words[:i:i], words[i+1:]...), " ")
	},
	func(r *rand.Rand, text string) string { // one word more
		words := strings.Fields(text)
		i := r.IntN(len(words))
		return strings.Join(words[:i], " ") + " really " + strings.Join(words[i:], " ")
	},
	func(r *rand.Rand, text string) string { return strings.ReplaceAll(text, "a", "а") }, // the second is Cyrillic
	func(r *rand.Rand, text string) string { return strings.ReplaceAll(text, "i", "i\u200b") },
	func(r *rand.Rand, text string) string { // halves swapped
		words := strings.Fields(text)
		i := len(words) / 2
		return strings.Join(append(words[i:len(words):len(words)], words[:i]...), " ")
	},
	func(r *rand.Rand, text string) string {
		return fmt.Sprint(text, " https://shop", r.IntN(1e6), ".example/")
	},
}

// nineInTen is the share of mutated copies that a site without decisions must suspect when they arrive.
const nineInTen = 0.9

func TestMatch_ColdSiteSuspectsMutatedCopies(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, aColdSiteSuspectsMutatedCopiesAtFirstSight)
}

func aColdSiteSuspectsMutatedCopiesAtFirstSight(t *testing.T, w *apptest.Env) {
	n := newPair(t, w)
	texts := []func(int) string{oven, loan, betting, func(i int) string {
		return fmt.Sprintf("Үйде отырып ақша табыңыз, ешқандай салымсыз, күн сайын %d мың теңгеге дейін төлейміз", 20+i%40)
	}}
	for _, text := range texts {
		ids := n.crowd(n.A, text, 4)
		n.Decide(n.dana, n.A, comment.MarkSpam, ids...)
		n.settled(n.A, ids[0], 4, 0)
	}
	n.list()
	l, err := n.App.PublishedSpamList(n.Ctx, n.A)
	n.Must(err)
	n.wire.put(where, l.Body)
	_, _, err = n.App.AddSpamListSource(n.Ctx, authz.Operator, n.B, spamlist.Draft{URL: where, Key: n.key(), Weight: 1}, nil)
	n.Must(err)
	if got := n.ask(); got.Campaigns != len(texts) || !signing.Verify(parsed(t, l.Body), got.Key) {
		t.Fatalf("the list was not taken: %+v", got)
	}
	r := rand.New(rand.NewPCG(7, 11))
	copies := make([]string, 0, 40*len(copyists))
	for i := range 40 {
		for _, mutate := range copyists {
			copies = append(copies, n.Submit(n.B, mutate(r, texts[i%len(texts)](100+i))).ID)
		}
	}
	apptest.WaitFollower(n.Env, "campaigns")
	suspected, all := 0, len(copies)
	missed := map[int]int{}
	for i, id := range copies {
		if c := n.Comment(n.B, id); c.Verdict.Score >= 0.9 && len(signal(c)) == 1 {
			suspected++
		} else {
			missed[i%len(copyists)]++
		}
	}
	t.Logf("suspected are %d of %d; missed by kind: %v", suspected, all, missed)
	if share := float64(suspected) / float64(all); share < nineInTen {
		t.Errorf("of %d mutated copies %.3f are suspected at first sight", all, share)
	}
}
