package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/e2e/kit"
)

// How K1 and K2 are read: posts at half of the highest rate by servers that join campaigns and that do not, a turn
// at a time; of the turns' ratios the middle one counts.
const (
	joinClients = 32
	joinTurns   = 5
	joinTurn    = 10 * time.Second
	joinCopies  = 20 // campaigns that every other post is a copy of
)

// joining measures what campaigns cost those who post, and how far joining falls behind at the highest rate.
func joining() error {
	return withBinary(func(binary, dir string) error {
		without := filepath.Join(dir, "without")
		if err := buildWithoutJoining(without, dir); err != nil {
			return err
		}
		return measure("joining", "`go run ./e2e/cmd joining`, two cores", []func() ([]row, error){
			func() ([]row, error) { return joins(binary, without, dir) },
		})
	})
}

// buildWithoutJoining builds the service with nobody who joins comments to campaigns.
func buildWithoutJoining(out, dir string) error {
	const file, follows = "moderation/campaign/service.go", "s.work.Follow(ctx, follower, s.follow)"
	source, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(source), follows) {
		return fmt.Errorf("%s does not say %s", file, follows)
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
	cmd := exec.Command("go", "build", "-overlay", overlay, "-ldflags", "-s -w", "-o", out, "./cmd/aitys")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build without joining: %w: %s", err, msg)
	}
	return nil
}

// A poster is a server that comments are posted to.
type poster struct {
	server *kit.Instance
	client *kit.Client
	words  vocabulary
	posted int
}

func newPoster(binary, dir string, more ...string) (*poster, error) {
	token, serve, err := site(binary, dir)
	if err != nil {
		return nil, err
	}
	s, err := kit.Start(binary, append(serve, more...)...)
	if err != nil {
		return nil, err
	}
	return &poster{server: s, words: newVocabulary(),
		client: &kit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: pool(joinClients)}}, nil
}

func (p *poster) post(n int) error {
	text := p.words.text(n)
	if n%2 == 0 {
		text = fmt.Sprintf("Whoever writes to offer %d of the %s gets a stone oven with free delivery to every town of the "+
			"country, this month only, number %d", n/2%joinCopies, strings.Repeat("harbour ", 1+n/2%joinCopies), n)
	}
	reader := *p.client
	reader.Token = ""
	page, name := fmt.Sprintf("%s-%d", pageOf, n%50), fmt.Sprintf("Writer %d", n%500)
	for {
		_, err := reader.Post(context.Background(), "", page, name, "", text)
		if busy, ok := errors.AsType[*kit.StatusError](err); !ok || !busy.Later() {
			return err
		}
		time.Sleep(5 * time.Millisecond) // it was told to come again: that is part of what a post takes
	}
}

// flood posts as fast as the server answers, and returns how many posts a second that was.
func (p *poster) flood(d time.Duration) (float64, error) {
	began, first := time.Now(), p.posted
	for time.Since(began) < d {
		err := atOnce(joinClients, 20*joinClients, func(i int) error { return p.post(p.posted + i) })
		if err != nil {
			return 0, err
		}
		p.posted += 20 * joinClients
	}
	return float64(p.posted-first) / time.Since(began).Seconds(), nil
}

// steady posts so many a second, each when it is its turn, and returns how long each took from then on.
func (p *poster) steady(rate float64, d time.Duration) ([]time.Duration, error) {
	n := int(rate * d.Seconds())
	took := make([]time.Duration, n)
	began := time.Now()
	var mu sync.Mutex
	err := atOnce(2*joinClients, n, func(i int) error {
		turn := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		time.Sleep(time.Until(turn))
		err := p.post(p.posted + i)
		mu.Lock()
		defer mu.Unlock()
		took[i] = time.Since(turn)
		return err
	})
	p.posted += n
	slices.Sort(took)
	return took, err
}

func joins(binary, without, dir string) ([]row, error) {
	var both [2]*poster // without joining and with
	for i, b := range []string{without, binary} {
		p, err := newPoster(b, filepath.Join(dir, fmt.Sprint("data", i)))
		if err != nil {
			return nil, err
		}
		defer p.server.Kill()
		both[i] = p
	}
	if _, err := both[0].flood(joinTurn); err != nil {
		return nil, err
	}
	rate, err := both[1].flood(joinTurn) // half of more than it takes would not be half
	if err != nil {
		return nil, err
	}
	if _, err := both[1].behind(); err != nil {
		return nil, err
	}
	var p50, p99 []float64
	var shown [2][]time.Duration
	for range joinTurns {
		var took [2][]time.Duration
		for i, p := range both {
			if took[i], err = p.steady(rate/2, joinTurn); err != nil {
				return nil, err
			}
		}
		at := func(i, percent int) float64 { return float64(took[i][len(took[i])*percent/100]) }
		p50, p99 = append(p50, at(1, 50)/at(0, 50)), append(p99, at(1, 99)/at(0, 99))
		shown = took
	}
	if _, err := both[1].behind(); err != nil {
		return nil, err
	}
	top, err := both[1].flood(2 * joinTurn)
	if err != nil {
		return nil, err
	}
	late, err := both[1].behind()
	if err != nil {
		return nil, err
	}
	slices.Sort(p50)
	slices.Sort(p99)
	last := func(i, percent int) string {
		return shown[i][len(shown[i])*percent/100].Round(10 * time.Microsecond).String()
	}
	return []row{
		{"K1", fmt.Sprintf("a post's p50 / p99 at half of the highest rate (%.0f/s), every other one a copy", rate/2),
			fmt.Sprintf("the same program without joining: %s / %s", last(0, 50), last(0, 99)), "≤ 1.05× / 1.05×", "",
			fmt.Sprintf("%.2f× / %.2f× (%s / %s)", p50[joinTurns/2], p99[joinTurns/2], last(1, 50), last(1, 99))},
		{"K2", fmt.Sprintf("joining, after %v at the highest rate", 2*joinTurn), "", "caught up within 60 s", "",
			fmt.Sprintf("%.0f posts/s, caught up after %.1f s", top, late.Seconds())},
	}, nil
}

// behind waits until every copy that was posted has joined, and returns how long that took.
func (p *poster) behind() (time.Duration, error) {
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
