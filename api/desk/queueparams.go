package desk

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// filterNames are the query parameters of filters. Search is not among them.
var filterNames = [...]string{"lang", "page", "writer", "host", "score", "since", "until"}

// Indexes into filterNames.
const (
	filterLang = iota
	filterPage
	filterWriter
	filterHost
	filterScore
	filterSince
	filterUntil
)

// queueParams are the query parameters of a queue page.
type queueParams struct {
	site                       string
	state, sort, search, after string
	filters                    [len(filterNames)]string
}

// parseQueueParams reads the query of an address, or of the hidden field that contains one.
func parseQueueParams(site string, q url.Values) queueParams {
	p := queueParams{site: site, state: q.Get("state"), sort: q.Get("sort"), search: q.Get("q"), after: q.Get("after")}
	for i, name := range filterNames {
		p.filters[i] = q.Get(name)
	}
	return p
}

// QueueURL returns the address of a site's queue.
func QueueURL(site string) string { return queueParams{site: site}.url() }

// A hiddenField is a hidden field of a form.
type hiddenField struct{ Name, Value string }

// fields returns the non-empty parameters without the sort order and the cursor.
func (p queueParams) fields() (all []hiddenField) {
	for _, f := range append([]hiddenField{{"state", p.state}, {"q", p.search}}, p.filterFields()...) {
		if f.Value != "" {
			all = append(all, f)
		}
	}
	return all
}

func (p queueParams) filterFields() (all []hiddenField) {
	for i, name := range filterNames {
		all = append(all, hiddenField{name, p.filters[i]})
	}
	return all
}

func (p queueParams) query() string {
	q := url.Values{}
	for _, f := range append(p.fields(), hiddenField{"sort", p.sort}, hiddenField{"after", p.after}) {
		if f.Value != "" {
			q.Set(f.Name, f.Value)
		}
	}
	return q.Encode()
}

// back returns the parameters for the hidden field back of a form. It names the site.
func (p queueParams) back() string {
	q, _ := url.ParseQuery(p.query())
	if p.site != "" {
		q.Set("site", p.site)
	}
	return q.Encode()
}

func (p queueParams) url() string {
	root := "/moderate/queue" // of all sites
	if p.site != "" {
		root = "/moderate/" + url.PathEscape(p.site) + "/queue"
	}
	if q := p.query(); q != "" {
		return root + "?" + q
	}
	return root
}

// urlAt returns the address of the list in which a comment is the current one, if it is still there.
func (p queueParams) urlAt(id string) string {
	to, at := p.url(), "at="+url.QueryEscape(id)
	if strings.Contains(to, "?") {
		return to + "&" + at
	}
	return to + "?" + at
}

// filtered reports whether a search or a filter is active.
func (p queueParams) filtered() bool { return p.search != "" || p.filters != queueParams{}.filters }

// request returns the queue request for the parameters.
func (p queueParams) request() comment.QueueRequest {
	req := comment.QueueRequest{
		View:   p.view(),
		Order:  p.order(),
		Search: p.search,
		After:  p.after,
		Lang:   p.filters[filterLang],
		Page:   p.filters[filterPage],
		Writer: p.filters[filterWriter],
		Host:   p.filters[filterHost],
		Score:  p.filters[filterScore],
		Since:  p.filters[filterSince],
		Until:  p.filters[filterUntil],
		Fold:   p.folds(),
	}
	if p.banded() && p.view() == comment.ViewPending && !p.filtered() {
		req.From = bandScores()
	}
	return req
}

// folds reports whether one card represents a campaign. Filtered views and views of decided comments show each member.
func (p queueParams) folds() bool {
	return !p.filtered() && (p.view() == comment.ViewPending || p.view() == comment.ViewSuspected)
}

// banded reports whether the list is sorted by score, and so is grouped into bands.
func (p queueParams) banded() bool {
	return p.order() == comment.RiskiestFirst || p.order() == comment.CalmestFirst
}

// A chip is an active filter with the address that removes it.
type chip struct{ Label, URL string }

// An input is a form field: text, date, or a choice of options.
type input struct {
	Name, Label string
	Type        string // "" for a choice of options
	Options     []Link
}

// filters returns the active filters, and inputs for the others. Pages and commenters are offered from the listed comments.
func (w *Catalog) filters(at queueParams, items []moderation.Item) (chips []chip, inputs []input) {
	for i, name := range filterNames {
		in := input{Name: name, Label: w.T("narrow." + name), Options: w.options(i, items)}
		value := at.filters[i]
		switch i {
		case filterHost:
			in.Type = "text"
		case filterSince, filterUntil:
			in.Type = "date"
		}
		switch {
		case value != "":
			chips = append(chips, at.chip(i, in, value))
		case in.Type != "" || len(in.Options) > 1:
			inputs = append(inputs, in)
		}
	}
	return chips, inputs
}

// chip returns an active filter with the address that removes it.
func (p queueParams) chip(by int, in input, value string) chip {
	if at := slices.IndexFunc(in.Options, func(o Link) bool { return o.Key == value }); at >= 0 {
		value = in.Options[at].Label
	} else if by == filterPage || by == filterWriter {
		value = "…" // an ID that is not among the listed comments
	}
	without := p
	without.filters[by], without.after = "", ""
	return chip{Label: in.Label + ": " + value, URL: without.url()}
}

// options returns the values of a filter, at most 20; nil for filters with free input.
func (w *Catalog) options(by int, items []moderation.Item) (all []Link) {
	add := func(key, label string) {
		if key != "" && len(all) < 20 && !slices.ContainsFunc(all, func(l Link) bool { return l.Key == key }) {
			all = append(all, Link{Key: key, Label: shorten(label, 60)})
		}
	}
	switch by {
	case filterLang:
		for _, l := range i18n.Languages {
			add(l.Key, l.Name)
		}
		add("und", w.T("narrow.other"))
	case filterPage:
		for _, it := range items {
			add(it.Page.ID, pageTitle(it.Page))
		}
	case filterWriter:
		for _, it := range items {
			add(comment.WriterID(it.Comment.Writer), w.writer(it.Comment))
		}
	case filterScore:
		for key, r := range scoreRanges() {
			add(r.String(), w.T("band."+key))
		}
	}
	return all
}
