package desk

import (
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
)

// A Catalog is the words of the desk in one language, and the sentences that it makes of them.
type Catalog struct{ *i18n.Catalog }

// scripts are the words of the script, as JSON by language.
var scripts = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, l := range i18n.Languages {
		all[l.Key] = i18n.In(l.Key).JSON("js.", "reason.low.")
	}
	return all
})

// wrong says what is wrong with the first bad field of a form; in English where the catalog does not
// know of that field.
func (c *Catalog) wrong(form string, p web.Problem) string {
	if key := form + ".bad." + strings.TrimPrefix(p.Errors[0].Field, "/"); c.Has(key) {
		return c.T(key)
	}
	return p.Detail
}

// Day is a day as people write it: 24 Oct, 24 окт.
func (c *Catalog) Day(t time.Time) string {
	t = t.UTC()
	return strconv.Itoa(t.Day()) + " " + c.Month("date.months", t)
}

// seen says where a piece of evidence for a reason was seen.
func (c *Catalog) seen(w classifier.Weight, r comment.Reason) string {
	return c.Seen(r.String(), w.Spam, w.Ham)
}
