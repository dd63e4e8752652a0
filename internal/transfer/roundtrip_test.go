package transfer_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/takedown"
)

// cells lists beginnings that spreadsheets take for formulas, also after characters that they ignore.
var cells = []string{
	"=1+1", "=cmd|' /C calc'!A0", "+7 700 000", "-2+3", "@SUM(1+1)", "\t=1", "\r=1", "\n=1", "\"=1", "\";=1", "x;=1",
	"x\n=1", "x\r\n-1", "x\";\"=1", "\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF20SUM(1)", "\u200b=1", "\ufeff=1", " =1",
	"\u00A0=1", "\u202e=1", "\x0b=1", "|calc", "\f@A1", "=1;\"a", "a\tb\t=1", "x\n\n  @A1", "\u2060\u2060+1",
}

// No cell begins as a formula, by any of the rules that spreadsheets use to read a file.
func TestExportCSV_NoFormulas(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	for i, cell := range cells {
		c := w.Submit(w.A, fmt.Sprintf("%s %c stands here before all that follows", cell, 'a'+i))
		if i == 0 {
			w.DecideWith(authz.Operator, w.A, moderation.Choice{Action: comment.Reject, Reason: comment.ReasonOther,
				Note: "=1+1;=2"}, c.ID)
		}
	}
	file := w.exports(w.A, "csv")
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF")))).ReadAll()
	w.Must(err)
	if len(rows) != len(cells)+1 || len(rows[0]) != 16 {
		t.Fatalf("it has %d rows of %d", len(rows), len(rows[0]))
	}
	for _, cell := range testkit.Formulas(t, file) {
		t.Errorf("a cell is %q", cell)
	}
	if !bytes.Contains(file, []byte("'+7 700 000 c stands")) {
		t.Errorf("the text is not to be read: %s", file)
	}
}

// comings returns the lines of told that survive an export to another service and an import.
func comings(told string) string {
	var kept []string
	for _, line := range strings.Split(told, "\n") {
		if !strings.Contains(line, "  decided by ") {
			kept = append(kept, regexp.MustCompile(` v\d+ shown=`).ReplaceAllString(line, " shown="))
		}
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// An export in another service's format can be imported again, except for what the format cannot express.
func TestExport_RoundTripOfOtherFormats(t *testing.T) {
	t.Parallel()
	for as, by := range map[string]string{"wxr": "wordpress", "disqus": "disqus"} {
		for seed, file := range dumps {
			t.Run(as+" of "+seed, func(t *testing.T) {
				onBoth(t, func(w *world) {
					w.imports(transfer.Request{Format: seed, Path: w.dump(file), Base: "https://a.example"})
					before, text := w.told(), w.exports(w.A, as)
					w.onAnother()
					out := w.imports(transfer.Request{Format: by, Path: w.file(string(text))})
					got, want := comings(w.told()), comings(before)
					if as == "disqus" {
						got, want = lessWaiting(got), lessWaiting(want)
					}
					if got != want {
						w.t.Errorf("it came back as\n%s\nnot\n%s\n%s", got, want, asJSON(w.t, out))
					}
				})
			})
		}
	}
}

// lessWaiting removes pending comments and websites, which the format of Disqus cannot express.
func lessWaiting(told string) string {
	var kept []string
	waits := false
	for _, line := range strings.Split(told, "\n") {
		if strings.Contains(line, " shown=") {
			waits = strings.Contains(line, " pending ")
			line = regexp.MustCompile(` "[^"]*"$`).ReplaceAllString(line, "")
		}
		page := strings.HasPrefix(line, "page ")
		if n := len(kept); page && n > 0 && strings.HasPrefix(kept[n-1], "page ") {
			kept = kept[:n-1] // the page has no comments left
		}
		if !waits || page {
			kept = append(kept, line)
		}
	}
	if n := len(kept); strings.HasPrefix(kept[n-1], "page ") {
		kept = kept[:n-1]
	}
	return strings.TrimSpace(strings.Join(kept, "\n"))
}

// Exports for other services are well-formed XML for any text. They have no removed content and, for Disqus, no pending
// content.
func TestExportXML_WellFormedWithoutHiddenContent(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	w.lived()
	for _, cell := range append(cells, "]]>", "</message></post>", "<!DOCTYPE a [<!ENTITY b 'c'>]>&b;", "\ufffe\uffff") {
		w.Decide(authz.Operator, w.A, comment.Approve, w.Submit(w.A, "Somebody typed: "+cell+" and meant it so.").ID)
	}
	for _, as := range []string{"wxr", "disqus"} {
		file := w.exports(w.A, as)
		n := 0
		for d := xml.NewDecoder(bytes.NewReader(file)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", as, err)
			}
			if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "post" || e.Name.Local == "comment") {
				n++
			}
		}
		if n != 14+len(cells)+4 {
			t.Errorf("%s has %d comments", as, n)
		}
		for alien, has := range map[string]bool{"take this back": false, "It waits as number": as == "wxr",
			"555 0101": false} {
			if bytes.Contains(file, []byte(alien)) != has {
				t.Errorf("%s has %q: %t, want %t", as, alien, !has, has)
			}
		}
		out := (&world{apptest.New(t), t})
		report := out.imports(transfer.Request{Format: map[string]string{"wxr": "wordpress", "disqus": "disqus"}[as],
			Path: out.file(string(file))})
		if report.Approved != 4+len(cells)+4 {
			t.Errorf("of %s %d come back as approved", as, report.Approved)
		}
	}
}

// If a takedown is entered while an export runs, the export writes withheld comments as withheld from then on, and
// fails.
func TestExport_TakedownMeanwhile(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		page := func(n int) string { return fmt.Sprintf("https://a.example/%d", n) }
		post := func(n int, body string) string {
			w.Commenters++
			c, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: page(n), Name: "Rita", Body: body})
			w.Must(err)
			w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
			w.Clock.Add(time.Second)
			return c.ID
		}
		for i, as := range transfer.Exports() {
			late := post(2*i, "The late wigeon flies, number "+as)
			post(2*i+1, "The early heron flies, number "+as) // on a newer page, which is exported first
			begun, file := false, bytes.Buffer{}
			in := transfer.ExportRequest{Format: as, Progress: func(uint64) {
				if begun {
					return
				}
				begun = true
				_, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, takedown.Draft{Comments: []string{late}, By: "District court",
					Kind: takedown.Court}, nil)
				w.Must(err)
			}}
			err := w.App.Export(w.Ctx, authz.Operator, w.A, in, &file)
			if err == nil || !strings.Contains(err.Error(), "export again") || !begun {
				w.t.Errorf("%s: it ends with %v", as, err)
			}
			file.Reset()
			w.Must(w.App.Export(w.Ctx, authz.Operator, w.A, in, &file))
			if as != "jsonl" && as != "csv" { // these two mark it as withheld
				continue
			}
			if !bytes.Contains(file.Bytes(), []byte("withheld")) {
				w.t.Errorf("%s: the next one does not say that it is withheld", as)
			}
		}
		// Formats for other services never publish the comment, even in the incomplete file.
		late := post(100, "The late sandpiper flies.")
		for n := 101; n < 104; n++ {
			post(n, fmt.Sprintf("The early heron flies, number %d", n))
		}
		for _, as := range []string{"csv", "disqus", "wxr"} {
			begun, file := false, bytes.Buffer{}
			var demand takedown.Outcome
			_ = w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: as, Progress: func(uint64) {
				if !begun {
					begun = true
					var err error
					demand, _, err = w.App.Withhold(w.Ctx, authz.Operator, w.A, takedown.Draft{Page: page(100), By: "District court",
						Kind: takedown.Court}, nil)
					w.Must(err)
				}
			}}, &file)
			public := map[string]string{"csv": ",approved,,", "disqus": "<isDeleted>false", "wxr": "<wp:comment_approved>1"}[as]
			for line := range strings.Lines(file.String()) {
				if strings.Contains(line, "sandpiper") && strings.Contains(line, public) {
					w.t.Errorf("%s publishes comment %s: %s", as, late, line)
				}
			}
			if n := strings.Count(file.String(), public); n < 4 {
				w.t.Errorf("%s has only %d public comments: %s", as, n, file.String())
			}
			w.Must(w.App.Restore(w.Ctx, authz.Operator, w.A, demand.ID, "Once more."))
		}
	})
}

// Names and titles that contain entities or tags come back as they were typed.
func TestExport_EntitiesComeBackAsTyped(t *testing.T) {
	t.Parallel()
	const name, title = `R&amp;D <Lab> "x"`, "Salt &amp; Pepper &#8211; <b>"
	for as, by := range map[string]string{"wxr": "wordpress", "disqus": "disqus"} {
		w := &world{apptest.New(t), t}
		out, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/post", PageTitle: title,
			Name: name, Body: "A remark about entities."})
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, out.ID)
		file := w.exports(w.A, as)
		back := &world{apptest.New(t), t}
		back.imports(transfer.Request{Format: by, Path: back.file(string(file))})
		if told := back.told(); !strings.Contains(told, strconv.Quote(name)) || !strings.Contains(told, title) {
			t.Errorf("%s came back as\n%s\nfrom\n%s", as, told, file)
		}
	}
}
