package admin

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
)

type rulesPage struct {
	desk.Frame
	Form            url.Values
	Kinds, Untils   []desk.Link
	Actions         []desk.Link
	Error           string
	Lists           bool // the form at hand is of WordPress's lists
	Tried           bool // what stands in the form at hand was tried, and may be added
	Benches         []bench
	Rules           []ruleRow
	Blocks          []ruleRow
	MoreBlocks      string
	Tallied         string // what the figures of rules and blocks are of
	BlockKinds      []desk.Link
	Undo, UndoWords string // what was removed just now, and can be brought back
}

// A ruleRow is a rule or a block that stands.
type ruleRow struct {
	What, Says, Named, Remove string // Remove: the form's address; "": who looks may not
	Met                       string // of the newest decided comments
}

// endings are how long a rule or a block stands, by the name of the choice; none has no end.
var endings = map[string]time.Duration{
	"week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "half": 182 * 24 * time.Hour,
}

// ends is when what is chosen in a form ends.
func (o *owner) ends(choice string) time.Time {
	if d := endings[choice]; d > 0 {
		return o.Process.Now().Add(d)
	}
	return time.Time{}
}

func untilLinks(w *desk.Catalog, current string, keys ...string) (links []desk.Link) {
	for _, key := range keys {
		links = append(links, desk.Link{Key: key, Label: w.T("rules.until." + key), Current: key == current})
	}
	return links
}

// rules of a site, and a form to try one.
func (o *owner) rules(v *desk.Visit) error {
	p, err := o.rulesPage(v)
	if err != nil {
		return err
	}
	return v.Show("rules", p)
}

func (o *owner) rulesPage(v *desk.Visit) (p rulesPage, err error) {
	f, err := o.SiteFrame(v, v.Words.T("rules"))
	if err != nil {
		return p, err
	}
	standing, err := o.Rules.Rules(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return p, err
	}
	blocks, next, err := o.Rules.Blocks(v.Ctx(), v.Who, v.Site, v.QueryParam("after"), 0)
	if err != nil {
		return p, err
	}
	met, looked, err := o.Rules.Tallies(v.Ctx(), v.Who, v.Site)
	if err != nil {
		return p, err
	}
	p = drawRules(v.Words, f, v.Site, v.Form, standing, blocks)
	p.tally(v.Words, met, looked, standing, blocks)
	if next != "" {
		p.MoreBlocks = v.At("/rules?after=" + next)
	}
	if fl, ok := o.Said(v); ok {
		_, p.Notices = v.Words.Tell(fl)
		switch fl.Did {
		case "rules":
			p.Undo, p.UndoWords = v.At("/rules/"+url.PathEscape(fl.Batch)+"/restore"), v.Words.T("rules.removed")
		case "blocks":
			p.Undo, p.UndoWords = v.At("/blocks/"+url.PathEscape(fl.Batch)+"/restore"), v.Words.T("blocks.removed")
		}
	}
	return p, nil
}

// drawRules has what stands, and the form as it was sent.
func drawRules(
	w *desk.Catalog, f desk.Frame, site site.Site, form url.Values, standing []rules.Rule, blocks []rules.Blocked,
) rulesPage {
	if form == nil {
		form = url.Values{"until": {"month"}}
	}
	p := rulesPage{Frame: f, Form: form, Lists: strings.HasPrefix(form.Get("do"), "lists")}
	p.Untils = untilLinks(w, form.Get("until"), "month", "week", "half", "none")
	for _, k := range rules.Kinds {
		p.Kinds = append(p.Kinds, desk.Link{Key: string(k), Label: w.T("rules.kind." + string(k)),
			Current: form.Get("kind") == string(k)})
	}
	hundred := inHundred(w, site.Settings.Threshold())
	p.Actions = []desk.Link{
		{Key: string(rules.ActionHold), Label: w.T("rules.hold"), More: w.T("rules.hold.more"), Current: true},
		{Key: string(rules.ActionSuspect), Label: w.T("rules.suspect"), More: w.T("rules.suspect.more", "score", hundred)},
	}
	if form.Get("action") == string(rules.ActionSuspect) {
		p.Actions[0].Current, p.Actions[1].Current = false, true
	}
	for _, k := range []rules.BlockKind{rules.BlockDomain, rules.BlockHost} {
		p.BlockKinds = append(p.BlockKinds, desk.Link{Key: string(k), Label: w.T("blocks.kind." + string(k))})
	}
	for _, r := range standing {
		row := drawRule(w, r)
		if f.Owner {
			row.Remove = "/moderate/" + site.Key + "/rules/" + r.ID + "/remove"
		}
		p.Rules = append(p.Rules, row)
	}
	for _, b := range blocks {
		row := drawBlock(w, b)
		if f.Owner || !b.Wide() {
			row.Remove = "/moderate/" + site.Key + "/blocks/" + b.ID + "/remove"
		}
		p.Blocks = append(p.Blocks, row)
	}
	return p
}

// tally says of each rule and block what it meets among the comments that were looked at.
func (p *rulesPage) tally(
	w *desk.Catalog, met map[string]rules.Tally, looked int, standing []rules.Rule, blocks []rules.Blocked,
) {
	if looked == 0 {
		return
	}
	p.Tallied = w.T("rules.tallied", "n", w.Number(looked))
	for i, r := range standing {
		p.Rules[i].Met = drawTally(w, met[r.ID])
	}
	for i, b := range blocks {
		p.Blocks[i].Met = drawTally(w, met[b.ID])
	}
}

func drawTally(w *desk.Catalog, t rules.Tally) string {
	if t.Met == 0 {
		return w.T("rules.met.none")
	}
	return w.T("rules.met", "n", w.Number(t.Met), "refused", w.Number(t.Refused))
}

// drawRule says a rule in two lines.
func drawRule(w *desk.Catalog, r rules.Rule) ruleRow {
	kind := w.T("rules.kind." + string(r.Kind))
	what := kind
	if r.Kind.HasEntries() {
		entries := r.Entries()
		what = strings.Join(entries[:min(3, len(entries))], ", ")
		if more := len(entries) - 3; more > 0 {
			what = w.T("rules.more", "n", w.Number(more), "what", what)
		}
	}
	says := []string{w.T("rules." + string(r.Action)), ending(w, r.Until)}
	if r.Kind.HasLimit() {
		says = append([]string{w.T("rules.by", "limit", w.Number(r.Limit))}, says...)
	}
	if what != kind {
		says = append([]string{kind}, says...)
	}
	return ruleRow{What: what, Says: strings.Join(says, " · "), Named: w.T("rules.remove.named", "what", what)}
}

// drawBlock says whom a block is of.
func drawBlock(w *desk.Catalog, b rules.Blocked) ruleRow {
	what, name := b.Value, b.Name
	if name == "" {
		name = w.T("read.anonymous")
	}
	switch b.Kind {
	case rules.BlockWriter:
		what = name
	case rules.BlockAddress:
		what = w.T("blocks.from", "name", name)
	}
	says := []string{w.T("blocks.kind." + string(b.Kind)), ending(w, b.Until)}
	if b.Trust {
		says = append(says, w.T("blocks.trusted"))
	}
	return ruleRow{What: what, Says: strings.Join(says, " · "), Named: w.T("blocks.remove.named", "what", what)}
}

// ending says until when something stands.
func ending(w *desk.Catalog, until time.Time) string {
	if until.IsZero() {
		return w.T("rules.until.none")
	}
	return w.T("rules.till", "day", w.Day(until)+until.UTC().Format(" 2006"))
}

// drafts are the rules that a form asks for: one, or one for each of WordPress's lists that is filled.
func (o *owner) drafts(form url.Values) (all []rules.Draft) {
	if strings.HasPrefix(form.Get("do"), "lists") {
		for _, action := range rules.Actions {
			if words := form.Get(string(action)); strings.TrimSpace(words) != "" {
				all = append(all, rules.Draft{Kind: rules.KindSubstring, Words: words, Action: action})
			}
		}
		return all
	}
	d := rules.Draft{Kind: rules.Kind(form.Get("kind")), Action: rules.Action(form.Get("action")),
		Until: o.ends(form.Get("until"))}
	if d.Kind.HasEntries() {
		d.Words = form.Get("words")
	}
	if d.Kind.HasLimit() {
		d.Limit, _ = strconv.Atoi(strings.TrimSpace(form.Get("limit"))) // what is no number is refused, as 0 is
	}
	return []rules.Draft{d}
}

// tryOrAdd shows what rules would have met, or adds them.
func (o *owner) tryOrAdd(v *desk.Visit) error {
	drafts := o.drafts(v.Form)
	adds := strings.HasSuffix(v.Form.Get("do"), "add")
	var benches []bench
	for _, d := range drafts {
		t, err := o.Rules.TryRule(v.Ctx(), v.Who, v.Site, d)
		if err != nil {
			return o.rulesAgain(v, err)
		}
		if adds {
			continue
		}
		b, err := o.bench(v, t)
		if err != nil {
			return err
		}
		if len(drafts) > 1 || v.Form.Get("do") == "lists" {
			b.Head = v.Words.T("rules.wordpress." + string(d.Action))
		}
		if n := rules.Addresses(d.Words); n > 0 {
			b.Addresses = v.Words.N("bench.addresses", n)
		}
		benches = append(benches, b)
	}
	if !adds || len(drafts) == 0 {
		p, err := o.rulesPage(v)
		p.Benches, p.Tried = benches, len(benches) > 0
		if err != nil {
			return err
		}
		return v.Show("rules", p)
	}
	for _, d := range drafts {
		if _, _, err := o.Rules.AddRule(v.Ctx(), v.Who, v.Site, d, nil); err != nil {
			return o.rulesAgain(v, err)
		}
	}
	return o.TellAt(v, v.At("/rules"), desk.Flash{Did: "rules.added"})
}

// rulesAgain shows what was wrong, and what was typed.
func (o *owner) rulesAgain(v *desk.Visit, err error) error {
	says, err := v.Refused("rules", err)
	if err != nil {
		return err
	}
	p, err := o.rulesPage(v)
	if err != nil {
		return err
	}
	p.Error = v.Words.T("rules.bad") + " " + says
	return v.Show("rules", p)
}

func (o *owner) removeRule(v *desk.Visit) error {
	return o.do(v, o.Rules.RemoveRule, "/rules", desk.Flash{Did: "rules", Batch: v.Param("id")})
}

func (o *owner) removeBlock(v *desk.Visit) error {
	return o.do(v, o.Rules.RemoveBlock, "/rules", desk.Flash{Did: "blocks", Batch: v.Param("id")})
}

func (o *owner) restoreRule(v *desk.Visit) error {
	return o.do(v, o.Rules.RestoreRule, "/rules", desk.Flash{Did: "rules.restored"})
}

func (o *owner) restoreBlock(v *desk.Visit) error {
	return o.do(v, o.Rules.RestoreBlock, "/rules", desk.Flash{Did: "rules.restored"})
}
