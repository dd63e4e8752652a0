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
// is written, the other by chance, who teaches the most that can be taught. A server stands still while another has its
// round: what it has left to do would else be that one's.
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
			if round == 0 { // the server without decisions waits for a quarter of its first round
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
		return row{"M1", "90 % reads of 200 pages, 9 % posts, 1 % decisions of 9, 32 clients" + what,
			"the same without decisions: " + floor.said(), "≥ 0.8", "≥ 0.9",
			fmt.Sprintf("%.2f (%s)", ratios[mixedRounds/2], l.said())}
	}
	return []row{beside(servers[1], ""), beside(servers[2], "; decided by chance")}, nil
}

// A mixedServer is one server under mixed requests.
type mixedServer struct {
	decides, byChance bool

	server  *testkit.Instance
	client  *testkit.Client
	words   vocabulary
	posted  atomic.Int64
	batches atomic.Int64
	waiting [2]chan testkit.Ref // what is ham to its moderator, and what is spam
	took    []time.Duration     // by round
	spent   time.Duration       // of the processors, for all rounds
}

// start starts the server, whose pages have comments then.
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
		l.waiting[i] = make(chan testkit.Ref, mixedPages*mixedEach+mixedRounds*mixedAsked)
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

// text is the n-th comment. One of five is spam: each third word is one of two hundred that no other comment has.
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
		l.of(spam) <- testkit.Ref{ID: posted.ID, Version: posted.Version}
	}
	return err
}

// of is where comments wait for the moderator. By chance there is no spam before it is said.
func (l *mixedServer) of(spam bool) chan testkit.Ref {
	if spam && !l.byChance {
		return l.waiting[1]
	}
	return l.waiting[0]
}

func mixedPage(n int) string { return fmt.Sprintf("%s-%d", pageOf, n%mixedPages) }

// decide decides on what has waited longest, up to most comments: in one batch of five on spam.
func (l *mixedServer) decide(most int) error {
	action := "approve"
	spam := l.batches.Add(1)%5 == 0
	if spam {
		action = "spam"
	}
	var refs []testkit.Ref
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

// stop has the server stand still, which may then close connections that nobody has used for long.
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
	_, err := load.Closed(context.Background(), mixedClients, mixedAsked, func(i int) error {
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

// said is how many requests a second that were, and what each took of the processors.
func (l *mixedServer) said() string {
	all := time.Duration(0)
	for _, took := range l.took {
		all += took
	}
	const requests = mixedAsked * mixedRounds
	return fmt.Sprintf("%.0f/s, %d µs of CPU", requests/all.Seconds(), (l.spent / requests).Microseconds())
}
