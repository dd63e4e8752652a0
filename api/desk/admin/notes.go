package admin

import (
	"net/url"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
)

// A notesPage lists the notes about a comment's author, with a form to add one.
type notesPage struct {
	desk.Frame
	Of          desk.Brief
	Notes       []noteRow
	Text, Error string // the submitted text and its error
	Undo        string // the address that restores the note that was just removed, or ""
}

type noteRow struct{ Text, By, ISO, When, Remove string }

func (o *admin) notes(v *desk.Visit) error {
	p, err := o.notesPage(v)
	if err != nil {
		return err
	}
	return v.Show("notes", p)
}

func (o *admin) notesPage(v *desk.Visit) (p notesPage, err error) {
	it, _, err := o.Moderation.Item(v.Ctx(), v.Actor, v.Site, v.Param("id"))
	if err != nil {
		return p, err
	}
	of, err := o.Briefs(v, []string{it.Comment.ID})
	if err != nil {
		return p, err
	}
	if p.Frame, err = o.DeskFrame(v, v.Words.T("notes")); err != nil {
		return p, err
	}
	if len(of) > 0 {
		p.Of = of[0]
	}
	p.Notes = newNoteRows(v.Words, v.SitePath("/notes/"), it.Notes)
	if fl, ok := o.TakeFlash(v); ok {
		if _, p.Notices = v.Words.FlashText(fl); fl.Action == "notes" {
			p.Undo = v.SitePath("/notes/" + url.PathEscape(fl.Batch) + "/restore")
		}
	}
	return p, nil
}

func newNoteRows(w *desk.Catalog, at string, list []rules.NamedNote) (drawn []noteRow) {
	for _, n := range list {
		drawn = append(drawn, noteRow{n.Text, w.AccountName(n.Name), desk.ISO(n.CreatedAt), desk.Stamp(n.CreatedAt),
			at + n.ID + "/remove"})
	}
	return drawn
}

// addNote adds a note about a comment's author.
func (o *admin) addNote(v *desk.Visit) error {
	said := v.Form.Get("text")
	_, _, err := o.Rules.AddNote(v.Ctx(), v.Actor, v.Site, v.Param("id"), said, nil)
	if err == nil {
		to := v.SitePath(notesPath(v.Param("id")))
		if v.Form.Has("one") { // the form of the comment's own page
			to = v.CommentURL(v.Param("id"))
		}
		return o.RedirectWithFlash(v, to, desk.Flash{Action: "notes.added"})
	}
	says, err := v.FormError("notes", err)
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

func (o *admin) removeNote(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RemoveNote, notesPath(v.Form.Get("of")), desk.Flash{Action: "notes", Batch: v.Param("id")})
}

func (o *admin) restoreNote(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RestoreNote, notesPath(v.Form.Get("of")), desk.Flash{Action: "notes.restored"})
}

// notesPath returns the path of the notes about a comment's author.
func notesPath(comment string) string { return "/comments/" + url.PathEscape(comment) + "/notes" }
