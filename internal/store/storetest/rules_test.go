package storetest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

var rulesRules = []rule{
	{"rules and blocks are read as they were written, the oldest first", rulesAreKept},
	{"removed rules are not listed, can be restored, and are pruned after a time", rulesComeBack},
	{"notes are found by writer, and deleted with the writer's last comment", notesAreKept},
	{"the last decided comments are those of the newest entries, in their current state", lastDecided},
	{"a writer's first approved comments are found, with a link and without", writersFirsts},
}

func rulesAreKept(w *env) {
	later := rules.Rule{ID: w.id("rule"), Site: w.site.ID, Kind: rules.KindWord, Words: "два\nслова", Limit: 7,
		Action: rules.ActionSuspect, Until: began.Add(time.Hour), By: "somebody", CreatedAt: began.Add(time.Minute)}
	sooner := rules.Rule{ID: w.id("rule"), Site: w.site.ID, Kind: rules.KindFirstLink, Action: rules.ActionHold,
		CreatedAt: began}
	block := rules.Block{ID: w.id("block"), Site: w.site.ID, Kind: rules.BlockWriter, Value: "ab", Comment: "c",
		Trust: true, Until: began.Add(time.Hour), By: "somebody", CreatedAt: began}
	w.update(func(tx store.Tx) error {
		for _, r := range []rules.Rule{later, sooner} {
			if err := tx.PutRule(r); err != nil {
				return err
			}
		}
		return tx.PutBlock(block)
	})
	w.view(func(tx store.Tx) error {
		list, err := tx.Rules(w.site.ID)
		if want := []rules.Rule{sooner, later}; !reflect.DeepEqual(list, want) {
			w.Errorf("rules %+v, want %+v", list, want)
		}
		if err != nil {
			return err
		}
		blocks, err := tx.Blocks(w.site.ID)
		if want := []rules.Block{block}; !reflect.DeepEqual(blocks, want) {
			w.Errorf("blocks %+v, want %+v", blocks, want)
		}
		return err
	})
}

func rulesComeBack(w *env) {
	r := rules.Rule{ID: w.id("rule"), Site: w.site.ID, Action: rules.ActionHold, CreatedAt: began}
	count := func(want int) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			list, err := tx.Rules(w.site.ID)
			if len(list) != want {
				w.Errorf("%d rules, want %d", len(list), want)
			}
			return err
		})
	}
	set := func(at time.Time, want error) {
		w.Helper()
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.RemoveRule(w.site.ID, r.ID, at) })
		w.wants("remove", err, want)
	}
	w.update(func(tx store.Tx) error { return tx.PutRule(r) })
	set(time.Time{}, txn.ErrNotFound)
	set(began, nil)
	count(0)
	set(began, txn.ErrNotFound)
	w.update(func(tx store.Tx) error { return tx.PruneRules(w.site.ID, began) })
	set(time.Time{}, nil)
	count(1)
	w.update(func(tx store.Tx) error { return tx.PruneRules(w.site.ID, began.Add(time.Hour)) })
	count(1)
	set(began, nil)
	w.update(func(tx store.Tx) error { return tx.PruneRules(w.site.ID, began.Add(time.Second)) })
	set(time.Time{}, txn.ErrNotFound)
}

func notesAreKept(w *env) {
	by := func(writer string) edit { return func(c *comment.Comment) { c.Writer = []byte(writer) } }
	one, two, other := w.comment(by("a")), w.comment(by("a")), w.comment(by("b"))
	note := func(of comment.Comment, said string, at time.Duration) rules.Note {
		n := rules.Note{ID: w.id("note"), Site: w.site.ID, Writer: of.Writer, Comment: of.ID, Text: said, By: "somebody",
			CreatedAt: began.Add(at)}
		w.update(func(tx store.Tx) error { return tx.PutNote(n) })
		return n
	}
	first, second := note(one, "Wrote to us.", 0), note(two, "Көрші", time.Minute)
	third := note(other, "Another.", 2*time.Minute)
	wants := func(what string, want []rules.Note, writers ...[]byte) {
		w.Helper()
		w.view(func(tx store.Tx) error {
			refs := []site.Ref{{Site: w.site.ID + 1, ID: string(one.Writer)}}
			for _, writer := range writers {
				refs = append(refs, site.Ref{Site: w.site.ID, ID: string(writer)})
			}
			got, err := tx.NotesAbout(refs)
			if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
				w.Errorf("%s: notes %+v, want %+v", what, got, want)
			}
			return err
		})
	}
	wants("of one writer", []rules.Note{second, first}, one.Writer)
	wants("of two", []rules.Note{third, second, first}, one.Writer, other.Writer)
	wants("of nobody", nil, []byte("c"))
	w.view(func(tx store.Tx) error {
		got, err := tx.Notes(w.site.ID)
		if want := []rules.Note{first, second, third}; !reflect.DeepEqual(got, want) {
			w.Errorf("of all: notes %+v, want %+v", got, want)
		}
		return err
	})
	w.update(func(tx store.Tx) error { return tx.RemoveNote(w.site.ID, second.ID, began) })
	wants("after one was removed", []rules.Note{first}, one.Writer)
	w.update(func(tx store.Tx) error { return tx.RemoveNote(w.site.ID, second.ID, time.Time{}) })
	wants("after it came back", []rules.Note{second, first}, one.Writer)
	forget := func(c comment.Comment) {
		w.update(func(tx store.Tx) error { return tx.ForgetComment(c, []byte(`{"id":"`+c.ID+`"}`)) })
	}
	forget(one)
	wants("while something of theirs is left", []rules.Note{second, first}, one.Writer)
	forget(two)
	wants("when nothing is", nil, one.Writer)
	wants("of another", []rules.Note{third}, other.Writer)
}

func lastDecided(w *env) {
	var all []comment.Comment
	var entries []auditlog.Entry
	for i, state := range []comment.State{comment.Approved, comment.Spam, comment.Pending, comment.Rejected} {
		c := w.comment(in(state), func(c *comment.Comment) { c.Standing = uint64(i + 1) })
		all = append(all, c)
		entries = append(entries, auditlog.Entry{Seq: uint64(i + 1), Batch: w.id("batch"), At: began, Hash: []byte("h"),
			Ruling: auditlog.Ruling{Comment: c.ID}})
	}
	w.comment(in(comment.Approved)) // without a decision
	w.update(func(tx store.Tx) error { return tx.AppendDecisions(w.site.ID, entries) })
	for limit, want := range map[int][]string{
		9: {all[3].ID, all[1].ID, all[0].ID}, 3: {all[3].ID, all[1].ID}, 1: {all[3].ID},
	} {
		w.view(func(tx store.Tx) error {
			got, err := tx.LastDecided(w.site.ID, limit)
			if !reflect.DeepEqual(ids(got), want) {
				w.Errorf("of %d entries %v, want %v", limit, ids(got), want)
			}
			return err
		})
	}
}

func writersFirsts(w *env) {
	by := func(writer string) edit { return func(c *comment.Comment) { c.Writer = []byte(writer) } }
	text := func(source string) edit { return func(c *comment.Comment) { c.Source = source } }
	linked := text("[x](https://x.example)")
	w.comment(by("a"), in(comment.Approved), at(2*time.Minute), linked)
	w.comment(by("a"), in(comment.Approved), at(time.Minute))
	w.comment(by("a"), in(comment.Spam), at(0), linked)
	plain := w.comment(by("b"), in(comment.Approved), at(3*time.Minute))
	w.comment(by("c"))
	w.comment(by("e"), in(comment.Approved), at(4*time.Minute), text("`https://x.example`"))
	for i, source := range []string{"See WWW.x.example", `[x](http:\/\/x.example)`, "<https://x.example>"} {
		if len(markup.Links(markup.Render(source))) == 0 {
			w.Errorf("%s has no link", source)
		}
		w.comment(by(fmt.Sprint("f", i)), in(comment.Approved), at(5*time.Minute), text(source))
	}
	w.view(func(tx store.Tx) error {
		got, err := tx.Firsts(w.site.ID, [][]byte{[]byte("a"), []byte("b"), []byte("c"), []byte("d"), []byte("e"),
			[]byte("f0"), []byte("f1"), []byte("f2")})
		fifth := rules.Firsts{Approved: began.Add(5 * time.Minute), Linked: began.Add(5 * time.Minute)}
		want := map[string]rules.Firsts{
			"a":  {Approved: began.Add(time.Minute), Linked: began.Add(2 * time.Minute)},
			"b":  {Approved: began.Add(3 * time.Minute)},
			"e":  {Approved: began.Add(4 * time.Minute), Linked: began.Add(4 * time.Minute)}, // also counts without a link
			"f0": fifth, "f1": fifth, "f2": fifth,
		}
		if !reflect.DeepEqual(got, want) {
			w.Errorf("firsts %+v, want %+v", got, want)
		}
		if err != nil {
			return err
		}
		c, err := tx.WrittenBy(w.site.ID, []byte("b"))
		if c.ID != plain.ID {
			w.Errorf("written by b is %s, want %s", c.ID, plain.ID)
		}
		_, missing := tx.WrittenBy(w.site.ID, []byte("d"))
		w.wants("written by nobody", missing, txn.ErrNotFound)
		return err
	})
}
