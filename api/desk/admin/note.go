package admin

import (
	"net/url"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
)

// A notesPage has what is noted about the writer of a comment, and a form to note more.
type notesPage struct {
	desk.Frame
	Of          desk.Brief
	Notes       []noteRow
	Text, Error string // as it was sent, and what is wrong with it
	Undo        string // what was removed just now, and can be brought back
}

type noteRow struct{ Text, By, ISO, When, Remove string }

func (o *owner) notes(v *desk.Visit) error {
	p, err := o.notesPage(v)
	if err != nil {
		return err
	}
	return v.Show("notes", p)
}

func (o *owner) notesPage(v *desk.Visit) (p notesPage, err error) {
	it, _, err := o.Moderation.Item(v.Ctx(), v.Who, v.Site, v.Param("id"))
	if err != nil {
		return p, err
	}
	of, err := o.Briefs(v, []string{it.Comment.ID})
	if err != nil {
		return p, err
	}
	if p.Frame, err = o.SiteFrame(v, v.Words.T("notes")); err != nil {
		return p, err
	}
	if len(of) > 0 {
		p.Of = of[0]
	}
	p.Notes = drawNotes(v.Words, v.At("/notes/"), it.Notes)
	if fl, ok := o.Said(v); ok {
		if _, p.Notices = v.Words.Tell(fl); fl.Did == "notes" {
			p.Undo = v.At("/notes/" + url.PathEscape(fl.Batch) + "/restore")
		}
	}
	return p, nil
}

func drawNotes(w *desk.Catalog, at string, list []rules.Noted) (drawn []noteRow) {
	for _, n := range list {
		drawn = append(drawn, noteRow{n.Text, w.Someone(n.Name), desk.ISO(n.CreatedAt), desk.Stamp(n.CreatedAt),
			at + n.ID + "/remove"})
	}
	return drawn
}

// addNote notes what a form says about the writer of a comment.
func (o *owner) addNote(v *desk.Visit) error {
	said := v.Form.Get("text")
	_, _, err := o.Rules.AddNote(v.Ctx(), v.Who, v.Site, v.Param("id"), said, nil)
	if err == nil {
		return o.TellAt(v, v.At(notesOf(v.Param("id"))), desk.Flash{Did: "notes.added"})
	}
	says, err := v.Refused("notes", err)
	if err != nil {
		return err
	}
	bad := v.Problem
	p, err := o.notesPage(v)
	if err != nil {
		return err
	}
	v.Problem, p.Text, p.Error = bad, said, says
	return v.Show("notes", p)
}

func (o *owner) removeNote(v *desk.Visit) error {
	return o.do(v, o.Rules.RemoveNote, notesOf(v.Form.Get("of")), desk.Flash{Did: "notes", Batch: v.Param("id")})
}

func (o *owner) restoreNote(v *desk.Visit) error {
	return o.do(v, o.Rules.RestoreNote, notesOf(v.Form.Get("of")), desk.Flash{Did: "notes.restored"})
}

// notesOf is the address of the notes about the writer of a comment.
func notesOf(comment string) string { return "/comments/" + url.PathEscape(comment) + "/notes" }
