// Command rehearsal sends real comments through a running server's HTTP API, by eight clients,
// while a scripted moderator decides in queue order, in batches of 25, by the true label. It
// prints what happened and writes it into docs/performance.md.
//
// The comments are not part of the project: they are read from -data, and nothing of them is kept.
package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aitys/aitys/e2e/figures"
	"github.com/aitys/aitys/e2e/instance"
	"github.com/aitys/aitys/e2e/labelled"
)

const (
	clients = 8
	batch   = 25
)

func main() {
	data := flag.String("data", "../shared/data/comments", "folder of labelled comments")
	report := flag.String("report", "docs/performance.md", "document that gets the figures")
	flag.Parse()
	if err := rehearse(*data, *report); err != nil {
		fmt.Fprintln(os.Stderr, "rehearsal:", err)
		os.Exit(1)
	}
}

func rehearse(data, report string) error {
	dir, err := os.MkdirTemp("", "aitys-rehearsal-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder: the system tidies up too
	binary := filepath.Join(dir, "aitys")
	build := exec.Command("go", "build", "-o", binary, "./cmd/aitys")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build: %w: %s", err, out)
	}
	rows := []string{"| set | posted | kept | duplicates | spam suspected when first seen | ham wrongly suspected | posts/s | decisions/s |", "| --- | --- | --- | --- | --- | --- | --- | --- |"}
	for _, set := range []string{"yt-dev", "tgru-dev"} {
		comments, err := labelled.Read(filepath.Join(data, set+".jsonl"))
		if err != nil {
			return err
		}
		f, err := run(binary, filepath.Join(dir, set), comments)
		if err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
		row := fmt.Sprintf("| %s | %d | %d | %d | %d of %d (%.0f %%) | %d of %d (%.2f %%) | %.0f | %.0f |", set, f.posted, f.posted-f.duplicates, f.duplicates,
			f.spamSuspected, f.spam, 100*float64(f.spamSuspected)/float64(max(f.spam, 1)), f.hamSuspected, f.ham, 100*float64(f.hamSuspected)/float64(max(f.ham, 1)),
			float64(f.posted)/f.posting.Seconds(), float64(f.spam+f.ham)/f.deciding.Seconds())
		fmt.Println(row)
		rows = append(rows, row)
	}
	return figures.Write(report, "rehearsal", "`make rehearsal`: real comments by 8 clients over HTTP, SQLite, a moderator who decides in queue order by the true label in batches of 25", rows)
}

type result struct {
	posted, duplicates int
	spam, ham          int
	spamSuspected      int
	hamSuspected       int
	posting, deciding  time.Duration
}

// run posts comments in their order, clients at a time, in waves that leave the moderator never
// more than a few batches behind, so that what is suspected is what a working site would see.
func run(binary, dir string, comments []labelled.Comment) (result, error) {
	var f result
	ctx := context.Background()
	cli := func(args ...string) (string, error) {
		out, err := instance.Run(binary, append(args, "--data", dir)...)
		return strings.TrimSpace(out), err
	}
	if _, err := cli("site", "add", "--key", "stage", "--name", "Stage", "--origin", "https://stage.example"); err != nil {
		return f, err
	}
	if _, err := cli("account", "add", "--email", "m@stage.example", "--name", "M", "--role", "owner"); err != nil {
		return f, err
	}
	token, err := cli("token", "add", "--account", "m@stage.example")
	if err != nil {
		return f, err
	}
	server, err := instance.Start(binary, "serve", "--listen", "127.0.0.1:0", "--limits", "off", "--data", dir)
	if err != nil {
		return f, err
	}
	defer server.Kill()
	pool := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	reader := &instance.Client{URL: server.URL, Site: "stage", HTTP: pool}
	moderator := &instance.Client{URL: server.URL, Site: "stage", Token: token, HTTP: pool}

	labels := map[string]string{} // by comment id
	shown := time.Now()
	for len(comments) > 0 {
		wave := comments[:min(batch, len(comments))]
		comments = comments[len(wave):]
		began := time.Now()
		if err := post(ctx, reader, wave, labels, &f); err != nil {
			return f, err
		}
		f.posting += time.Since(began)
		began = time.Now()
		if err := decide(ctx, moderator, labels, &f); err != nil {
			return f, err
		}
		f.deciding += time.Since(began)
		if time.Since(shown) > 5*time.Second {
			fmt.Fprintf(os.Stderr, "%d to go\n", len(comments))
			shown = time.Now()
		}
	}
	return f, server.Stop()
}

func post(ctx context.Context, c *instance.Client, wave []labelled.Comment, labels map[string]string, f *result) error {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		next  atomic.Int64
		first error
	)
	for range clients {
		group.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(wave) {
					return
				}
				posted, err := c.Post(ctx, "rehearsal-"+wave[n].ID+strings.Repeat("-", 16), "https://stage.example/post", wave[n].Author, "", wave[n].Text)
				mu.Lock()
				switch {
				case err != nil && first == nil:
					first = fmt.Errorf("post %s: %w", wave[n].ID, err)
				case err == nil && posted.Duplicate:
					f.duplicates++
					f.posted++
				case err == nil:
					f.posted++
					labels[posted.ID] = wave[n].Label
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return first
}

// decide empties the queue, oldest first, and notes what was suspected when it was first seen.
func decide(ctx context.Context, c *instance.Client, labels map[string]string, f *result) error {
	for {
		items, _, err := c.Queue(ctx, fmt.Sprintf("state=pending&sort=oldest&limit=%d", batch))
		if err != nil || len(items) == 0 {
			return err
		}
		chosen := map[string][]instance.Ref{}
		for _, item := range items {
			ref := instance.Ref{ID: item.Comment.ID, Version: item.Comment.Version}
			suspected := item.Verdict.Score >= 0.9
			if labels[item.Comment.ID] == "spam" {
				f.spam++
				if suspected {
					f.spamSuspected++
				}
				chosen["spam"] = append(chosen["spam"], ref)
			} else {
				f.ham++
				if suspected {
					f.hamSuspected++
				}
				chosen["approve"] = append(chosen["approve"], ref)
			}
		}
		for action, refs := range chosen {
			done, err := c.Decide(ctx, action, "", refs...)
			if err != nil {
				return err
			}
			if done.Decided != len(refs) {
				return fmt.Errorf("decided %d of %d: %v", done.Decided, len(refs), done.Conflicts)
			}
		}
	}
}
