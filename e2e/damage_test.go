package e2e

import (
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/aitys/aitys/internal/testkit"
)

// reportWait is the maximum time until damage is reported.
const reportWait = 5 * time.Second

// If SQLite finds a file damaged, the doctor and the server must report it, and the server must refuse writes. The test
// damages 36 copies of one database: one bit, one page of random bytes, or one page of zeros.
func TestDamage_ReportedAndReadOnly(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	binary := testkit.Binary(t)
	whole, secret := usedDatabase(t, binary)
	var doctored, served, refused int
	for seed := range uint64(36) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			data := t.TempDir()
			file := filepath.Join(data, "aitys.db")
			write(t, file, damaged(whole, seed))
			write(t, filepath.Join(data, "secret"), secret)
			deep, quick := checkFinds(t, file, "integrity_check"), checkFinds(t, file, "quick_check")

			_, err := testkit.Run(binary, "doctor", "--data", data)
			if deep {
				doctored++
				if err == nil || !strings.Contains(err.Error(), "failed checks: integrity") &&
					!strings.Contains(err.Error(), "failed checks: database") {
					t.Errorf("the doctor says of damage: %v", err)
				}
			}
			if !quick {
				return
			}
			server, err := testkit.Start(binary, "serve", "--listen", "127.0.0.1:0", "--limits", "off", "--data", data)
			if err != nil {
				refused++
				if !strings.Contains(err.Error(), "aitys restore") {
					t.Errorf("it does not start, and says only: %v", err)
				}
				return
			}
			defer func() {
				if t.Failed() {
					t.Log(server.Log())
				}
				server.Kill()
			}()
			served++
			testkit.Within(t, reportWait, "/readyz tells of the damage", func() bool {
				status, body := ask(t, http.MethodGet, server.URL+"/readyz", "")
				return status == http.StatusServiceUnavailable && strings.Contains(body, `"storage.corrupt"`)
			})
			for n := range 3 {
				status, body := ask(t, http.MethodPost, server.URL+"/api/v1/sites/blog/comments",
					fmt.Sprintf(`{"page":{"url":"https://blog.example/%d"},"body":"Written beside damage."}`, n))
				if status != http.StatusServiceUnavailable || !strings.Contains(body, `"storage.corrupt"`) {
					t.Errorf("a comment is answered with %d %s", status, body)
				}
			}
			testkit.Within(t, reportWait, "one line of the log says how to restore", func() bool {
				return strings.Count(server.Log(), "aitys restore FILE") == 1
			})
		})
	}
	t.Logf("of 36 copies integrity_check calls %d damaged; of those that quick_check does, %d were refused at the "+
		"start and %d served without writes", doctored, refused, served)
	if doctored < 12 || served < 6 {
		t.Error("too few copies are damaged to show anything")
	}
}

// usedDatabase returns a database with comments and decisions, and its secret.
func usedDatabase(t *testing.T, binary string) (whole, secret []byte) {
	t.Helper()
	data := t.TempDir()
	s := service{t, binary, []string{"--data", data}}
	token := s.addSite("blog")
	server := s.start()
	c := &testkit.Client{URL: server.URL, Site: "blog", Token: token, HTTP: http.DefaultClient}
	for n := range 120 {
		p, err := c.Post(t.Context(), "", fmt.Sprintf("https://blog.example/%d", n%7), "Reader", "r@mail.example",
			fmt.Sprintf("Comment %d of somebody who reads. %s", n, strings.Repeat("Word after word, and then one more. ", n%9)))
		if err != nil {
			t.Fatal(err)
		}
		if n%3 > 0 {
			if _, err := c.Decide(t.Context(), []string{"", "approve", "spam"}[n%3], "",
				testkit.CommentRef{ID: p.ID, Version: p.Version}); err != nil {
				t.Fatal(err)
			}
		}
	}
	err := server.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if whole, err = os.ReadFile(filepath.Join(data, "aitys.db")); err != nil {
		t.Fatal(err)
	}
	if secret, err = os.ReadFile(filepath.Join(data, "secret")); err != nil {
		t.Fatal(err)
	}
	return whole, secret
}

// damaged returns a copy of a file with one changed bit or page.
func damaged(whole []byte, seed uint64) []byte {
	const page = 4096
	chance := rand.New(rand.NewPCG(seed, 42))
	file := append([]byte(nil), whole...)
	at := file[chance.IntN(len(file)/page)*page:][:page]
	switch seed % 3 {
	case 0:
		at[chance.IntN(page)] ^= 1 << chance.IntN(8)
	case 1:
		for k := range at {
			at[k] = byte(chance.IntN(256))
		}
	case 2:
		clear(at)
	}
	return file
}

// checkFinds reports whether a check of SQLite finds damage. It does not change the file.
func checkFinds(t *testing.T, file, check string) bool {
	t.Helper()
	bytes, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "own.db")
	write(t, own, bytes)
	db, err := sql.Open("sqlite", "file:"+own)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var first string
	err = db.QueryRow("PRAGMA " + check).Scan(&first)
	return err != nil || first != "ok"
}

func write(t *testing.T, file string, bytes []byte) {
	t.Helper()
	if err := os.WriteFile(file, bytes, 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask sends a request and returns the status and the body.
func ask(t *testing.T, method, url, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	all, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(all)
}
