package desk

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
)

// Evidence says in a language of the desk what a piece of evidence is, and where it was seen: in
// how many comments refused for a reason, and in how many approved ones.
func Evidence(lang string, w classifier.Weight, reason comment.Reason) (what, seen string) {
	c := catalogs()[lang]
	return c.token(w.Token), c.seen(w, reason)
}

func (c *catalog) seen(w classifier.Weight, reason comment.Reason) string {
	return c.n("evidence.seen."+reason.String(), w.Spam, "ham", w.Ham)
}

// Signal says a signal in a language of the desk.
func Signal(lang string, s comment.Signal) string {
	return (&cardMaker{catalog: catalogs()[lang]}).signal(s)
}
