package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// A publisher is told by a court that a comment must go, is blocked all the same, and is told by another that it may
// stay. Readers go on reading, the demand is in the open, and a stranger who kept the log's head follows the log.
func TestAPublisherUnderPressure(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	parallel(t)
	const (
		said   = "The harbour office has sold its tide gauge to the mayor's cousin."
		answer = "Is there a paper that says so?"
		court  = `District court <script>alert("of")</script> Almaty`
	)
	b := newBlocked(t)
	page := b.site.URL + "/harbour"
	b.publish("/harbour", "Marta", said)
	b.publish("/harbour", "Jonas", answer)
	b.dir = b.copy("blog") // of last night; the blog carries the widget from it
	old := b.dir
	b.script("http://"+b.proxy.Addr, b.lies(old))
	open := b.service.URL + "/sites/blog/transparency"

	// A stranger keeps the log's head, as the page for everybody has it.
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

	// The demand arrives. Its owner finds the comment's address where readers have it, and enters what the letter says.
	desk := b.tab(1280, 900, false)
	b.signIn(desk, email)
	var list struct {
		Comments []struct{ ID, Permalink, HTML string }
	}
	b.must(b.client.Do(t.Context(), "GET", "/comments?page="+page, nil, nil, &list))
	link := list.Comments[0].Permalink
	b.steps(desk,
		func() error { return desk.Go(b.service.URL + "/moderate/blog/queue?state=approved") },
		func() error { return desk.Click("link", "Demands") },
		func() error { return desk.See("heading", "Demands") },
		func() error { return desk.Type("textbox", "What", link) },
		func() error { return desk.Type("textbox", "Demanded by", court) },
		func() error { return desk.Type("textbox", "Law", "Law on mass media, art. 44") },
		func() error { return desk.Type("textbox", "Country", "Kazakhstan") },
		func() error { return desk.Type("textbox", "Reference", "7-12/26") },
		func() error { return desk.Click("button", "Withhold") },
		func() error { return desk.Holds(`document.body.textContent.includes("It is withheld.")`) },
	)
	b.fair(desk, "pressure-desk")

	// Readers see that something was there, and who demanded it; a name that is script is a name.
	reader := b.tab(390, 844, false)
	b.steps(reader,
		func() error { return reader.Go(page) },
		func() error { return reader.Holds(shows(court)) },
		func() error { return reader.Holds("!(" + shows(said) + ")") },
		func() error { return reader.Holds(shows(answer)) },
	)
	b.must(stranger.Go(open+"?lang=en"), stranger.Holds(fmt.Sprintf("document.body.textContent.includes(%q)", court)))
	dir, made := b.copied("blog")
	if len(made.Withheld) != 1 || len(made.Withheld[0].Copies) != 1 {
		t.Errorf("of last night's copy the report says %+v", made.Withheld)
	}
	b.dir = dir
	b.script("http://"+b.proxy.Addr, b.lies(b.dir))

	// The domain is blocked. Who comes now reads a copy, in which the comment is not.
	b.proxy.Set(t, testkit.Fault{Name: "refused", Refuse: true})
	blockedReader := b.tab(390, 844, true)
	b.steps(blockedReader,
		func() error { return blockedReader.Go(page) },
		func() error { return blockedReader.Holds(shows(isCopy)) },
		func() error { return blockedReader.Holds(shows(answer)) },
		func() error { return blockedReader.Holds(shows(court)) },
		func() error { return blockedReader.Holds("!(" + shows(said) + ")") },
	)
	b.fair(blockedReader, "pressure-copy")

	// Another court says that it may stay. The desk is reached by an address that is not blocked.
	b.steps(desk,
		func() error { return desk.Go(b.service.URL + "/moderate/blog/demands") },
		func() error { return desk.Holds(`(document.querySelector(".rulelist summary.btn").click(), true)`) },
		func() error { return desk.Type("textbox", "Why, said in public", "The court of appeal lifted it.") },
		func() error { return desk.Click("button", "Restore") },
		func() error { return desk.Holds(`document.body.textContent.includes("It is shown again")`) },
	)
	b.dir = b.copy("blog")
	b.script("http://"+b.proxy.Addr, b.lies(b.dir))
	b.steps(blockedReader,
		func() error { return blockedReader.Go(page) },
		func() error { return blockedReader.Holds(shows(isCopy)) },
		func() error { return blockedReader.Holds(shows(said)) },
	)
	// Who has an older copy in their hands still finds the register honest, and the reader's browser takes it no more.
	b.script("http://"+b.proxy.Addr, b.lies(old))

	// The stranger fetches the log, and follows it from the head that was kept.
	file := filepath.Join(t.TempDir(), "log.jsonl")
	log := b.fetched("/sites/blog/log.jsonl")
	b.must(os.WriteFile(file, []byte(log), 0o600))
	_, newest, _ := strings.Cut(log[strings.LastIndex(log, `"hash":"`):], `"hash":"`)
	newest = newest[:64]
	for _, hash := range []string{kept, head(), newest} { // the page may be a minute old
		out := b.run(testkit.Binary(t), "log", "verify", file, "--head", hash)
		if !strings.Contains(out, "the head that was kept is entry") {
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
		if out, err := testkit.RunWith("", testkit.Binary(t), "log", "verify", file, "--head", newest); err == nil {
			t.Errorf("a log with an entry %s is taken: %s", what, out)
		}
	}
}

// fetched is what stands at an address of the service.
func (w *world) fetched(path string) string {
	w.t.Helper()
	a := asked(w.t.Context(), w.service.URL+path)
	if a.status != 200 {
		w.t.Fatalf("%s is answered %+v", path, a)
	}
	return a.body
}
