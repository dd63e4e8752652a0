package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/checkerclient"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/externalcheck"
)

// TestDocuments_LocalModelCheckerWorks runs the script of publishing.md between the client of external checkers and a
// server that answers in the shape of the chat completions API.
func TestDocuments_LocalModelCheckerWorks(t *testing.T) {
	t.Parallel()
	python := testkit.Program(t, "python3")
	text, err := os.ReadFile("../docs/publishing.md")
	if err != nil {
		t.Fatal(err)
	}
	script := regexp.MustCompile("(?s)```python\n(# llm-checker.py.*?)```").FindSubmatch(text)
	if script == nil {
		t.Fatal("publishing.md has no llm-checker.py")
	}
	var asked string
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = string(body)
		answer := `{"spam": ` + strconv.FormatBool(strings.Contains(asked, "casino")) + `}`
		_ = json.NewEncoder(w).Encode(map[string]any{
			"choices": []any{map[string]any{"message": map[string]any{"role": "assistant", "content": answer}}},
		})
	}))
	defer model.Close()

	file := filepath.Join(t.TempDir(), "llm-checker.py")
	if err := os.WriteFile(file, script[1], 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := testkit.Listen()
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	_, port, _ := net.SplitHostPort(address)
	cmd := exec.CommandContext(t.Context(), python, file)
	cmd.Env = append(os.Environ(), "PORT="+port, "LLM_URL="+model.URL+"/v1/chat/completions")
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	testkit.Until(t, "the script listens", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})

	client := checkerclient.New(apptest.Loopback)
	for body, want := range map[string]bool{"Best casino, «ұтыс» күн сайын": true, "Thanks, this helped.": false} {
		spam, err := client.Ask(t.Context(), "http://"+address+"/", "", externalcheck.Request{Site: "blog", Body: body, Lang: "kk"})
		if err != nil || spam != want {
			t.Errorf("%q is spam: %v, %v\n%s", body, spam, err, log.String())
		}
		if !strings.Contains(asked, strings.Fields(body)[0]) || !strings.Contains(asked, "json_schema") {
			t.Errorf("the model was asked %s", asked)
		}
	}
	model.Close()
	if _, err := client.Ask(t.Context(), "http://"+address+"/", "", externalcheck.Request{Body: "x"}); err == nil {
		t.Error("without a model the check succeeds")
	}
}
