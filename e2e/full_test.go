package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// On a full disk new comments are refused and /readyz reports why. Moderators can still sign in and decide; commenters
// can withdraw.
func TestFullDisk_ModeratorsCanDecide(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	data := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("only root may mount a small disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", data).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	s := service{t, testkit.Binary(t), []string{"--data", data}}
	token := s.addSite("blog")
	server := s.start()
	defer server.Kill()
	c := &testkit.Client{URL: server.URL, Site: "blog", Token: token, HTTP: http.DefaultClient}
	post := func(body string) (testkit.PostResult, error) {
		return c.Post(t.Context(), "", "https://blog.example/", "Reader", "r@mail.example", body)
	}
	first, err := post("The first comment, to be decided.")
	if err != nil {
		t.Fatal(err)
	}
	second, err := post("The second one, to be withdrawn.")
	if err != nil {
		t.Fatal(err)
	}
	storage := func(want string) func() bool {
		return func() bool {
			status, body := ask(t, http.MethodGet, server.URL+"/readyz", "")
			return status == http.StatusOK && strings.Contains(body, `"storage":"`+want+`"`)
		}
	}
	testkit.Within(t, reportWait, "there is room, and some in reserve", func() bool {
		_, err := os.Stat(filepath.Join(data, "aitys.db.reserve"))
		return err == nil && storage("ok")()
	})

	filler := filepath.Join(data, "somebody else's")
	fill(t, filler)
	testkit.Within(t, reportWait, "/readyz says that the disk is full", storage("full"))
	_, err = post("One more, for which there is no room.")
	if err == nil || !strings.Contains(err.Error(), "storage.full") {
		t.Errorf("a comment on a full disk: %v", err)
	}
	if status, body := ask(t, http.MethodPost, server.URL+"/api/v1/session",
		`{"email":"`+email+`","password":"`+password+`"}`); status != http.StatusOK {
		t.Errorf("sign in: %d %s", status, body)
	}
	if d, err := c.Decide(t.Context(), "spam", "", testkit.CommentRef{ID: first.ID, Version: first.Version}); err != nil ||
		d.Decided != 1 {
		t.Errorf("decide: %+v, %v", d, err)
	}
	err = c.Do(t.Context(), http.MethodDelete, "/comments/"+second.ID,
		map[string]string{"Authorization": "Bearer " + second.EditToken}, nil, nil)
	if err != nil {
		t.Errorf("withdraw: %v", err)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	testkit.Within(t, reportWait, "there is room again", storage("ok"))
	if _, err := post("And now there is."); err != nil {
		t.Errorf("a comment when there is room again: %v", err)
	}
	testkit.Within(t, reportWait, "the log says so, too", func() bool {
		return strings.Contains(server.Log(), "free space again")
	})
	if log := server.Log(); strings.Count(log, "the disk is full") != 1 {
		t.Errorf("the log says\n%s", log)
	}
}

// An import on a full disk fails with one line and keeps complete batches. With free space it resumes.
func TestFullDisk_ImportResumes(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	for name, database := range map[string]func(testing.TB, string) string{
		"sqlite":   func(_ testing.TB, disk string) string { return "sqlite:" + filepath.Join(disk, "aitys.db") },
		"postgres": testkit.PostgresInFolder,
	} {
		t.Run(name, func(t *testing.T) { importOnAFullDisk(t, database) })
	}
}

func importOnAFullDisk(t *testing.T, database func(testing.TB, string) string) {
	mounted := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", mounted).CombinedOutput(); err != nil {
		t.Skipf("only root may mount a small disk: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", mounted).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	disk, dump := filepath.Join(mounted, "disk"), filepath.Join(t.TempDir(), "dump.jsonl")
	if err := errors.Join(os.Mkdir(disk, 0o700), os.Chmod(filepath.Dir(mounted), 0o755)); err != nil { // so that another user can enter
		t.Fatal(err)
	}
	const all = 4_000
	lines := []byte(`{"version":1,"users":[],"posts":[]}` + "\n")
	for n := range all {
		lines = fmt.Appendf(lines, `{"id":"c%d","pid":"","text":"<p>Remark %d, %x, of gardens.</p>","user":{"name":"R%d"},`+
			`"locator":{"site":"s","url":"https://blog.example/post-%d"},"time":"2024-01-02T03:04:05Z","title":"Post"}`+"\n",
			n, n, n*2654435761, n%40, n%20)
	}
	if err := os.WriteFile(dump, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	s := service{t, testkit.Binary(t), []string{"--data", t.TempDir(), "--database", database(t, disk)}}
	s.addSite("blog")
	filler := filepath.Join(mounted, "somebody else's")
	if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); err != nil { // freed in two steps
		t.Fatal(err)
	}
	fill(t, filler+" too")
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	command := append([]string{"import", "remark42", dump, "--site", "blog", "--json"}, s.common...)
	var errs bytes.Buffer
	cmd := exec.Command(s.binary, command...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	said := strings.Split(strings.TrimSpace(errs.String()), "\n")
	last := said[len(said)-1]
	if err == nil || len(out) > 0 || !strings.Contains(last, "no space is left") || !strings.Contains(last, "run the import again") {
		t.Fatalf("without room it ends with %v, %q, %q", err, out, errs.String())
	}
	if err := os.Remove(filler + " too"); err != nil {
		t.Fatal(err)
	}
	count := func(args ...string) (n int) {
		t.Helper()
		var report struct{ Added int }
		if err := json.Unmarshal([]byte(s.run("", args...)), &report); err != nil {
			t.Fatal(err)
		}
		return report.Added
	}
	holds := func() { // the doctor also reports that the disk is too small
		t.Helper()
		audit, _ := exec.Command(s.binary, append([]string{"doctor", "--audit"}, s.common...)...).Output()
		if !regexp.MustCompile(`(?m)^ok +log of blog`).Match(audit) {
			t.Errorf("the doctor says %s", audit)
		}
	}
	dry := count("import", "remark42", dump, "--site", "blog", "--json", "--dry-run")
	if dry == 0 || dry == all || dry%100 != 0 {
		t.Errorf("of %d are missing %d: want some whole batches", all, dry)
	}
	holds()
	if added := count("import", "remark42", dump, "--site", "blog", "--json"); added != dry {
		t.Errorf("with room it added %d, want %d", added, dry)
	}
	if left := count("import", "remark42", dump, "--site", "blog", "--json", "--dry-run"); left != 0 {
		t.Errorf("then %d are missing", left)
	}
	holds()
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; size /= 2 {
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
}
