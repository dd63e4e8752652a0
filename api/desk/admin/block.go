package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/text"
)

// A blockPage asks whom to block, and says of each whom that would have met.
type blockPage struct {
	desk.Frame
	Of      *desk.Brief // the comment that it is about
	Choices []blockChoice
	Untils  []desk.Link
	Trusts  bool // there is somebody to trust
	Error   string
	Again   string // the address to come back to
}

// A blockChoice is one thing that can be blocked, with what it would have met.
type blockChoice struct {
	Value, Label, Met string
	Checked           bool
}

const mostHosts = 3 // of a comment's links that are offered

// blockPage shows what of a comment can be blocked, or what a name typed on the page of rules would meet.
func (o *owner) blockPage(v *desk.Visit) error {
	p, err := o.choices(v, v.QueryParams())
	if err != nil {
		return err
	}
	return v.Show("block", p)
}

func (o *owner) choices(v *desk.Visit, asked url.Values) (p blockPage, err error) {
	if p.Frame, err = o.SiteFrame(v, v.Words.T("block")); err != nil {
		return p, err
	}
	p.Again = asked.Encode()
	p.Untils = untilLinks(v.Words, "month", "month", "week")
	if p.Owner {
		p.Untils = untilLinks(v.Words, "month", "month", "week", "half", "none")
	}
	var drafts []rules.BlockDraft
	if id := asked.Get("comment"); id != "" {
		it, _, err := o.Moderation.Item(v.Ctx(), v.Who, v.Site, id)
		if err != nil {
			return p, err
		}
		rows, err := o.Briefs(v, []string{id})
		if err != nil {
			return p, err
		}
		if len(rows) > 0 {
			p.Of = &rows[0]
		}
		drafts = blockable(it.Comment)
	} else {
		drafts = []rules.BlockDraft{draftOf(asked.Get("kind") + ":" + strings.TrimSpace(asked.Get("which")))}
	}
	for _, d := range drafts {
		t, err := o.Rules.TryBlock(v.Ctx(), v.Who, v.Site, d)
		if err != nil {
			says, err := v.Refused("block", err)
			if err != nil {
				return p, err
			}
			p.Error = v.Words.T("rules.bad") + " " + says
			continue
		}
		p.Trusts = p.Trusts || d.Writer != "" || d.AddressOf != ""
		p.Choices = append(p.Choices, drawChoice(v.Words, d, t, p.Of, len(p.Choices) == 0))
	}
	return p, nil
}

// blockable is what of a comment can be blocked.
func blockable(c comment.Comment) (all []rules.BlockDraft) {
	if c.Writer != nil {
		all = append(all, rules.BlockDraft{Writer: comment.WriterID(c.Writer)})
	}
	if c.Address != nil {
		all = append(all, rules.BlockDraft{AddressOf: c.ID})
	}
	if _, domain, ok := strings.Cut(c.Email, "@"); ok {
		all = append(all, rules.BlockDraft{EmailDomain: domain})
	}
	var hosts []string
	for _, link := range append(markup.Links(c.Fresh().HTML), c.Website) {
		if web, ok := text.ParseWeb(link); ok {
			if host, _ := web.Host(); !slices.Contains(hosts, host) && len(hosts) < mostHosts {
				hosts = append(hosts, host)
				all = append(all, rules.BlockDraft{Host: host})
			}
		}
	}
	return all
}

// draftOf reads a choice, "host:shop.example".
func draftOf(choice string) (d rules.BlockDraft) {
	kind, value, _ := strings.Cut(choice, ":")
	switch kind {
	case "writer":
		d.Writer = value
	case "address_of":
		d.AddressOf = value
	case string(rules.BlockDomain):
		d.EmailDomain = value
	case string(rules.BlockHost):
		d.Host = value
	}
	return d
}

func drawChoice(w *desk.Catalog, d rules.BlockDraft, t rules.Trial, of *desk.Brief, first bool) blockChoice {
	k := blockChoice{Checked: first}
	switch {
	case d.Writer != "":
		name := ""
		if of != nil {
			name = of.Name
		}
		k.Value, k.Label = "writer:"+d.Writer, w.T("block.writer", "what", name)
	case d.AddressOf != "":
		k.Value, k.Label = "address_of:"+d.AddressOf, w.T("block.address")
	case d.EmailDomain != "":
		k.Value, k.Label = "email_domain:"+d.EmailDomain, w.T("block.email_domain", "what", d.EmailDomain)
	default:
		k.Value, k.Label = "host:"+d.Host, w.T("block.host", "what", d.Host)
	}
	if k.Met = w.T("bench.none"); t.Looked > 0 {
		k.Met = w.T("block.met", "n", w.Number(t.Hits), "looked", w.Number(t.Looked), "approved", w.Number(t.Approved))
	}
	return k
}

// block blocks whom a form chose, or trusts them.
func (o *owner) block(v *desk.Visit) error {
	d := draftOf(v.Form.Get("choice"))
	d.Until, d.Trust = o.ends(v.Form.Get("until")), v.Form.Get("do") == "trust"
	if _, named := endings[v.Form.Get("until")]; !named && v.Form.Get("until") != "none" {
		return problem.Field("/until", "Choose until when.")
	}
	if _, _, err := o.Rules.AddBlock(v.Ctx(), v.Who, v.Site, d, nil); err != nil {
		return o.blockAgain(v, err)
	}
	return o.TellAt(v, v.At("/rules"), desk.Flash{Did: "blocks.added"})
}

func (o *owner) blockAgain(v *desk.Visit, err error) error {
	says, err := v.Refused("block", err)
	if err != nil {
		return err
	}
	asked, _ := url.ParseQuery(v.Form.Get("back")) // what cannot be read is left out
	bad := v.Problem
	p, err := o.choices(v, asked)
	if err != nil {
		return err
	}
	v.Problem, p.Error = bad, v.Words.T("rules.bad")+" "+says
	return v.Show("block", p)
}
