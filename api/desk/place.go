package desk

import (
	"fmt"
	"net/url"
	"slices"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
)

// What narrows a view besides a search, as it is named in addresses.
var narrows = [...]string{"lang", "page", "writer", "host", "score", "since", "until"}

// The places of some of them.
const (
	byLang = iota
	byPage
	byWriter
	byHost
	byScore
	bySince
	byUntil
)

// A place is where in the queue somebody is: what its address says.
type place struct {
	site                     string
	state, sort, search, end string
	by                       [len(narrows)]string
}

// placeOf reads an address's query, or the hidden field that carries one.
func placeOf(site string, q url.Values) place {
	p := place{site: site, state: q.Get("state"), sort: q.Get("sort"), search: q.Get("q"), end: q.Get("after")}
	for i, name := range narrows {
		p.by[i] = q.Get(name)
	}
	return p
}

// QueueURL is the address of a site's queue.
func QueueURL(site string) string { return place{site: site}.url() }

// A field of a form has a value that nobody changes.
type field struct{ Name, Value string }

// fields are what an address says, the page of the list and the order left out.
func (p place) fields() (all []field) {
	for _, f := range append([]field{{"state", p.state}, {"q", p.search}}, p.narrow()...) {
		if f.Value != "" {
			all = append(all, f)
		}
	}
	return all
}

func (p place) narrow() (all []field) {
	for i, name := range narrows {
		all = append(all, field{name, p.by[i]})
	}
	return all
}

func (p place) query() string {
	q := url.Values{}
	for _, f := range append(p.fields(), field{"sort", p.sort}, field{"after", p.end}) {
		if f.Value != "" {
			q.Set(f.Name, f.Value)
		}
	}
	return q.Encode()
}

func (p place) url() string {
	root := "/moderate/" + url.PathEscape(p.site) + "/queue"
	if q := p.query(); q != "" {
		return root + "?" + q
	}
	return root
}

// narrowed reports whether some of the view are left out.
func (p place) narrowed() bool { return p.search != "" || p.by != place{}.by }

// request asks for what is to be shown.
func (p place) request() comment.QueueRequest {
	req := comment.QueueRequest{
		View:   p.view(),
		Order:  p.order(),
		Search: p.search,
		After:  p.end,
		Lang:   p.by[byLang],
		Page:   p.by[byPage],
		Writer: p.by[byWriter],
		Host:   p.by[byHost],
		Score:  p.by[byScore],
		Since:  p.by[bySince],
		Until:  p.by[byUntil],
		Fold:   p.folds(),
	}
	if p.banded() && p.view() == comment.ViewPending && !p.narrowed() {
		req.From = bandScores()
	}
	return req
}

// folds reports whether one card stands for a campaign: where what waits is narrowed, each member shows.
func (p place) folds() bool {
	return !p.narrowed() && (p.view() == comment.ViewPending || p.view() == comment.ViewSuspected)
}

// banded reports whether the order is one by score, in which comments of like scores stand together.
func (p place) banded() bool {
	return p.order() == comment.RiskiestFirst || p.order() == comment.CalmestFirst
}

// A narrowing is something that narrows the view, with the address without it, or could, with its inputs.
type narrowing struct {
	Label, URL string
	Inputs     []input
}

// An input is a field that somebody fills in, or a choice of options.
type input struct {
	Name, Label string
	Type        string // "" where there are options
	Options     []Link
}

// narrowings are those that are in force, and those that could be. Of pages and writers the ones offered stand in
// the list; the two ends of a time are asked for together.
func (m *cardMaker) narrowings(items []moderation.Item) (chips, adders []narrowing) {
	for i, name := range narrows {
		in := input{Name: name, Label: m.T("narrow." + name), Options: m.options(i, items)}
		value := m.at.by[i]
		switch i {
		case byHost:
			in.Type = "text"
		case bySince, byUntil:
			in.Type = "date"
		}
		switch {
		case value != "":
			chips = append(chips, m.chip(i, in, value))
		case i == byUntil && m.at.by[bySince] == "":
			last := &adders[len(adders)-1]
			last.Inputs = append(last.Inputs, in)
		case i == bySince, i == byUntil:
			adders = append(adders, narrowing{Label: m.T("narrow.date"), Inputs: []input{in}})
		case in.Type != "" || len(in.Options) > 1:
			adders = append(adders, narrowing{Label: in.Label, Inputs: []input{in}})
		}
	}
	return chips, adders
}

// chip is what is in force, and leads to where it is not.
func (m *cardMaker) chip(by int, in input, value string) narrowing {
	if at := slices.IndexFunc(in.Options, func(o Link) bool { return o.Key == value }); at >= 0 {
		value = in.Options[at].Label
	} else if by == byPage || by == byWriter {
		value = "…" // an id, of which nothing is here
	}
	without := m.at
	without.by[by], without.end = "", ""
	return narrowing{Label: in.Label + ": " + value, URL: without.url()}
}

// options are what a narrowing may be, where there are few.
func (m *cardMaker) options(by int, items []moderation.Item) (all []Link) {
	add := func(key, label string) {
		if key != "" && len(all) < 20 && !slices.ContainsFunc(all, func(l Link) bool { return l.Key == key }) {
			all = append(all, Link{Key: key, Label: shorten(label, 60)})
		}
	}
	switch by {
	case byLang:
		for _, l := range i18n.Languages {
			add(l.Key, l.Name)
		}
		add("und", m.T("narrow.other"))
	case byPage:
		for _, it := range items {
			add(it.Page.ID, pageTitle(it.Page))
		}
	case byWriter:
		for _, it := range items {
			add(comment.WriterID(it.Comment.Writer), m.writer(it.Comment))
		}
	case byScore:
		most := 1.0
		for _, b := range bands {
			least := max(0, (float64(b.least)-.5)/100)
			add(fmt.Sprintf("%g..%g", least, most), m.T("band."+b.key))
			most = least
		}
	}
	return all
}
