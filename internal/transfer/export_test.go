package transfer_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/takedown"
)

// lived fills site a with some of everything: threads in every state, undone, withdrawn and reported comments, rules
// and blocks, lessons that were withdrawn, copied, retired and erased.
func (w *world) lived() {
	w.t.Helper()
	ann := w.AddStaff("Ann", authz.Owner, "a", "b")
	for i, about := range []string{"Quinces keep until March", "Hinges want oil, not grease", "Ferns hate lime"} {
		root := w.Submit(w.A, about+", says my aunt.")
		w.Decide(ann, w.A, comment.Approve, root.ID)
		answer := w.Reply(w.A, root.ID, "“"+about+"”: =1+1 <b>and</b>\u2028 \\u0000 \U0001F345 \"so\".")
		w.Decide(ann, w.A, []comment.Action{comment.Approve, comment.MarkSpam, comment.Reject}[i], answer.ID)
		w.Reply(w.A, root.ID, fmt.Sprintf("It waits as number %d of those that answer.", i))
	}
	undone := w.Submit(w.A, "Cheap watches for every wrist")
	w.Undo(ann, w.A, w.Decide(ann, w.A, comment.MarkSpam, undone.ID).Batch)
	told := w.Submit(w.A, "My number is 555 0101, ring me about the ladder.")
	w.Decide(ann, w.A, comment.Approve, told.ID)
	_, err := w.App.Redact(w.Ctx, ann, w.A, told.ID, moderation.Redaction{Version: w.Comment(w.A, told.ID).Version,
		Part: comment.Part{From: 0, To: 21}, Why: "a number"})
	w.Must(err)
	_, err = w.App.Report(w.Ctx, w.A, told.ID, report.NewReport{Reason: comment.ReasonOther, Detail: "-2+3\tis rude",
		From: netip.MustParseAddr("10.9.8.7")})
	w.Must(err)
	back, token := w.SubmitWithToken(w.A, "I shall take this back in a minute.")
	w.Must(w.App.Withdraw(w.Ctx, w.A, back.ID, token))
	refused, token := w.SubmitWithToken(w.A, "You are all wrong about the moles.")
	w.Decide(ann, w.A, comment.Reject, refused.ID)
	_, err = w.App.Appeal(w.Ctx, w.A, refused.ID, report.NewAppeal{Token: token, Text: "They do eat bulbs."})
	w.Must(err)
	_, _, err = w.App.AddRule(w.Ctx, ann, w.A, rules.Draft{Kind: rules.KindWord, Words: "casino\nпокер",
		Action: rules.ActionHold}, nil)
	w.Must(err)
	_, _, err = w.App.AddBlock(w.Ctx, ann, w.A, rules.BlockDraft{Host: "shop.example"}, nil)
	w.Must(err)
	_, _, err = w.App.AddBlock(w.Ctx, ann, w.A, rules.BlockDraft{Writer: hex.EncodeToString(undone.Writer),
		Until: w.Clock.Now().Add(time.Hour)}, nil)
	w.Must(err)
	_, _, err = w.App.AddNote(w.Ctx, ann, w.A, undone.ID, "Wrote to us;\n<b>is</b> the baker's son.", nil)
	w.Must(err)
	taught := w.Submit(w.B, "Learned beside: pills by post")
	w.Decide(ann, w.B, comment.MarkSpam, taught.ID)
	_, err = w.App.CopyLessons(w.Ctx, ann, w.A, "b", nil)
	w.Must(err)
	w.Must(w.App.Teach(w.Ctx, ann, w.A, spamcheck.Request{Body: "Sent from elsewhere: garage doors"}, classifier.Spam))
	w.Must(w.App.Teach(w.Ctx, ann, w.A, spamcheck.Request{Body: "Sent from elsewhere: garage doors"}, classifier.Ham))
	w.demanded(ann, told.ID, undone.ID)
	change, err := w.App.WithdrawLessons(w.Ctx, ann, w.A, ann.Account.ID, nil)
	w.Must(err)
	w.Undo(ann, w.A, change.Batch)
	w.A, err = w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"reply_texts": "One.\n\nTwo, \"so\".",
		"close_after_days": "90"})
	w.Must(err)
}

// demanded enters takedowns: two of the same comments, of which one is ended, and one of a page.
func (w *world) demanded(ann authz.Actor, comments ...string) {
	w.t.Helper()
	demand := func(in takedown.Draft) string {
		out, _, err := w.App.Withhold(w.Ctx, ann, w.A, in, nil)
		w.Must(err)
		return out.ID
	}
	demand(takedown.Draft{Comments: comments, By: "District court", Kind: takedown.Court, Law: "Law on \"mass\" media",
		Country: "Kazakhstan", Reference: "7-12/26", Until: w.Clock.Now().Add(90 * 24 * time.Hour)})
	w.Must(w.App.Restore(w.Ctx, ann, w.A, demand(takedown.Draft{Comments: comments[:1], By: "A neighbour",
		Kind: takedown.Person}), "It was a mistake."))
	const beside = "https://a.example/beside"
	_, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: beside, Name: "Rita", Body: "Withheld with its page."})
	w.Must(err)
	demand(takedown.Draft{Page: beside, By: "Ministry", Kind: takedown.Authority, Public: takedown.Sealed})
}

// exports returns an export of a site.
func (w *world) exports(site site.Site, format string) []byte {
	w.t.Helper()
	var out bytes.Buffer
	err := w.App.Export(w.Ctx, authz.Operator, site, transfer.ExportRequest{Format: format}, &out)
	if err != nil {
		w.t.Fatalf("export %s: %v", format, err)
	}
	return out.Bytes()
}

// parted divides an export into its header, the lines between, and its end line.
func parted(t *testing.T, all []byte) (header, lines, end string) {
	t.Helper()
	header, rest, _ := strings.Cut(string(all), "\n")
	at := strings.LastIndex(strings.TrimSuffix(rest, "\n"), "\n") + 1
	if at == 0 {
		t.Fatalf("an export of %d bytes", len(all))
	}
	return header, rest[:at], rest[at:]
}

func TestExport_HasEverythingOnceInOrder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.lived()
		header, lines, end := parted(w.t, w.exports(w.A, "jsonl"))
		var first struct {
			Format, Site string
			Version      int
			ExportedAt   time.Time `json:"exported_at"`
		}
		w.Must(json.Unmarshal([]byte(header), &first))
		if first.Format != "aitys" || first.Version != 1 || first.Site != "a" || !first.ExportedAt.Equal(w.Clock.Now()) {
			w.t.Errorf("the header is %s", header)
		}
		types, seen, seq := map[string]int{}, map[string]bool{"": true}, 0
		in := bufio.NewScanner(strings.NewReader(lines))
		for in.Scan() {
			var l struct {
				Type, ID, Page, Parent, Comment, Kind string
				Seq                                   int
				Comments                              []string
			}
			w.Must(json.Unmarshal(in.Bytes(), &l))
			types[l.Type]++
			switch l.Type {
			case "page":
				seen[l.ID] = true
			case "comment":
				if !seen[l.Parent] || !seen[l.Page] || seen[l.ID] {
					w.t.Errorf("before its page or parent, or twice: %s", in.Text())
				}
				seen[l.ID] = true
			case "report":
				if !seen[l.Comment] {
					w.t.Errorf("before its comment: %s", in.Text())
				}
			case "decision":
				if seq++; l.Seq != seq {
					w.t.Errorf("entry %d stands in the place of %d", l.Seq, seq)
				}
			case "takedown":
				if l.Page == "" && !seen[l.Comments[0]] || !seen[l.Page] {
					w.t.Errorf("before what it is about: %s", in.Text())
				}
			case "lesson":
				if l.Seq != seq {
					w.t.Errorf("a lesson of entry %d stands behind %d", l.Seq, seq)
				}
			}
		}
		types["setting"] -= len(site.Fields)
		want := map[string]int{"setting": 0, "page": 2, "comment": 14, "report": 1, "appeal": 1, "rule": 1, "block": 2,
			"note": 1, "takedown": 3, "decision": 20, "lesson": 11, "account": 1}
		if !maps.Equal(types, want) {
			w.t.Errorf("it has %v, want %v", types, want)
		}
		if sum := sha256.Sum256([]byte(lines)); !strings.Contains(end, base64.StdEncoding.EncodeToString(sum[:])) ||
			!strings.Contains(end, fmt.Sprintf(`"lines":%d,`, strings.Count(lines, "\n"))) {
			w.t.Errorf("the last line is %s", end)
		}
		for _, kept := range []string{"\U0001F345", `=1+1 <b>and</b>`, "555 0101", "casino\\nпокер", `"writer":"email"`,
			`"by":"District court","kind":"court","law":"Law on \"mass\" media","country":"Kazakhstan","reference":"7-12/26"`,
			`"why":"It was a mistake."`, `"text":"Wrote to us;\n<b>is</b> the baker's son."`} {
			if !strings.Contains(lines, kept) {
				w.t.Errorf("it lacks %s", kept)
			}
		}
		for _, alien := range []string{"staff.example", "password", `"key":"b"`} {
			if strings.Contains(lines, alien) {
				w.t.Errorf("it has %s", alien)
			}
		}
	})
}

func TestExport_IsReproducible(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.lived()
		one := w.exports(w.A, "jsonl")
		w.Clock.Add(time.Hour)
		h1, lines1, end1 := parted(w.t, one)
		h2, lines2, end2 := parted(w.t, w.exports(w.A, "jsonl"))
		if lines1 != lines2 || end1 != end2 || h1 == h2 {
			w.t.Errorf("%s %s\n%s %s", h1, end1, h2, end2)
		}
	})
}

// A change during an export is in it completely or not at all.
func TestExport_IsOneSnapshot(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.lived()
		want := w.exports(w.A, "jsonl")
		first, got := true, bytes.Buffer{}
		err := w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "jsonl", Progress: func(uint64) {
			if first {
				first = false
				c := w.Submit(w.A, "Written while it was read.")
				w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
			}
		}}, &got)
		w.Must(err)
		_, lines, end := parted(w.t, got.Bytes())
		_, wanted, _ := parted(w.t, want)
		if first || lines != wanted {
			w.t.Errorf("it is another one: %s", end)
		}
	})
}

// A person who is erased during an export is in it completely, and not in the next one.
func TestExport_ErasureMeanwhile(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		w.lived()
		const gone = "quagga@mail.example"
		w.Commenters++
		c, err := w.App.Submit(w.Ctx, w.A, moderation.Submission{PageURL: "https://a.example/erased", Name: "Quagga",
			Email: gone, Body: "The quagga was seen here."})
		w.Must(err)
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		want := w.exports(w.A, "jsonl")
		first, got := true, bytes.Buffer{}
		err = w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "jsonl", Progress: func(uint64) {
			if first {
				first = false
				w.Must(w.App.Erase(w.Ctx, w.A, []string{c.ID}))
				_, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, learning.DataSubject{Email: gone}, nil)
				w.Must(err)
			}
		}}, &got)
		w.Must(err)
		_, lines, end := parted(w.t, got.Bytes())
		_, wanted, _ := parted(w.t, want)
		if first || lines != wanted || !strings.Contains(lines, gone) {
			w.t.Errorf("it is another one: %s", end)
		}
		if after := string(w.exports(w.A, "jsonl")); strings.Contains(strings.ToLower(after), "quagga") {
			w.t.Error("the next one has what was erased")
		}
	})
}

func TestExport_RefusesSecond(t *testing.T) {
	t.Parallel()
	w := &world{apptest.New(t), t}
	w.Submit(w.A, "Here once.")
	in, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "jsonl"}, out)
		done <- errors.Join(err, out.Close())
	}()
	_, err := in.Read(make([]byte, 1)) // the export has started
	w.Must(err)
	again := w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "jsonl"}, io.Discard)
	apptest.WantCode(t, "the second", again, "busy")
	_, err = io.Copy(io.Discard, in)
	w.Must(errors.Join(err, <-done))
	w.exports(w.A, "jsonl")
	bad := w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "pdf"}, io.Discard)
	apptest.WantCode(t, "another format", bad, "query.invalid")
}
