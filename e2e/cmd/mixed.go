package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

// M1: people read, write and moderate at once.
const (
	mixedClients = 32
	mixedPages   = 200
	mixedEach    = 25 // comments of a page before it begins
	mixedBatch   = 9  // comments of a decision
	mixedAsked   = 30_000
	mixedRounds  = 3
)

// mixed measures what moderators' decisions cost readers and writers: nine requests of ten read one of 200
// pages, nine of a hundred post, and one decides on nine comments, or reads like the others. One moderator goes by what
// is written, the other by chance, who teaches the most that can be taught.
func mixed(binary, dir string) ([]row, error) {
	servers := []*load{{}, {decides: true}, {decides: true, byChance: true}}
	for i, l := range servers {
		if err := l.start(binary, filepath.Join(dir, strconv.Itoa(i))); err != nil {
			return nil, err
		}
		defer l.server.Kill()
	}
	ratios := make([][]float64, len(servers))
	per, cpu := make([]time.Duration, len(servers)), make([]time.Duration, len(servers))
	for range mixedRounds {
		var floor time.Duration
		for i, l := range servers {
			began := used(l.server.PID())
			d, err := l.run()
			if err != nil {
				return nil, err
			}
			if i == 0 {
				floor = d
			}
			ratios[i] = append(ratios[i], float64(floor)/float64(d))
			per[i], cpu[i] = per[i]+d, cpu[i]+used(l.server.PID())-began
		}
	}
	each := func(i int) string {
		const requests = mixedAsked * mixedRounds
		return fmt.Sprintf("%.0f/s, %d µs of CPU", requests/per[i].Seconds(), (cpu[i] / requests).Microseconds())
	}
	var rows []row
	for i, what := range []string{"", "", "; decided by chance"} {
		if slices.Sort(ratios[i]); i > 0 {
			rows = append(rows, row{"M1", "90 % reads of 200 pages, 9 % posts, 1 % decisions of 9, 32 clients" + what,
				"the same without decisions: " + each(0), "≥ 0.8", "≥ 0.9",
				fmt.Sprintf("%.2f (%s)", ratios[i][mixedRounds/2], each(i))})
		}
	}
	return rows, nil
}

// A load is one server under mixed requests.
type load struct {
	decides, byChance bool

	server  *kit.Instance
	client  *kit.Client
	words   vocabulary
	posted  atomic.Int64
	batches atomic.Int64
	waiting [2]chan kit.Ref // what is ham to its moderator, and what is spam
}

// start starts the server, whose pages have comments then.
func (l *load) start(binary, dir string) error {
	token, serve, err := site(binary, dir)
	if err != nil {
		return err
	}
	if l.server, err = kit.Start(binary, serve...); err != nil {
		return err
	}
	l.words = newVocabulary()
	for i := range l.waiting {
		l.waiting[i] = make(chan kit.Ref, mixedPages*mixedEach+mixedRounds*mixedAsked)
	}
	l.client = &kit.Client{URL: l.server.URL, Site: "bench", Token: token, HTTP: pool(mixedClients)}
	err = atOnce(mixedClients, mixedPages*mixedEach, func(int) error { return l.post() })
	for err == nil && len(l.waiting[0])+len(l.waiting[1]) > 0 {
		err = l.decide(100)
	}
	if err != nil {
		l.server.Kill()
	}
	return err
}

// text is the n-th comment. One of five is spam: each third word is one of two hundred that no other comment has.
func (l *load) text(n int) (text string, spam bool) {
	words := strings.Fields(l.words.text(n))
	if spam = n%5 == 0; spam {
		random := rand.New(rand.NewPCG(uint64(n), 3))
		for i := 0; i < len(words); i += 3 {
			words[i] = fmt.Sprintf("offer%d", random.IntN(200))
		}
	}
	return strings.Join(words, " "), spam
}

func (l *load) post() error {
	n := int(l.posted.Add(1))
	reader := *l.client
	reader.Token = ""
	text, spam := l.text(n)
	posted, err := reader.Post(context.Background(), "", mixedPage(n), fmt.Sprintf("Writer %d", n%500), "", text)
	if err == nil && !posted.Duplicate {
		l.of(spam) <- kit.Ref{ID: posted.ID, Version: posted.Version}
	}
	return err
}

// of is where comments wait for the moderator. By chance there is no spam before it is said.
func (l *load) of(spam bool) chan kit.Ref {
	if spam && !l.byChance {
		return l.waiting[1]
	}
	return l.waiting[0]
}

func mixedPage(n int) string { return fmt.Sprintf("%s-%d", pageOf, n%mixedPages) }

// decide decides on what has waited longest, up to most comments: in one batch of five on spam.
func (l *load) decide(most int) error {
	action := "approve"
	spam := l.batches.Add(1)%5 == 0
	if spam {
		action = "spam"
	}
	var refs []kit.Ref
	for waits := true; waits && len(refs) < most; {
		select {
		case r := <-l.of(spam):
			refs = append(refs, r)
		default:
			waits = false
		}
	}
	if len(refs) == 0 {
		return nil
	}
	_, err := l.client.Decide(context.Background(), action, "", refs...)
	return err
}

// run sends the requests and says how long they took.
func (l *load) run() (time.Duration, error) {
	began := time.Now()
	err := atOnce(mixedClients, mixedAsked, func(i int) error {
		random := rand.New(rand.NewPCG(uint64(i), 2)) // the same in each round
		switch n := random.IntN(100); {
		case n == 0 && l.decides:
			return l.decide(mixedBatch)
		case n < 10 && n > 0:
			return l.post()
		}
		return get(l.client.HTTP, l.client.URL+thread(random.IntN(mixedPages)))
	})
	return time.Since(began), err
}
