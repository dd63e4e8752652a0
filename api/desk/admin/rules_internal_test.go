package admin

import (
	"net/url"
	"slices"
	"testing"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
)

// sampleRules returns the pages of rules and blocks: a tried rule, WordPress lists, a moderator's view, and the block
// page of a comment.
func sampleRules(w *desk.Catalog, f desk.Frame, site site.Site) map[string]any {
	standing := []rules.Rule{
		{ID: "r1", Kind: rules.KindWord, Words: "telegram", Action: rules.ActionHold},
		{ID: "r2", Kind: rules.KindSubstring, Words: ".click\n.top\ncasino\nviagra\nloan", Action: rules.ActionSuspect,
			Until: noon.AddDate(0, 1, 0)},
		{ID: "r3", Kind: rules.KindLinks, Limit: 3, Action: rules.ActionHold},
	}
	blocks := []rules.NamedBlock{
		{Block: rules.Block{ID: "b1", Kind: rules.BlockDomain, Value: "spellmail.example"}},
		{Block: rules.Block{ID: "b2", Kind: rules.BlockAddress, Value: "ab", CreatedAt: noon, Until: noon.AddDate(0, 0, 7)},
			Name: "work_now"},
		{Block: rules.Block{ID: "b3", Kind: rules.BlockWriter, Value: "cd", CreatedAt: noon, Until: noon.AddDate(0, 0, 30),
			Trust: true}},
	}
	hits := []desk.Brief{
		{ID: "c1", Name: "Danielle", Whole: "I got mine for half price at the co-op in March, they keep returned frames.",
			Lang: "en", Approved: true, URL: "/", ISO: desk.ISO(noon), When: desk.Stamp(noon),
			Did: w.T("deed.approve", "who", "Jonas")},
		{ID: "c2", Name: "watches_4u", Whole: "Watches at HALF PRICE, <b>only</b> today", Lang: "en", URL: "/",
			ISO: desk.ISO(noon), When: desk.Stamp(noon), Did: w.T("deed.spam", "who", "Dana K.")},
	}
	trial := rules.Trial{Compared: 2_000, Hits: 27, Approved: 5, Suspected: 18, Sample: []rules.Hit{
		{Comment: "c1", Found: []string{"half price"}}, {Comment: "c2", Found: []string{"half price"}}}}
	form := url.Values{"do": {"try"}, "kind": {"word"}, "words": {"discount code\nhalf price"}, "until": {"month"}}
	tried := newRulesPage(w, f, site, form, standing, blocks)
	met := map[string]rules.Tally{standing[0].ID: {Matched: 1_041, Refused: 1_038}, "b1": {Matched: 9, Refused: 9}}
	tried.tally(w, met, 2_000, standing, blocks)
	tried.Previews, tried.Tried = []rulePreview{newRulePreview(w, trial, hits)}, true
	lists := newRulesPage(w, f, site, url.Values{"do": {"lists"}, "hold": {"e"}, "suspect": {"192.0.2.7"}}, nil, nil)
	all, none := newRulePreview(w, rules.Trial{Compared: 20, Hits: 20, Approved: 12}, nil), newRulePreview(w, rules.Trial{}, nil)
	all.Head, none.Head = w.T("rules.wordpress.hold"), w.T("rules.wordpress.suspect")
	none.Addresses = w.N("bench.addresses", 1)
	lists.Previews, lists.Tried = []rulePreview{all, none}, true
	below := f
	below.Owner = false
	moderator := newRulesPage(w, below, site, nil, standing, blocks)
	moderator.Undo, moderator.UndoWords = "/moderate/longway/blocks/b9/restore", w.T("blocks.removed")
	moderator.Error = w.T("rules.bad") + " Enter what to look for, one entry per line."
	moderator.MoreBlocks = "/moderate/longway/rules?after=b3"
	p := blockPage{Frame: f, Of: &hits[1], Again: "comment=c2", Trusts: true,
		Untils: untilOptions(w, "month", "month", "week", "half", "none")}
	p.Of.Text = p.Of.Whole
	for i, d := range []rules.BlockDraft{{Writer: "ab"}, {AddressOf: "c2"}, {EmailDomain: "spellmail.example"},
		{Host: "shop.example"}} {
		p.Choices = append(p.Choices, newBlockChoice(w, d, rules.Trial{Compared: 2_000, Hits: 14 * i, Approved: i}, p.Of, i == 0))
	}
	return map[string]any{
		"rules": tried, "rules-lists": lists, "rules-moderator": moderator, "block": p,
		"block-nothing": blockPage{Frame: f},
		"notes": notesPage{Frame: f, Of: hits[0], Text: " ", Error: w.Problem("A note is text of 1 to 1000 characters."),
			Undo: "/moderate/longway/notes/n9/restore",
			Notes: newNoteRows(w, "/moderate/longway/notes/", []rules.NamedNote{
				{Note: rules.Note{ID: "n2", Text: "Asked <b>twice</b> for the recipe.", CreatedAt: noon}},
				{Note: rules.Note{ID: "n1", Text: "Wrote to us; is the baker's son.", CreatedAt: noon}, Name: "Jonas"}})},
		"notes-none": notesPage{Frame: f, Of: hits[0]},
	}
}

func TestSplitMatches_MarksLiteralMatches(t *testing.T) {
	for _, tt := range []struct {
		text  string
		found []string
		want  []piece
	}{
		{"A Casino, a casino", []string{"casino"}, []piece{{"A ", false}, {"Casino", true}, {", a ", false}, {"casino", true},
			{"", false}}},
		{"a (b)", []string{"(b"}, []piece{{"a ", false}, {"(b", true}, {")", false}}},
		{"disguised саsino", []string{"casino"}, []piece{{"disguised саsino", false}}},
		{"no words", nil, []piece{{"no words", false}}},
	} {
		if got := splitMatches(tt.text, tt.found); !slices.Equal(got, tt.want) {
			t.Errorf("%q in %q: %v, want %v", tt.found, tt.text, got, tt.want)
		}
	}
}
