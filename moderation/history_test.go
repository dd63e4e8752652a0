package moderation_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/txn"
)

var update = flag.Bool("update", false, "rewrite the expected parts of testdata/history")

// TestHistories runs the histories in testdata/history: blocks of commands, a line "----", and the expected output. Each
// line is one command. NAME is a name for the comment that the command creates:
//
//	post NAME [by WRITER] [under NAME] [on PAGE]: TEXT    also: trap, from ADDRESS
//	edit NAME: TEXT           withdraw NAME
//	approve|spam|hold NAME…   reject REASON NAME…          undo N   (the N-th batch)
//	redact NAME: WORDS        (removes the words from its text)
//	close|open PAGE           set NAME=VALUE               wait DURATION
//	learn                     (the model follows the log)   school: HAM SPAM (numbers of comments to decide and learn)
func TestHistories(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/history/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no histories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := newHistory(t, false).play(string(want))
			if again := newHistory(t, true).play(string(want)); again != got {
				t.Errorf("%s, each transaction run twice\n--- got\n%s\n--- want\n%s", file, again, got)
			}
			if got == string(want) {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s\n--- got\n%s\n--- want\n%s", file, got, want)
		})
	}
}

// A history is a world with named comments.
type history struct {
	*world
	names   []string // in order of posting
	posted  map[string]moderation.Submitted
	texts   map[string]string // name by text
	batches []string
	said    []string // output of the commands of this block
}

func newHistory(t *testing.T, twice bool) *history {
	h := &history{world: newWorld(t), posted: map[string]moderation.Submitted{}, texts: map[string]string{}}
	if twice {
		h.App = h.NewApp(retrying{h.DB.Store})
	}
	return h
}

// retrying is a store that rolls each transaction back once at its end, and runs it again.
type retrying struct{ txn.Store[store.Tx] }

func (r retrying) Update(ctx context.Context, fn func(store.Tx) error) ([]event.Event, error) {
	errAgain := errors.New("run it again")
	_, err := r.Store.Update(ctx, func(tx store.Tx) error {
		if err := fn(tx); err != nil {
			return err
		}
		return errAgain
	})
	if !errors.Is(err, errAgain) {
		return nil, err
	}
	return r.Store.Update(ctx, fn)
}

// play runs a history and returns it with the actual output in place of the expected output.
func (h *history) play(text string) string {
	var out strings.Builder
	seen := false // skip the expected output of the previous block up to an empty line
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case seen && line != "":
			continue
		case line == "----":
			fmt.Fprintf(&out, "----\n%s", h.report())
			seen = true
			continue
		case line != "" && !strings.HasPrefix(line, "#"):
			h.Clock.Add(time.Second)
			h.run(line)
		}
		seen = false
		out.WriteString(line + "\n")
	}
	return out.String()
}

func (h *history) say(format string, args ...any) {
	h.said = append(h.said, fmt.Sprintf(format, args...))
}

func (h *history) run(line string) {
	h.T.Helper()
	head, text, _ := strings.Cut(line, ": ")
	words := strings.Fields(head)
	verb, args := words[0], words[1:]
	var err error
	switch verb {
	case "post":
		err = h.post(args, text)
	case "edit":
		p := h.posted[args[0]]
		h.texts[text] = args[0] + "'"
		_, _, err = h.App.Edit(h.Ctx, h.A, p.ID, p.EditToken, text)
	case "withdraw":
		p := h.posted[args[0]]
		err = h.App.Withdraw(h.Ctx, h.A, p.ID, p.EditToken)
	case "approve", "spam", "hold":
		err = h.choose(verb, "", args)
	case "reject":
		err = h.choose(verb, args[0], args[1:])
	case "undo":
		var n int
		_, _ = fmt.Sscan(args[0], &n)
		var out moderation.Outcome
		out, err = h.App.Undo(h.Ctx, authz.Operator, h.A, h.batches[n-1], nil)
		h.outcome("undone", out)
	case "redact":
		var out moderation.Redacted
		out, err = h.App.Redact(h.Ctx, authz.Operator, h.A, h.posted[args[0]].ID,
			moderation.Redaction{Part: comment.Part{Words: text}, Why: "Too much."})
		h.outcome("redact", moderation.Outcome{Batch: out.Batch})
		h.texts[h.Comment(h.A, h.posted[args[0]].ID).Source] = args[0] + "█"
	case "close", "open":
		err = h.setOpen(args[0], verb == "open")
	case "set":
		name, value, _ := strings.Cut(args[0], "=")
		var site site.Site
		if site, err = h.App.SetSite(h.Ctx, authz.Operator, "a", map[string]string{name: value}); err == nil {
			h.A = site
		}
	case "wait":
		d, _ := time.ParseDuration(args[0])
		h.Clock.Add(d)
	case "school":
		var ham, spam int
		_, _ = fmt.Sscan(text, &ham, &spam)
		h.Train(h.A, ham, spam)
	case "learn":
		err = h.App.Learn(h.Ctx, h.A)
	default:
		h.T.Fatalf("no command %q", line)
	}
	if err != nil {
		h.say("%s: %s", head, apptest.Code(err))
	}
}

func (h *history) post(args []string, text string) error {
	name := args[0]
	in := moderation.Submission{PageURL: "https://a.example/post", Name: name, Body: text}
	for i := 1; i < len(args); i++ {
		switch args[i] {
		case "by":
			in.Name = strings.Trim(args[i+1], `"`)
			i++
		case "under":
			in.Parent = h.posted[args[i+1]].ID
			i++
		case "on":
			in.PageURL = "https://a.example/" + args[i+1]
			i++
		case "from":
			in.Address = netip.MustParseAddr(args[i+1])
			i++
		case "trap":
			in.Form = &moderation.Form{Trap: "x"}
		default:
			h.T.Fatalf("post: no option %q", args[i])
		}
	}
	out, err := h.App.Submit(h.Ctx, h.A, in)
	if err != nil {
		return err
	}
	if out.Duplicate {
		h.say("%s: the same as %s", name, h.name(out.ID))
		return nil
	}
	h.names = append(h.names, name)
	h.posted[name] = out
	if h.texts[text] == "" {
		h.texts[text] = name
	}
	return nil
}

func (h *history) name(id string) string {
	for name, p := range h.posted {
		if p.ID == id {
			return name
		}
	}
	return "?"
}

func (h *history) choose(verb, reason string, names []string) error {
	action, _ := comment.ParseAction(verb)
	why, _ := comment.ParseReason(reason)
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = h.posted[name].ID
	}
	out, err := h.App.Decide(h.Ctx, authz.Operator, h.A,
		moderation.Choice{Action: action, Reason: why, Comments: h.Refs(h.A, ids...)})
	h.outcome(verb, out)
	return err
}

func (h *history) outcome(verb string, out moderation.Outcome) {
	if out.Batch != "" {
		h.batches = append(h.batches, out.Batch)
	}
	if out.Unchanged > 0 {
		h.say("%s: %d unchanged", verb, out.Unchanged)
	}
	for _, c := range out.Conflicts {
		h.say("%s: %s %s", verb, h.name(c.ID), c.Code)
	}
}

func (h *history) setOpen(page string, open bool) error {
	var id string
	h.View(func(tx store.Tx) error {
		p, err := tx.PageByURL(h.A.ID, "https://a.example/"+page)
		id = p.ID
		return err
	})
	_, err := h.App.SetPage(h.Ctx, authz.Operator, h.A, id, sites.PageChange{Open: &open})
	return err
}

// report returns the output of the commands and the state of all comments.
func (h *history) report() string {
	var out strings.Builder
	for _, line := range h.said {
		fmt.Fprintln(&out, line)
	}
	h.said = nil
	for _, name := range h.names {
		c := h.Comment(h.A, h.posted[name].ID)
		fmt.Fprintf(&out, "%s is %s", name, c.State)
		if c.Reason != comment.NoReason {
			fmt.Fprintf(&out, " (%s)", c.Reason)
		}
		fmt.Fprintf(&out, " v%d", c.Version)
		if c.Submissions > 1 {
			fmt.Fprintf(&out, " ×%d", c.Submissions)
		}
		if c.State == comment.Pending && c.Verdict.Action != comment.Hold {
			fmt.Fprintf(&out, ", suggested: %s", c.Verdict.Action)
		}
		out.WriteByte('\n')
	}
	for _, view := range []comment.View{comment.ViewPending, comment.ViewSuspected} {
		q, err := h.App.Queue(h.Ctx, authz.Operator, h.A, comment.QueueRequest{View: view})
		h.Must(err)
		names := make([]string, len(q.Items))
		for i, item := range q.Items {
			names[i] = h.name(item.Comment.ID)
		}
		list(&out, string(view), names)
	}
	thread, err := h.App.Thread(h.Ctx, h.A, comment.ThreadRequest{PageURL: "https://a.example/post"})
	h.Must(err)
	var shown []string
	for _, c := range thread.Comments {
		name := strings.Repeat("↳", c.Depth) + h.name(c.ID)
		if c.State != comment.Approved {
			name = "(" + name + ")"
		}
		shown = append(shown, name)
	}
	list(&out, "thread", shown)
	list(&out, "lessons", h.lessons())
	return out.String()
}

func list(out *strings.Builder, title string, names []string) {
	if len(names) > 0 {
		fmt.Fprintf(out, "%s: %s\n", title, strings.Join(names, " "))
	}
}

// lessons lists the active lessons. NAME' is the edited text of NAME.
func (h *history) lessons() []string {
	var found []string
	h.View(func(tx store.Tx) error {
		return tx.EachLesson(h.A.ID, 0, func(l classifier.Lesson) error {
			if name := h.texts[l.Comment.Text]; name != "" { // else it comes from the command school
				found = append(found, fmt.Sprintf("%s=%s", name, l.Label))
			}
			return nil
		})
	})
	return slices.Clip(found)
}
