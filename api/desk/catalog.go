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

// A Catalog holds the desk's messages in one language and formats sentences from them.
type Catalog struct{ *i18n.Catalog }

// scriptMessages returns the script's messages as JSON, by language.
var scriptMessages = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, l := range i18n.Languages {
		all[l.Key] = i18n.In(l.Key).JSON("js.", "reason.low.", "date.months", "date.year")
	}
	return all
})

// fieldError returns the message about the first invalid field of a form. It falls back to the problem's English
// detail, translated, if the catalog has no message for the field.
func (c *Catalog) fieldError(form string, p web.Problem) string {
	if key := form + ".bad." + strings.TrimPrefix(p.Errors[0].Field, "/"); c.Has(key) {
		return c.T(key)
	}
	return c.Problem(p.Detail)
}

// Day formats a day in UTC without the year: 24 Oct, 24 окт.
func (c *Catalog) Day(t time.Time) string {
	t = t.UTC()
	return strconv.Itoa(t.Day()) + " " + c.Month("date.months", t)
}

// DayAndYear formats a day in UTC with the year: 24 Oct 2026, 24 окт. 2026.
func (c *Catalog) DayAndYear(t time.Time) string {
	t = t.UTC()
	return c.T("date.year", "day", t.Day(), "month", c.Month("date.months", t), "year", strconv.Itoa(t.Year()))
}

// seen returns how many refused and approved comments contained a token, for the reason r.
func (c *Catalog) seen(w classifier.Weight, r comment.Reason) string {
	return c.SeenCounts(r.String(), w.Spam, w.Ham)
}
