package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A court orders a takedown, the service is blocked, and another court reverses the order. Readers can read all the time,
// the takedown is public, and a reader with a saved log head can verify the log.
func TestTakedown_OrderBlockAndReversal(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	const (
		said   = "The harbour office has sold its tide gauge to the mayor's cousin."
		answer = "Is there a paper that says so?"
		court  = `District court <script>alert("of")</script> Almaty`
	)
	b := newBlocked(t)
	page := b.site.URL + "/harbour"
	b.publish("/harbour", "Marta", said)
	b.publish("/harbour", "Jonas", answer)
	b.dir = b.copy("blog") // last night's copy; the blog uses its widget
	old := b.dir
	b.script("http://"+b.proxy.Addr, b.hostCopy(old))
	open := b.service.URL + "/sites/blog/transparency"

	// A reader saves the log head from the public page.
	stranger := b.tab(1280, 900, false)
	head := func() string {
		t.Helper()
		const hash = `document.body.textContent.match(/\b[0-9a-f]{64}\b/)?.[0]`
		b.must(stranger.Go(open), stranger.Holds(hash+` !== undefined`))
		found, err := testkit.Eval[string](stranger, hash)
		b.must(err)
		return found
	}
	kept := head()

	// The order arrives. The owner copies the comment's URL from the page and enters the takedown.
	desk := b.tab(1280, 900, false)
	b.signIn(desk, email)
	var list struct {
		Comments []struct{ ID, Permalink, HTML string }
	}
	b.must(b.client.Do(t.Context(), "GET", "/comments?page="+page, nil, nil, &list))
	link := list.Comments[0].Permalink
	b.steps(desk,
		func() error { return desk.Go(b.service.URL + "/moderate/blog/queue?state=approved") },
		func() error { return desk.Go(b.service.URL + "/moderate/blog/demands") },
		func() error { return desk.Click("link", "New") },
		func() error { return desk.See("heading", "Who asks, and for what?") },
		func() error { return desk.Type("textbox", "Comments", link) },
		func() error { return desk.Type("textbox", "Requested by", court) },
		func() error { return desk.Type("textbox", "Law", "Law on mass media, art. 44") },
		func() error { return desk.Type("textbox", "Country", "Kazakhstan") },
		func() error { return desk.Click("button", "Continue") },
		func() error { return desk.See("heading", "What will readers see?") },
		func() error { return desk.Type("textbox", "Reference", "7-12/26") },
		func() error { return desk.Click("button", "Hide") },
		func() error { return desk.Holds(`document.body.textContent.includes("Hidden.")`) },
	)
	b.checkView(desk, "pressure-desk")

	// Readers see a notice with the name of the claimant. A name with markup is plain text.
	reader := b.tab(390, 844, false)
	b.steps(reader,
		func() error { return reader.Go(page) },
		func() error { return reader.Holds(shows(court)) },
		func() error { return reader.Holds("!(" + shows(said) + ")") },
		func() error { return reader.Holds(shows(answer)) },
	)
	b.must(stranger.Go(open+"?lang=en"), stranger.Holds(fmt.Sprintf("document.body.textContent.includes(%q)", court)))
	dir, made := b.copyReport("blog")
	if len(made.Withheld) != 1 || len(made.Withheld[0].Copies) != 1 {
		t.Errorf("of last night's copy the report says %+v", made.Withheld)
	}
	b.dir = dir
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))

	// The domain is blocked. Readers see a copy without the comment.
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	blockedReader := b.tab(390, 844, true)
	b.steps(blockedReader,
		func() error { return blockedReader.Go(page) },
		func() error { return blockedReader.Holds(shows(isCopy)) },
		func() error { return blockedReader.Holds(shows(answer)) },
		func() error { return blockedReader.Holds(shows(court)) },
		func() error { return blockedReader.Holds("!(" + shows(said) + ")") },
	)
	b.checkView(blockedReader, "pressure-copy")

	// The order is reversed. The desk is reached at an address that is not blocked.
	b.steps(desk,
		func() error { return desk.Go(b.service.URL + "/moderate/blog/demands") },
		func() error { return desk.Holds(`(document.querySelector(".requests summary").click(), true)`) },
		func() error { return desk.Type("textbox", "Public reason", "The court of appeal lifted it.") },
		func() error { return desk.Click("button", "Restore") },
		func() error { return desk.Holds(`document.body.textContent.includes("Visible again")`) },
	)
	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.hostCopy(b.dir))
	b.steps(blockedReader,
		func() error { return blockedReader.Go(page) },
		func() error { return blockedReader.Holds(shows(isCopy)) },
		func() error { return blockedReader.Holds(shows(said)) },
	)
	// An older copy still has a valid list of takedowns, but the reader's browser no longer accepts the copy.
	b.script("http://"+b.proxy.Addr, b.hostCopy(old))

	// The reader downloads the log and verifies it with the saved head.
	file := filepath.Join(t.TempDir(), "log.jsonl")
	log := b.fetched("/sites/blog/log.jsonl")
	b.must(os.WriteFile(file, []byte(log), 0o600))
	_, newest, _ := strings.Cut(log[strings.LastIndex(log, `"hash":"`):], `"hash":"`)
	newest = newest[:64]
	for _, hash := range []string{kept, head(), newest} { // the page may be cached for a minute
		out := b.run(testkit.Binary(t), "log", "verify", file, "--head", hash)
		if !strings.Contains(out, "the given head is entry") {
			t.Errorf("of the head %s it says %q", hash, out)
		}
	}
	for _, word := range []string{`"kind":"withholding"`, `"kind":"restoration"`} {
		if !strings.Contains(log, word) {
			t.Errorf("the log does not tell of %s:\n%s", word, log)
		}
	}
	lines := strings.SplitAfter(strings.TrimRight(log, "\n"), "\n")
	for what, changed := range map[string]string{
		"dropped":   strings.Join(append(lines[:1:1], lines[2:]...), ""),
		"cut":       lines[0],
		"reordered": lines[1] + lines[0] + strings.Join(lines[2:], ""),
		"changed":   strings.Replace(log, `"kind":"withholding"`, `"kind":"redaction"`, 1),
	} {
		b.must(os.WriteFile(file, []byte(changed), 0o600))
		if out, err := testkit.RunWithInput("", testkit.Binary(t), "log", "verify", file, "--head", newest); err == nil {
			t.Errorf("a log with an entry %s is taken: %s", what, out)
		}
	}
}

// fetched returns the body of a path of the service.
func (w *world) fetched(path string) string {
	w.t.Helper()
	a := asked(w.t.Context(), w.service.URL+path)
	if a.status != 200 {
		w.t.Fatalf("%s is answered %+v", path, a)
	}
	return a.body
}
