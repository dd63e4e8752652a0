package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// The workload of mixed.
const (
	mixedClients  = 32
	mixedPages    = 200
	mixedEach     = 25     // comments per page at the start
	mixedBatch    = 9      // comments per decision
	mixedRequests = 30_000 // requests per round
	mixedRounds   = 3
)

// mixed measures how decisions slow down reads and posts: 90 % of the requests read one of 200 pages, 9 % post, and 1 %
// decide nine comments (or read, on the server without decisions). One moderator decides by the text, the other at
// random, which changes the model most. A server is stopped with SIGSTOP while another has its round, so that its
// background work does not take that one's CPU.
func mixed(binary, dir string) ([]row, error) {
	servers := []*mixedServer{{}, {decides: true}, {decides: true, byChance: true}}
	for i, l := range servers {
		if err := l.start(binary, filepath.Join(dir, strconv.Itoa(i))); err != nil {
			return nil, err
		}
		defer l.server.Kill()
		if err := l.stop(); err != nil {
			return nil, err
		}
	}
	for round := range mixedRounds + 1 {
		for _, l := range servers {
			if err := l.run(); err != nil {
				return nil, err
			}
			if round == 0 { // discard the warm-up: the server without decisions idles for a quarter of its first round
				l.took, l.spent = nil, 0
			}
		}
	}
	floor := servers[0]
	beside := func(l *mixedServer, what string) row {
		var ratios []float64
		for i, took := range l.took {
			ratios = append(ratios, float64(floor.took[i])/float64(took))
		}
		slices.Sort(ratios)
		return row{"90 % reads of 200 pages, 9 % posts, 1 % decisions of 9 comments, 32 clients" + what,
			"the same without decisions: " + floor.rate(), "≥ 0.8", fmt.Sprintf("%.2f (%s)", ratios[mixedRounds/2], l.rate())}
	}
	return []row{beside(servers[1], ""), beside(servers[2], "; random decisions")}, nil
}

// A mixedServer is one server under mixed requests.
type mixedServer struct {
	decides, byChance bool

	server  *testkit.Instance
	client  *testkit.Client
	words   vocabulary
	posted  atomic.Int64
	batches atomic.Int64
	waiting [2]chan testkit.CommentRef // pending comments: those that its moderator takes for ham, and for spam
	took    []time.Duration            // by round
	spent   time.Duration              // CPU time of all rounds
}

// start starts the server and fills its pages with comments.
func (l *mixedServer) start(binary, dir string) error {
	token, serve, err := addSite(binary, dir)
	if err != nil {
		return err
	}
	if l.server, err = testkit.Start(binary, serve...); err != nil {
		return err
	}
	l.words = newVocabulary()
	for i := range l.waiting {
		l.waiting[i] = make(chan testkit.CommentRef, mixedPages*mixedEach+mixedRounds*mixedRequests)
	}
	l.client = &testkit.Client{URL: l.server.URL, Site: "bench", Token: token, HTTP: pool(mixedClients)}
	_, err = load.Closed(context.Background(), mixedClients, mixedPages*mixedEach, func(int) error { return l.post() })
	for err == nil && len(l.waiting[0])+len(l.waiting[1]) > 0 {
		err = l.decide(100)
	}
	if err != nil {
		l.server.Kill()
	}
	return err
}

// text returns the text of comment n. Every fifth is spam: each third word is one of 200 words that only spam has.
func (l *mixedServer) text(n int) (text string, spam bool) {
	words := strings.Fields(l.words.text(n))
	if spam = n%5 == 0; spam {
		random := rand.New(rand.NewPCG(uint64(n), 3))
		for i := 0; i < len(words); i += 3 {
			words[i] = fmt.Sprintf("offer%d", random.IntN(200))
		}
	}
	return strings.Join(words, " "), spam
}

func (l *mixedServer) post() error {
	n := int(l.posted.Add(1))
	reader := *l.client
	reader.Token = ""
	text, spam := l.text(n)
	posted, err := reader.Post(context.Background(), "", mixedPage(n), fmt.Sprintf("Writer %d", n%500), "", text)
	if err == nil && !posted.Duplicate {
		l.queueFor(spam) <- testkit.CommentRef{ID: posted.ID, Version: posted.Version}
	}
	return err
}

// queueFor returns the queue of a comment. A moderator who decides at random has one queue.
func (l *mixedServer) queueFor(spam bool) chan testkit.CommentRef {
	if spam && !l.byChance {
		return l.waiting[1]
	}
	return l.waiting[0]
}

func mixedPage(n int) string { return fmt.Sprintf("%s-%d", pageOf, n%mixedPages) }

// decide decides the oldest pending comments, up to most. Every fifth batch is of spam.
func (l *mixedServer) decide(most int) error {
	action := "approve"
	spam := l.batches.Add(1)%5 == 0
	if spam {
		action = "spam"
	}
	var refs []testkit.CommentRef
	for waits := true; waits && len(refs) < most; {
		select {
		case r := <-l.queueFor(spam):
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

// stop pauses the server. It closes idle connections first, which the server might close as unused when it continues.
func (l *mixedServer) stop() error {
	l.client.HTTP.CloseIdleConnections()
	return syscall.Kill(l.server.PID(), syscall.SIGSTOP)
}

// run sends the requests of a round.
func (l *mixedServer) run() error {
	began, before := time.Now(), used(l.server.PID())
	if err := syscall.Kill(l.server.PID(), syscall.SIGCONT); err != nil {
		return err
	}
	_, err := load.Closed(context.Background(), mixedClients, mixedRequests, func(i int) error {
		random := rand.New(rand.NewPCG(uint64(i), 2)) // the same in each round
		switch n := random.IntN(100); {
		case n == 0 && l.decides:
			return l.decide(mixedBatch)
		case n < 10 && n > 0:
			return l.post()
		}
		return get(l.client.HTTP, l.client.URL+thread(random.IntN(mixedPages)))
	})
	l.took = append(l.took, time.Since(began))
	l.spent += used(l.server.PID()) - before
	return errors.Join(err, l.stop())
}

// rate returns the requests per second and the CPU time per request, as text.
func (l *mixedServer) rate() string {
	all := time.Duration(0)
	for _, took := range l.took {
		all += took
	}
	const requests = mixedRequests * mixedRounds
	return fmt.Sprintf("%.0f/s, %d µs of CPU", requests/all.Seconds(), (l.spent / requests).Microseconds())
}
