package desk

import (
	"fmt"
	"iter"
	"net/http"
	"slices"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// A filterChoice is one line of the filter's list.
type filterChoice struct {
	Param string `json:"param"` // a query parameter of the queue, or "site"
	Value string `json:"value"`
	Name  string `json:"name"`  // of the filter
	Label string `json:"label"` // of the value
	Count string `json:"count"`
}

// maxChoices limits the values per filter.
const maxChoices = 50

// filterChoices answers the script's filter: the values in the queue with their counts, and the number of comments that
// contain the text typed so far, or link to the host that it names.
func (d *desk) filterChoices(v *Visit) error {
	at := parseQueueParams(v.Site.Key, v.QueryParams())
	found, err := d.Moderation.FilterValues(v.Ctx(), v.Actor, at.site, at.request(), v.QueryParam("text"))
	if err != nil {
		return err
	}
	w := v.Words
	count := func(n int) string {
		switch {
		case found.More && n == 0:
			return ""
		case found.More:
			return w.Number(n) + "+"
		}
		return w.Number(n)
	}
	all := []filterChoice{} // not null in JSON
	add := func(param string, values []moderation.FilterValue, label func(moderation.FilterValue) string) {
		if i := slices.Index(filterNames[:], param); i >= 0 && at.filters[i] != "" {
			return
		}
		name := w.T("narrow." + param)
		for _, value := range values[:min(len(values), maxChoices)] {
			all = append(all, filterChoice{param, value.Value, name, shorten(label(value), 60), count(value.N)})
		}
	}
	own := func(value moderation.FilterValue) string { return value.Label }
	add("lang", found.Langs, func(value moderation.FilterValue) string { return w.languageName(value.Value) })
	if at.site == "" && len(found.Sites) > 1 {
		add("site", found.Sites, own)
	}
	add("score", scoreValues(found.Scores), func(value moderation.FilterValue) string { return w.T("band." + value.Label) })
	add("page", found.Pages, own)
	add("writer", found.Writers, func(value moderation.FilterValue) string {
		return w.writer(comment.Comment{Name: value.Label})
	})
	names := map[string]string{}
	for _, param := range filterNames {
		names[param] = w.T("narrow." + param)
	}
	return v.JSON(http.StatusOK, map[string]any{
		"choices": all, "text": count(found.Text), "host": count(found.Host), "names": names})
}

// languageName returns a language's own name, its code if it is not a language of the desk, or "other".
func (c *Catalog) languageName(code string) string {
	for _, l := range i18n.Languages {
		if l.Key == code {
			return l.Name
		}
	}
	if code == "und" {
		return c.T("narrow.other")
	}
	return code
}

// A scoreRange is the half-open score range [least, most) of a band. The highest band includes 1.
type scoreRange struct{ least, most float64 }

// String returns the range as the parameter score has it.
func (r scoreRange) String() string { return fmt.Sprintf("%g..%g", r.least, r.most) }

// scoreRanges returns the ranges of the bands by key, highest first.
func scoreRanges() iter.Seq2[string, scoreRange] {
	return func(yield func(string, scoreRange) bool) {
		most := 1.0
		for _, b := range bands {
			r := scoreRange{max(0, (float64(b.least)-.5)/100), most}
			if !yield(b.key, r) {
				return
			}
			most = r.least
		}
	}
}

// scoreValues counts scores by band, highest first. The label is the band's key.
func scoreValues(scores []float64) (all []moderation.FilterValue) {
	for key, r := range scoreRanges() {
		n := 0
		for _, score := range scores {
			if score >= r.least && (score < r.most || r.most == 1) {
				n++
			}
		}
		if n > 0 {
			all = append(all, moderation.FilterValue{Value: r.String(), Label: key, N: n})
		}
	}
	return all
}
