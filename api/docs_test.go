package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// TestDocs_ExamplesWork runs each curl command of docs/api.md in order and compares the status with the one in its
// comment. Later commands use values of earlier responses.
func TestDocs_ExamplesWork(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../docs/api.md")
	fatal(t, err)
	w := onSQLite(t)
	w.as("root", "POST", "/api/v1/sites", m{"key": "blog", "name": "A blog", "origin": []string{"https://blog.example"}})
	vars := map[string]string{"HOST": "", "TOKEN": w.tokens["root"]}
	for i := range 2 {
		w.do(call{method: "POST", path: "/api/v1/sites/blog/comments", body: m{
			"page":   m{"url": "https://blog.example/sale"},
			"author": m{"name": fmt.Sprint("Reader ", i)},
			"body":   fmt.Sprint("A sale of stone ovens for everybody, number ", i)}})
	}
	testkit.Until(t, "they are a campaign", func() bool {
		return len(w.as("root", "GET", "/api/v1/sites/blog/moderation/campaigns", nil).list("campaigns")) == 1
	})
	commands := 0
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		script := strings.ReplaceAll(block[1], "\\\n", " ")
		for _, line := range strings.Split(strings.TrimSpace(script), "\n") {
			command, promised, _ := strings.Cut(line, "   # ")
			r := w.do(curl(t, command, vars))
			if strconv.Itoa(r.status) != promised {
				t.Errorf("%s\ngot %v, want %s", line, r, promised)
			}
			maps.Copy(vars, named(r))
			commands++
		}
	}
	if commands < 15 {
		t.Errorf("only %d commands were found in docs/api.md", commands)
	}
}

// named returns the values of a response that examples refer to by a variable in capitals.
func named(r reply) map[string]string {
	vars := map[string]string{}
	if r.str("edit_token") != "" {
		vars["ID"], vars["EDIT_TOKEN"] = r.str("id"), r.str("edit_token")
	}
	if r.str("batch") != "" {
		vars["BATCH"] = r.str("batch")
	}
	if campaigns := r.list("campaigns"); len(campaigns) > 0 {
		vars["CAMPAIGN"] = campaigns[0]["id"].(string)
	}
	if items := r.list("items"); len(items) > 0 {
		vars["PAGE"] = items[0]["page"].(map[string]any)["id"].(string)
	}
	return vars
}

// curl parses the options of curl that the docs use, with shell quoting.
func curl(t *testing.T, command string, vars map[string]string) call {
	t.Helper()
	c := call{method: http.MethodGet, header: map[string]string{}}
	words := shellWords(command, vars)
	for i := 1; i < len(words); i++ {
		switch words[i] {
		case "-s":
		case "-X":
			i++
			c.method = words[i]
		case "-H":
			i++
			name, value, _ := strings.Cut(words[i], ": ")
			c.header[name] = value
		case "-d":
			i++
			c.body = words[i]
			if c.method == http.MethodGet {
				c.method = http.MethodPost
			}
		default:
			if !strings.HasPrefix(words[i], "/") {
				t.Fatalf("%s: unknown word %q", command, words[i])
			}
			c.path = words[i]
		}
	}
	return c
}

func shellWords(command string, vars map[string]string) (words []string) {
	var word strings.Builder
	quote, inside := rune(0), false
	end := func() {
		if inside {
			words = append(words, word.String())
		}
		word.Reset()
		inside = false
	}
	for i := 0; i < len(command); i++ {
		r := rune(command[i])
		switch {
		case quote == 0 && r == ' ':
			end()
		case quote == 0 && (r == '"' || r == '\''):
			quote, inside = r, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != '\'' && r == '$':
			name := regexp.MustCompile(`^\w+`).FindString(command[i+1:])
			word.WriteString(vars[name])
			i, inside = i+len(name), true
		default:
			word.WriteByte(command[i])
			inside = true
		}
	}
	end()
	return words
}

// TestDocuments_QuotedRoutesExist checks that each method and path quoted in the documents is in the specification.
func TestDocuments_QuotedRoutesExist(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("openapi.json")
	fatal(t, err)
	var spec struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	fatal(t, json.Unmarshal(raw, &spec))
	matches := func(pattern, path string) bool {
		a, b := strings.Split(pattern, "/"), strings.Split(strings.TrimSuffix(path, "/"), "/")
		if len(a) != len(b) {
			return false
		}
		for i := range a {
			if a[i] != b[i] && !strings.Contains(a[i], "{") {
				return false
			}
		}
		return true
	}
	documents, err := filepath.Glob("../docs/*.md")
	fatal(t, err)
	checked := 0
	for _, document := range documents {
		text, err := os.ReadFile(document)
		fatal(t, err)
		for _, m := range regexp.MustCompile("`(GET|POST|PATCH|DELETE|PUT) ((?:/|…/)[^`?\\s]*)").FindAllStringSubmatch(string(text), -1) {
			checked++
			path, found := m[2], false
			for pattern, methods := range spec.Paths {
				at := pattern
				if rest, short := strings.CutPrefix(path, "…"); short {
					n := strings.Count(rest, "/")
					parts := strings.Split(pattern, "/")
					at, path = "/"+strings.Join(parts[max(1, len(parts)-n):], "/"), rest
				}
				if methods[strings.ToLower(m[1])] != nil && matches(at, path) {
					found = true
				}
				path = m[2]
			}
			if !found {
				t.Errorf("%s: the specification has no %s %s", document, m[1], m[2])
			}
		}
	}
	if checked < 25 {
		t.Errorf("only %d routes were found", checked)
	}
}
