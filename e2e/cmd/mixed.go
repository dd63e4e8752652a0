package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
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
// pages, nine of a hundred post, and one decides on nine comments, or reads like the others.
func mixed(binary, dir string) ([]row, error) {
	var servers [2]*load // without decisions and with
	for i, name := range []string{"without", "with"} {
		l, err := newLoad(binary, filepath.Join(dir, name), i == 1)
		if err != nil {
			return nil, err
		}
		defer l.server.Kill()
		servers[i] = l
	}
	var ratios []float64
	var per, cpu [2]time.Duration
	for range mixedRounds {
		var took [2]time.Duration
		for i, l := range servers {
			began := used(l.server.PID())
			d, err := l.run()
			if err != nil {
				return nil, err
			}
			took[i], per[i], cpu[i] = d, per[i]+d, cpu[i]+used(l.server.PID())-began
		}
		ratios = append(ratios, float64(took[0])/float64(took[1]))
	}
	slices.Sort(ratios)
	each := func(i int) string {
		const requests = mixedAsked * mixedRounds
		return fmt.Sprintf("%.0f/s, %d µs of CPU", requests/per[i].Seconds(), (cpu[i] / requests).Microseconds())
	}
	return []row{{"M1", "90 % reads of 200 pages, 9 % posts, 1 % decisions of 9, 32 clients",
		"the same without decisions: " + each(0), "≥ 0.8", "≥ 0.9",
		fmt.Sprintf("%.2f (%s)", ratios[mixedRounds/2], each(1))}}, nil
}

// A load is one server under mixed requests.
type load struct {
	server  *kit.Instance
	client  *kit.Client
	decides bool
	words   vocabulary
	posted  atomic.Int64
	batches atomic.Int64
	waiting chan kit.Ref
}

// newLoad starts a server whose pages have comments.
func newLoad(binary, dir string, decides bool) (*load, error) {
	token, serve, err := site(binary, dir)
	if err != nil {
		return nil, err
	}
	server, err := kit.Start(binary, serve...)
	if err != nil {
		return nil, err
	}
	l := &load{
		server: server, decides: decides, words: newVocabulary(),
		waiting: make(chan kit.Ref, mixedPages*mixedEach+mixedRounds*mixedAsked),
		client:  &kit.Client{URL: server.URL, Site: "bench", Token: token, HTTP: pool(mixedClients)},
	}
	if err := atOnce(mixedClients, mixedPages*mixedEach, func(int) error { return l.post() }); err != nil {
		server.Kill()
		return nil, err
	}
	for len(l.waiting) > 0 {
		if err := l.decide(100); err != nil {
			server.Kill()
			return nil, err
		}
	}
	return l, nil
}

func (l *load) post() error {
	n := l.posted.Add(1)
	reader := *l.client
	reader.Token = ""
	posted, err := reader.Post(context.Background(), "", mixedPage(int(n)), fmt.Sprintf("Writer %d", n%500), "",
		l.words.text(int(n)))
	if err == nil && !posted.Duplicate {
		l.waiting <- kit.Ref{ID: posted.ID, Version: posted.Version}
	}
	return err
}

func mixedPage(n int) string { return fmt.Sprintf("%s-%d", pageOf, n%mixedPages) }

// decide decides on what has waited longest, up to most comments: one batch of five is spam.
func (l *load) decide(most int) error {
	var refs []kit.Ref
	for waits := true; waits && len(refs) < most; {
		select {
		case r := <-l.waiting:
			refs = append(refs, r)
		default:
			waits = false
		}
	}
	if len(refs) == 0 {
		return nil
	}
	action := "approve"
	if l.batches.Add(1)%5 == 0 {
		action = "spam"
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
