package desk

import (
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation"
)

// Evidence says in a language of the desk what a piece of evidence is, and where it was seen.
func Evidence(lang string, w classifier.Weight) (what, seen string) {
	c := catalogs()[lang]
	return c.token(w.Token), c.t("evidence.seen", "spam", w.Spam, "ham", w.Ham)
}

// Signal says a signal in a language of the desk.
func Signal(lang string, s moderation.Signal) string {
	return (&cardMaker{catalog: catalogs()[lang]}).signal(s)
}
