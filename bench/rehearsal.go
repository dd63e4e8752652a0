package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/bench/load"
	"github.com/aitys/aitys/internal/testkit"
)

const (
	clients = 8
	batch   = 25
)

// rehearsal posts real comments to a running server and decides them there: as a stream with the API, and as a pending
// queue in a browser. The comments are deleted afterwards.
func rehearsal() error {
	return errors.Join(stream(), queue())
}

// withBinary builds the service into a temporary directory and calls do with both. It removes the directory at the end.
func withBinary(do func(binary, dir string) error) error {
	dir, err := os.MkdirTemp("", "aitys-rehearsal-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // the system removes temporary files too
	binary := filepath.Join(dir, "aitys")
	if err := build(binary, "cmd/aitys"); err != nil {
		return err
	}
	return do(binary, dir)
}

// stream posts real comments with eight clients over HTTP, while a scripted moderator decides in queue order, in
// batches of 25, by the true label. It prints the figures and writes them to docs/measurements.md.
func stream() error { return withBinary(streams) }

func streams(binary, dir string) error {
	rows := []string{
		"| set | posted | stored | duplicates | spam suspected before its decision | ham suspected (false positives) " +
			"| posts/s | decisions/s |",
		"| --- | --- | --- | --- | --- | --- | --- | --- |",
	}
	for _, set := range []string{"yt-dev", "tgru-dev"} {
		all, err := readLabelled(filepath.Join(comments, set+".jsonl"))
		if err != nil {
			return err
		}
		f, err := rehearse(binary, filepath.Join(dir, set), all)
		if err != nil {
			return fmt.Errorf("%s: %w", set, err)
		}
		row := fmt.Sprintf("| %s | %d | %d | %d | %d of %d (%.0f %%) | %d of %d (%.2f %%) | %.0f | %.0f |",
			set, f.posted, f.posted-f.duplicates, f.duplicates,
			f.spamSuspected, f.spam, 100*float64(f.spamSuspected)/float64(max(f.spam, 1)), f.hamSuspected, f.ham,
			100*float64(f.hamSuspected)/float64(max(f.ham, 1)),
			float64(f.posted)/f.posting.Seconds(), float64(f.spam+f.ham)/f.deciding.Seconds())
		fmt.Println(row)
		rows = append(rows, row)
	}
	return writeFigures("rehearsal", "`make rehearsal`: real comments posted by 8 clients over HTTP, "+
		"SQLite; a moderator decides in queue order by the true label, in batches of 25", rows)
}

// The credentials of the owner of the rehearsed site.
const (
	stageEmail    = "m@stage.example"
	stagePassword = "a rehearsal has a passphrase too"
)

// stage starts a server with a site, and returns the client of its owner. more are flags of serve.
func stage(binary, dir string, more ...string) (*testkit.Instance, *testkit.Client, error) {
	token := ""
	for _, args := range [][]string{
		{"site", "add", "--key", "stage", "--name", "Stage", "--origin", "https://stage.example"},
		{"account", "add", "--email", stageEmail, "--name", "M", "--role", "owner", "--password-stdin"},
		{"token", "add", "--account", stageEmail, "--scope", "admin"},
	} {
		var err error
		if token, err = testkit.RunWithInput(stagePassword+"\n", binary, append(args, "--data", dir)...); err != nil {
			return nil, nil, err
		}
	}
	serve := []string{"serve", "--listen", "127.0.0.1:0", "--limits", "off", "--data", dir}
	server, err := testkit.Start(binary, append(serve, more...)...)
	if err != nil {
		return nil, nil, err
	}
	pool := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	return server, &testkit.Client{URL: server.URL, Site: "stage", Token: strings.TrimSpace(token), HTTP: pool}, nil
}

type result struct {
	posted, duplicates int
	spam, ham          int
	spamSuspected      int
	hamSuspected       int
	posting, deciding  time.Duration
}

// rehearse posts comments in order, in batches. The moderator decides each batch before the next is posted, so that the
// model is trained as on a site where moderators keep up.
func rehearse(binary, dir string, all []labelled) (result, error) {
	var f result
	ctx := context.Background()
	server, moderator, err := stage(binary, dir)
	if err != nil {
		return f, err
	}
	defer server.Kill()
	reader := *moderator
	reader.Token = ""

	labels := map[string]string{} // by comment ID
	shown := time.Now()
	for len(all) > 0 {
		wave := all[:min(batch, len(all))]
		all = all[len(wave):]
		began := time.Now()
		if err := f.post(ctx, &reader, wave, labels); err != nil {
			return f, err
		}
		f.posting += time.Since(began)
		began = time.Now()
		if err := f.decide(ctx, moderator, labels); err != nil {
			return f, err
		}
		f.deciding += time.Since(began)
		if time.Since(shown) > 5*time.Second {
			fmt.Fprintf(os.Stderr, "%d to go\n", len(all))
			shown = time.Now()
		}
	}
	return f, server.Stop()
}

func (f *result) post(ctx context.Context, c *testkit.Client, wave []labelled, labels map[string]string) error {
	var mu sync.Mutex
	_, err := load.Closed(ctx, clients, len(wave), func(i int) error {
		posted, err := c.Post(ctx, "rehearsal-"+wave[i].ID+strings.Repeat("-", 16), "https://stage.example/post",
			wave[i].Author, "", wave[i].Text)
		if err != nil {
			return fmt.Errorf("post %s: %w", wave[i].ID, err)
		}
		mu.Lock()
		defer mu.Unlock()
		f.posted++
		if posted.Duplicate {
			f.duplicates++
		} else {
			labels[posted.ID] = wave[i].Label
		}
		return nil
	})
	return err
}

// decide decides all pending comments, oldest first, and counts those that were suspected.
func (f *result) decide(ctx context.Context, c *testkit.Client, labels map[string]string) error {
	for {
		items, _, err := c.Queue(ctx, fmt.Sprintf("state=pending&sort=oldest&limit=%d", batch))
		if err != nil || len(items) == 0 {
			return err
		}
		chosen := map[string][]testkit.CommentRef{}
		for _, item := range items {
			ref := testkit.CommentRef{ID: item.Comment.ID, Version: item.Comment.Version}
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
