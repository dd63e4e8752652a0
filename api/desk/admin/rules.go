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
	Kinds, Untils   []desk.Link // More of a kind: the fields that it uses
	Actions         []desk.Link
	Error           string
	Lists           bool // the submitted form contains WordPress lists
	Tried           bool // the submitted rules were tried and may be added
	Previews        []rulePreview
	Rules           []ruleRow
	Blocks          []ruleRow
	MoreBlocks      string
	Tallied         string // the comments that the match counts cover
	BlockKinds      []desk.Link
	Undo, UndoWords string // address and label of the undo of the last removal
}

// A ruleRow is an active rule or block.
type ruleRow struct {
	What, Says, Named, Remove string // Remove: the form's address; "" if the viewer may not remove it
	Met                       string // matches among the newest decided comments
}

// lifetimes maps the choices of a form to the lifetime of a rule or block. The choice "none" has no end.
var lifetimes = map[string]time.Duration{
	"week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour, "half": 182 * 24 * time.Hour,
}

// endTime returns the end for a choice, or the zero time if it has no end.
func (o *admin) endTime(choice string) time.Time {
	if d := lifetimes[choice]; d > 0 {
		return o.Process.Now().Add(d)
	}
	return time.Time{}
}

func untilOptions(w *desk.Catalog, current string, keys ...string) (links []desk.Link) {
	for _, key := range keys {
		links = append(links, desk.Link{Key: key, Label: w.T("rules.until." + key), Current: key == current})
	}
	return links
}

// rules shows a site's rules and blocks, and the form to try a rule.
func (o *admin) rules(v *desk.Visit) error {
	p, err := o.rulesPage(v)
	if err != nil {
		return err
	}
	return v.Show("rules", p)
}

func (o *admin) rulesPage(v *desk.Visit) (p rulesPage, err error) {
	f, err := o.DeskFrame(v, v.Words.T("rules"))
	if err != nil {
		return p, err
	}
	standing, err := o.Rules.Rules(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return p, err
	}
	blocks, next, err := o.Rules.Blocks(v.Ctx(), v.Actor, v.Site, v.QueryParam("after"), 0)
	if err != nil {
		return p, err
	}
	met, looked, err := o.Rules.Tallies(v.Ctx(), v.Actor, v.Site)
	if err != nil {
		return p, err
	}
	p = newRulesPage(v.Words, f, v.Site, v.Form, standing, blocks)
	p.tally(v.Words, met, looked, standing, blocks)
	if next != "" {
		p.MoreBlocks = v.SitePath("/rules?after=" + next)
	}
	if fl, ok := o.TakeFlash(v); ok {
		_, p.Notices = v.Words.FlashText(fl)
		switch fl.Action {
		case "rules":
			p.Undo, p.UndoWords = v.SitePath("/rules/"+url.PathEscape(fl.Batch)+"/restore"), v.Words.T("rules.removed")
		case "blocks":
			p.Undo, p.UndoWords = v.SitePath("/blocks/"+url.PathEscape(fl.Batch)+"/restore"), v.Words.T("blocks.removed")
		}
	}
	return p, nil
}

// newRulesPage returns the page with the active rules and blocks, and the form as submitted.
func newRulesPage(
	w *desk.Catalog, f desk.Frame, site site.Site, form url.Values, standing []rules.Rule, blocks []rules.NamedBlock,
) rulesPage {
	if form == nil {
		form = url.Values{"until": {"month"}}
	}
	p := rulesPage{Frame: f, Form: form, Lists: strings.HasPrefix(form.Get("do"), "lists")}
	p.Untils = untilOptions(w, form.Get("until"), "month", "week", "half", "none")
	for _, k := range rules.Kinds {
		uses := ""
		if k.HasLimit() {
			uses = "limit "
		}
		if k.HasEntries() {
			uses += "words"
		}
		p.Kinds = append(p.Kinds, desk.Link{Key: string(k), Label: w.T("rules.kind." + string(k)), More: uses,
			Current: form.Get("kind") == string(k)})
	}
	hundred := percentText(w, site.Settings.Threshold())
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
		row := newRuleRow(w, r)
		if f.Owner {
			row.Remove = "/moderate/" + site.Key + "/rules/" + r.ID + "/remove"
		}
		p.Rules = append(p.Rules, row)
	}
	for _, b := range blocks {
		row := newBlockRow(w, b)
		if f.Owner || !b.NeedsOwner() {
			row.Remove = "/moderate/" + site.Key + "/blocks/" + b.ID + "/remove"
		}
		p.Blocks = append(p.Blocks, row)
	}
	return p
}

// tally adds the number of matches to each rule and block. looked is the number of comments that were compared.
func (p *rulesPage) tally(
	w *desk.Catalog, met map[string]rules.Tally, looked int, standing []rules.Rule, blocks []rules.NamedBlock,
) {
	if looked == 0 {
		return
	}
	p.Tallied = w.T("rules.tallied", "n", w.Number(looked))
	for i, r := range standing {
		p.Rules[i].Met = tallyText(w, met[r.ID])
	}
	for i, b := range blocks {
		p.Blocks[i].Met = tallyText(w, met[b.ID])
	}
}

func tallyText(w *desk.Catalog, t rules.Tally) string {
	if t.Matched == 0 {
		return w.T("rules.met.none")
	}
	return w.T("rules.met", "n", w.Number(t.Matched), "refused", w.Number(t.Refused))
}

// newRuleRow describes a rule in two lines.
func newRuleRow(w *desk.Catalog, r rules.Rule) ruleRow {
	kind := w.T("rules.kind." + string(r.Kind))
	what := kind
	if r.Kind.HasEntries() {
		entries := r.Entries()
		what = strings.Join(entries[:min(3, len(entries))], ", ")
		if more := len(entries) - 3; more > 0 {
			what = w.T("rules.more", "n", w.Number(more), "what", what)
		}
	}
	says := []string{w.T("rules." + string(r.Action)), endText(w, r.Until)}
	if r.Kind.HasLimit() {
		says = append([]string{w.T("rules.by", "limit", w.Number(r.Limit))}, says...)
	}
	if what != kind {
		says = append([]string{kind}, says...)
	}
	return ruleRow{What: what, Says: strings.Join(says, " · "), Named: w.T("rules.remove.named", "what", what)}
}

// newBlockRow describes a block.
func newBlockRow(w *desk.Catalog, b rules.NamedBlock) ruleRow {
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
	says := []string{w.T("blocks.kind." + string(b.Kind)), endText(w, b.Until)}
	if b.Trust {
		says = append(says, w.T("blocks.trusted"))
	}
	return ruleRow{What: what, Says: strings.Join(says, " · "), Named: w.T("blocks.remove.named", "what", what)}
}

// endText says when a rule or block ends.
func endText(w *desk.Catalog, until time.Time) string {
	if until.IsZero() {
		return w.T("rules.until.none")
	}
	return w.T("rules.till", "day", w.DayAndYear(until))
}

// ruleDrafts returns the rules of a form: one, or one per non-empty WordPress list.
func (o *admin) ruleDrafts(form url.Values) (all []rules.Draft) {
	if strings.HasPrefix(form.Get("do"), "lists") {
		for _, action := range rules.Actions {
			if words := form.Get(string(action)); strings.TrimSpace(words) != "" {
				all = append(all, rules.Draft{Kind: rules.KindSubstring, Words: words, Action: action})
			}
		}
		return all
	}
	d := rules.Draft{Kind: rules.Kind(form.Get("kind")), Action: rules.Action(form.Get("action")),
		Until: o.endTime(form.Get("until"))}
	if d.Kind.HasEntries() {
		d.Words = form.Get("words")
	}
	if d.Kind.HasLimit() {
		d.Limit, _ = strconv.Atoi(strings.TrimSpace(form.Get("limit"))) // not a number: 0, which is refused
	}
	return []rules.Draft{d}
}

// tryOrAdd shows which comments the rules would have matched, or adds the rules.
func (o *admin) tryOrAdd(v *desk.Visit) error {
	drafts := o.ruleDrafts(v.Form)
	adds := strings.HasSuffix(v.Form.Get("do"), "add")
	var benches []rulePreview
	for _, d := range drafts {
		t, err := o.Rules.TryRule(v.Ctx(), v.Actor, v.Site, d)
		if err != nil {
			return o.showRulesError(v, err)
		}
		if adds {
			continue
		}
		b, err := o.previewRule(v, t)
		if err != nil {
			return err
		}
		if len(drafts) > 1 || v.Form.Get("do") == "lists" {
			b.Head = v.Words.T("rules.wordpress." + string(d.Action))
		}
		if n := rules.CountAddresses(d.Words); n > 0 {
			b.Addresses = v.Words.N("bench.addresses", n)
		}
		benches = append(benches, b)
	}
	if !adds || len(drafts) == 0 {
		p, err := o.rulesPage(v)
		p.Previews, p.Tried = benches, len(benches) > 0
		if err != nil {
			return err
		}
		return v.Show("rules", p)
	}
	for _, d := range drafts {
		if _, _, err := o.Rules.AddRule(v.Ctx(), v.Actor, v.Site, d, nil); err != nil {
			return o.showRulesError(v, err)
		}
	}
	return o.RedirectWithFlash(v, v.SitePath("/rules"), desk.Flash{Action: "rules.added"})
}

// showRulesError shows the page with the error and the submitted form.
func (o *admin) showRulesError(v *desk.Visit, err error) error {
	says, err := v.FormError("rules", err)
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

func (o *admin) removeRule(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RemoveRule, "/rules", desk.Flash{Action: "rules", Batch: v.Param("id")})
}

func (o *admin) removeBlock(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RemoveBlock, "/rules", desk.Flash{Action: "blocks", Batch: v.Param("id")})
}

func (o *admin) restoreRule(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RestoreRule, "/rules", desk.Flash{Action: "rules.restored"})
}

func (o *admin) restoreBlock(v *desk.Visit) error {
	return o.runOnID(v, o.Rules.RestoreBlock, "/rules", desk.Flash{Action: "rules.restored"})
}
