package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

// Four servers get posts at half of the highest rate, in turns of joinTurn and in a random order. Turns cancel out that
// the speed of a server varies by 10 % from minute to minute. A turn begins when all copies have joined. Two of the
// servers join no campaigns; the difference between those two is the noise.
const (
	joinClients = 32
	joinTurns   = 24
	joinTurn    = 5 * time.Second
	joinFlood   = 20 * time.Second
	joinCopies  = 20 // number of campaigns; every other post is a copy of one
)

// joining measures how joining comments to campaigns affects the latency of posts, and how far it lags behind at the
// highest rate.
func joining() error {
	return withBinary(func(binary, dir string) error {
		without := filepath.Join(dir, "without")
		if err := buildWithoutJoining(without, dir); err != nil {
			return err
		}
		return measure("joining", "`cd bench && go run . joining`, two cores", []func() ([]row, error){
			func() ([]row, error) { return campaignDelay(binary, dir) },
			func() ([]row, error) { return joiningCosts(binary, without, dir) },
		})
	})
}

// buildWithoutJoining builds the service without the follower that joins comments to campaigns.
func buildWithoutJoining(out, dir string) error {
	const file, follows = "moderation/campaign/service.go", "s.work.Follow(ctx, follower, s.follow)"
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(source), follows) {
		return fmt.Errorf("%s does not contain %s", file, follows)
	}
	other, overlay := filepath.Join(dir, "service.go"), filepath.Join(dir, "overlay.json")
	path, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{path: other}})
	if err != nil {
		return err
	}
	err = errors.Join(os.WriteFile(overlay, list, 0o600),
		os.WriteFile(other, []byte(strings.Replace(string(source), follows, "<-ctx.Done()", 1)), 0o600))
	if err != nil {
		return err
	}
	return build(out, "cmd/aitys", "-overlay", overlay)
}

// A poster posts comments to a server of its own.
type poster struct {
	server *testkit.Instance
	client *testkit.Client
	words  vocabulary
	copies bool // every other post is a copy
	posted int
}

func newPoster(binary, dir string, more ...string) (*poster, error) {
	token, serve, err := addSite(binary, dir)
	if err != nil {
		return nil, err
	}
	s, err := testkit.Start(binary, append(serve, more...)...)
	if err != nil {
		return nil, err
	}
	return &poster{server: s, words: newVocabulary(),
		client: &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: pool(joinClients)}}, nil
}

func (p *poster) post(n int) error {
	text := p.words.text(n)
	if p.copies && n%2 == 0 {
		text = fmt.Sprintf("Whoever writes to offer %d of the %s gets a stone oven with free delivery to every town of the "+
			"country, this month only, number %d", n/2%joinCopies, strings.Repeat("harbour ", 1+n/2%joinCopies), n)
	}
	reader := *p.client
	reader.Token = ""
	page, name := fmt.Sprintf("%s-%d", pageOf, n%50), fmt.Sprintf("Writer %d", n%500)
	for {
		_, err := reader.Post(context.Background(), "", page, name, "", text)
		if busy, ok := errors.AsType[*testkit.StatusError](err); !ok || !busy.Retryable() {
			return err
		}
		time.Sleep(5 * time.Millisecond) // retry; the wait counts as latency of the post
	}
}

// flood posts as fast as the server answers for at least d, and returns posts per second.
func (p *poster) flood(d time.Duration) (float64, error) {
	began, first := time.Now(), p.posted
	for time.Since(began) < d {
		_, err := load.Closed(context.Background(), joinClients, 20*joinClients,
			func(i int) error { return p.post(p.posted + i) })
		if err != nil {
			return 0, err
		}
		p.posted += 20 * joinClients
	}
	return float64(p.posted-first) / time.Since(began).Seconds(), nil
}

// steady posts at a constant rate per second for d.
func (p *poster) steady(rate float64, d time.Duration) (load.Latencies, error) {
	first, n := p.posted, int(rate*d.Seconds())
	p.posted += n
	return load.Open(context.Background(), 2*joinClients, n, rate, func(i int) error { return p.post(first + i) })
}

// A timedPoster is a poster with the latencies of its posts and the CPU time of its server.
type timedPoster struct {
	*poster
	took  load.Latencies
	spent time.Duration // CPU time of the server for all posts
}

// takeTurns posts at a rate to all servers, in a new random order each turn. rest waits until the server has finished
// the background work of the posts.
func takeTurns(
	all []*timedPoster, turns int, rate float64, d time.Duration, rest func(*timedPoster) error,
) error {
	random := rand.New(rand.NewPCG(1, 2))
	for range turns {
		for _, i := range random.Perm(len(all)) {
			p := all[i]
			before := used(p.server.PID())
			took, err := p.steady(rate, d)
			if err := errors.Join(err, rest(p)); err != nil {
				return err
			}
			p.took = append(p.took, took...)
			p.spent += used(p.server.PID()) - before
		}
	}
	for _, p := range all {
		slices.Sort(p.took)
	}
	return nil
}

func joiningCosts(binary, without, dir string) ([]row, error) {
	var all []*timedPoster
	for i, b := range []string{without, binary, without, binary} {
		p, err := newPoster(b, filepath.Join(dir, fmt.Sprint("data", i)))
		if err != nil {
			return nil, err
		}
		defer p.server.Kill()
		p.copies = true
		all = append(all, &timedPoster{poster: p})
	}
	plain, with := []*timedPoster{all[0], all[2]}, []*timedPoster{all[1], all[3]}
	var rates []float64
	for _, p := range all { // use the lowest rate: no server may get more than half of its own rate
		rate, err := p.flood(joinFlood)
		if err != nil {
			return nil, err
		}
		rates = append(rates, rate)
	}
	rate := slices.Min(rates)
	for _, p := range with {
		if _, err := p.waitJoined(); err != nil {
			return nil, err
		}
	}
	late := time.Duration(0)
	err := takeTurns(all, joinTurns, rate/2, joinTurn, func(p *timedPoster) error {
		if slices.Contains(with, p) {
			took, err := p.waitJoined()
			if late = max(late, took); err != nil {
				return err
			}
		}
		time.Sleep(time.Second) // other background work of the posts
		return nil
	})
	if err != nil {
		return nil, err
	}
	asked, err := with[0].waitJoined()
	if err != nil {
		return nil, err
	}
	top, err := with[0].flood(joinFlood)
	if err != nil {
		return nil, err
	}
	caught, err := with[0].waitJoined()
	if err != nil {
		return nil, err
	}
	both := func(pair []*timedPoster) *timedPoster {
		return &timedPoster{took: slices.Sorted(slices.Values(slices.Concat(pair[0].took, pair[1].took)))}
	}
	said := func(p, floor *timedPoster) string {
		of := func(q float64) float64 { return float64(p.took.At(q)) / float64(floor.took.At(q)) }
		return fmt.Sprintf("%.2f× / %.2f× (%v / %v)", of(0.5), of(0.99), p.took.At(0.5).Round(10*time.Microsecond),
			p.took.At(0.99).Round(10*time.Microsecond))
	}
	return []row{
		{fmt.Sprintf("post latency p50 / p99 at half of the highest rate (%.0f/s), turns of %v, every other post a copy",
			rate/2, joinTurn),
			"two servers without joining, compared: " + said(plain[1], plain[0]), "≤ 1.05× / 1.05×",
			said(both(with), both(plain)) + ", two servers with joining, compared: " + said(with[1], with[0])},
		{"lag of joining after the last post of a turn, worst", "", "",
			fmt.Sprintf("%.1f s, of which the request takes %.1f s", late.Seconds(), asked.Seconds())},
		{fmt.Sprintf("lag of joining after %v at the highest rate", joinFlood), "", "≤ 60 s",
			fmt.Sprintf("%.1f s (%.0f posts/s)", caught.Seconds(), top)},
	}, nil
}

// campaignDelay measures the time from the answer to the last of 25 copies by 12 commenters on 4 pages until all are in one
// campaign. The copies are posted at once, or one per 100 ms.
func campaignDelay(binary, dir string) ([]row, error) {
	const copies, writers, pages, rounds = 25, 12, 4, 20
	p, err := newPoster(binary, filepath.Join(dir, "card"))
	if err != nil {
		return nil, err
	}
	defer p.server.Kill()
	if _, err := p.flood(time.Second); err != nil { // the site has other comments too
		return nil, err
	}
	reader := *p.client
	reader.Token = ""
	round := func(n, clients int, pause time.Duration) (time.Duration, error) {
		text := p.words.text(1_000_000 + n)
		_, err := load.Closed(context.Background(), clients, copies, func(i int) error {
			time.Sleep(pause)
			_, err := reader.Post(context.Background(), "", fmt.Sprintf("%s-%d", pageOf, i%pages),
				fmt.Sprintf("Writer %d", i%writers), "", fmt.Sprintf("%s %d", text, i))
			return err
		})
		if err != nil {
			return 0, err
		}
		for began := time.Now(); ; time.Sleep(10 * time.Millisecond) {
			var page struct{ Campaigns []struct{ Size int } }
			err := p.client.Do(context.Background(), http.MethodGet, "/moderation/campaigns?limit=100", nil, nil, &page)
			whole := 0
			for _, k := range page.Campaigns {
				if k.Size == copies {
					whole++
				}
			}
			took := time.Since(began)
			if err != nil || whole > n {
				return took, err
			}
			if took > time.Minute {
				return 0, fmt.Errorf("after %v %d of %d copies are one campaign", took, page.Campaigns[0].Size, copies)
			}
		}
	}
	var said []string
	for i, how := range []struct {
		name    string
		clients int
		pause   time.Duration
	}{{"at once", writers, 0}, {"one after the other", 1, 100 * time.Millisecond}} {
		var took []time.Duration
		for n := range rounds {
			one, err := round(rounds*i+n, how.clients, how.pause)
			if err != nil {
				return nil, err
			}
			took = append(took, one)
		}
		slices.Sort(took)
		said = append(said, fmt.Sprintf("%s %.2f s (%.2f s)", how.name, took[rounds-1].Seconds(), took[rounds/2].Seconds()))
	}
	return []row{{fmt.Sprintf("time until %d copies by %d writers on %d pages are one campaign, worst of %d (median)",
		copies, writers, pages, rounds), "", "≤ 2 s", strings.Join(said, ", ")}}, nil
}

// waitJoined waits until every posted copy has joined a campaign, and returns how long that took.
func (p *poster) waitJoined() (time.Duration, error) {
	began, want := time.Now(), (p.posted+1)/2
	for {
		joined := 0
		for after := ""; ; {
			var page struct {
				Campaigns []struct{ Size int }
				Next      *string
			}
			path := "/moderation/campaigns?limit=100&after=" + after
			err := p.client.Do(context.Background(), http.MethodGet, path, nil, nil, &page)
			if err != nil {
				return 0, err
			}
			for _, k := range page.Campaigns {
				joined += k.Size
			}
			if page.Next == nil {
				break
			}
			after = *page.Next
		}
		took := time.Since(began)
		if joined >= want {
			return took, nil
		}
		if took > 5*time.Minute {
			return 0, fmt.Errorf("after %v %d of %d copies have joined", took, joined, want)
		}
		time.Sleep(100 * time.Millisecond)
	}
}
