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

// A blockPage is the form for blocking, with the number of comments that each choice would have matched.
type blockPage struct {
	desk.Frame
	Of      *desk.Brief // the comment whose author is blocked; nil if the form of the rules page led here
	Choices []blockChoice
	Untils  []desk.Link
	Trusts  bool // a choice can be trusted instead of blocked
	Error   string
	Again   string // the query of this page, for showing it again
}

// A blockChoice is something to block, with the number of matches.
type blockChoice struct {
	Value, Label, Met string
	Checked           bool
}

const maxHosts = 3 // hosts of a comment's links that are offered

// blockPage shows what can be blocked about a comment, or the matches of a value typed on the rules page.
func (o *admin) blockPage(v *desk.Visit) error {
	p, err := o.blockChoices(v, v.QueryParams())
	if err != nil {
		return err
	}
	return v.Show("block", p)
}

func (o *admin) blockChoices(v *desk.Visit, asked url.Values) (p blockPage, err error) {
	if p.Frame, err = o.DeskFrame(v, v.Words.T("block")); err != nil {
		return p, err
	}
	p.Again = asked.Encode()
	p.Untils = untilOptions(v.Words, "month", "month", "week")
	if p.Owner {
		p.Untils = untilOptions(v.Words, "month", "month", "week", "half", "none")
	}
	var drafts []rules.BlockDraft
	if id := asked.Get("comment"); id != "" {
		it, _, err := o.Moderation.Item(v.Ctx(), v.Actor, v.Site, id)
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
		drafts = blockDrafts(it.Comment)
	} else {
		drafts = []rules.BlockDraft{parseBlockChoice(asked.Get("kind") + ":" + strings.TrimSpace(asked.Get("which")))}
	}
	for _, d := range drafts {
		t, err := o.Rules.TryBlock(v.Ctx(), v.Actor, v.Site, d)
		if err != nil {
			says, err := v.FormError("block", err)
			if err != nil {
				return p, err
			}
			p.Error = v.Words.T("rules.bad") + " " + says
			continue
		}
		p.Trusts = p.Trusts || d.Writer != "" || d.AddressOf != ""
		p.Choices = append(p.Choices, newBlockChoice(v.Words, d, t, p.Of, len(p.Choices) == 0))
	}
	return p, nil
}

// blockDrafts returns the blocks that a comment offers: commenter, address, e-mail domain and hosts.
func blockDrafts(c comment.Comment) (all []rules.BlockDraft) {
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
	for _, link := range append(markup.Links(c.HTML()), c.Website) {
		if web, ok := text.ParseWebURL(link); ok {
			if host, _ := web.Host(); !slices.Contains(hosts, host) && len(hosts) < maxHosts {
				hosts = append(hosts, host)
				all = append(all, rules.BlockDraft{Host: host})
			}
		}
	}
	return all
}

// parseBlockChoice parses a choice such as "host:shop.example".
func parseBlockChoice(choice string) (d rules.BlockDraft) {
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

func newBlockChoice(w *desk.Catalog, d rules.BlockDraft, t rules.Trial, of *desk.Brief, first bool) blockChoice {
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
	if k.Met = w.T("bench.none"); t.Compared > 0 {
		k.Met = w.T("block.met", "n", w.Number(t.Hits), "looked", w.Number(t.Compared), "approved", w.Number(t.Approved))
	}
	return k
}

// block adds a block, or a trust, from the form.
func (o *admin) block(v *desk.Visit) error {
	d := parseBlockChoice(v.Form.Get("choice"))
	d.Until, d.Trust = o.endTime(v.Form.Get("until")), v.Form.Get("do") == "trust"
	if _, named := lifetimes[v.Form.Get("until")]; !named && v.Form.Get("until") != "none" {
		return problem.Field("/until", "Choose an end date.")
	}
	if _, _, err := o.Rules.AddBlock(v.Ctx(), v.Actor, v.Site, d, nil); err != nil {
		return o.showBlockError(v, err)
	}
	to := v.SitePath("/rules")
	if id := v.Form.Get("one"); id != "" {
		to = v.CommentURL(id)
	}
	return o.RedirectWithFlash(v, to, desk.Flash{Action: "blocks.added"})
}

func (o *admin) showBlockError(v *desk.Visit, err error) error {
	says, err := v.FormError("block", err)
	if err != nil {
		return err
	}
	asked, _ := url.ParseQuery(v.Form.Get("back")) // skips malformed pairs
	bad := v.Problem
	p, err := o.blockChoices(v, asked)
	if err != nil {
		return err
	}
	v.Problem, p.Error = bad, v.Words.T("rules.bad")+" "+says
	return v.Show("block", p)
}
