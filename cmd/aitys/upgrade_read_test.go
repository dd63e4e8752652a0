package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func fetch(t *testing.T, url, token string, out any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: status %d: %s", url, res.StatusCode, body)
	}
	if err == nil {
		err = json.Unmarshal(body, out)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// readAll returns the stored data as lines, read through the parts of the API that all versions have. It leaves out verdicts
// and rendered HTML, which may differ between versions.
func readAll(t *testing.T, i *testkit.Instance, token string) (lines []string) {
	t.Helper()
	var all struct {
		Accounts []struct {
			ID, Email, Name string
			Role            *string
			Disabled        bool
		}
		Sites []struct {
			Key, Name  string
			Origin     []string
			Moderation string
			Suspect    float64
		}
		Tokens []struct{ ID, Name, Scope string }
	}
	for _, list := range []string{"accounts", "sites", "tokens"} {
		fetch(t, i.URL+"/api/v1/"+list, token, &all)
	}
	lines = append(lines, line(t, all.Accounts), line(t, all.Sites), line(t, all.Tokens))
	for _, site := range all.Sites {
		c := client(i, site.Key, token)
		lines = append(lines, slices.Concat(tellQueue(t, c), tellPages(t, c), tellLog(t, c))...)
	}
	return lines
}

func line(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func tellQueue(t *testing.T, c *testkit.Client) (lines []string) {
	t.Helper()
	for _, state := range []string{"pending", "approved", "rejected", "spam"} {
		var q struct {
			Items []struct {
				Comment struct {
					ID, State, Body, Email, Lang string
					Parent, Reason               *string
					Version                      int64
					Depth                        int
					CreatedAt                    string  `json:"created_at"`
					EditedAt                     *string `json:"edited_at"`
					Author                       *struct{ Name, Badge, URL *string }
				}
				Page        struct{ ID, URL, Title string }
				Submissions int
			}
			Counts map[string]int
		}
		if err := c.Do(t.Context(), "GET", "/moderation/queue?limit=100&state="+state, nil, nil, &q); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprint(c.Site, ": ", q.Counts[state], " ", state))
		for _, item := range q.Items {
			lines = append(lines, line(t, item))
		}
	}
	return lines
}

func tellPages(t *testing.T, c *testkit.Client) (lines []string) {
	t.Helper()
	var list struct {
		Pages []struct {
			ID, URL, Title string
			Open           bool
		}
	}
	if err := c.Do(t.Context(), "GET", "/moderation/pages?limit=100", nil, nil, &list); err != nil {
		t.Fatal(err)
	}
	for _, page := range list.Pages {
		th := readThread(t, c, url.QueryEscape(page.URL))
		text := fmt.Sprintf("%s has %d:", line(t, page), th.Page.Count)
		for _, comment := range th.Comments {
			text += fmt.Sprintf(" %s %s %d", comment.ID, comment.State, comment.Depth)
		}
		lines = append(lines, text)
	}
	return lines
}

func tellLog(t *testing.T, c *testkit.Client) (lines []string) {
	t.Helper()
	for after := ""; ; {
		var log struct {
			Entries []struct {
				Seq                                   uint64
				At, Note, Batch, Hash                 string
				By, Action, Reason, Comment, From, To *string
			}
			Next *string
		}
		if err := c.Do(t.Context(), "GET", "/moderation/log?limit=100&after="+after, nil, nil, &log); err != nil {
			t.Fatal(err)
		}
		for _, e := range log.Entries {
			lines = append(lines, line(t, e))
		}
		if log.Next == nil {
			return lines
		}
		after = url.QueryEscape(*log.Next)
	}
}
