package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// TestTheExamplesOfTheDocsWork sends each curl command of docs/api.md, in order, and compares
// the status with the one that its comment promises. What answers name, later commands use.
func TestTheExamplesOfTheDocsWork(t *testing.T) {
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

// named are the values of an answer that examples refer to by a name in capitals.
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

// curl reads the few options of curl that the docs use, with quotes as a shell reads them.
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
				t.Fatalf("%s: what is %q?", command, words[i])
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
