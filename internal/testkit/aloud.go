package testkit

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// A Heard is a node of the accessibility tree, as a screen reader comes to it.
type Heard struct {
	Role, Name string
	Level      int  // of a heading
	Focusable  bool // by keyboard or script
	Focused    bool
	Of         int // the node around it, in the same list; -1: none
}

// Aloud is a page's accessibility tree in the order of reading, without what is ignored and without the parts of a
// line.
func (t *Tab) Aloud() (all []Heard, err error) {
	err = t.until("read aloud", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return err
		}
		if t.leaving.underWay() || len(tree.Nodes) == 0 {
			return errLeaving
		}
		byID := make(map[accessibility.NodeID]*accessibility.Node, len(tree.Nodes))
		for _, n := range tree.Nodes {
			byID[n.NodeID] = n
		}
		all = heard(nil, byID, tree.Nodes[0], -1)
		return nil
	})
	return all, err
}

func heard(all []Heard, byID map[accessibility.NodeID]*accessibility.Node, n *accessibility.Node, of int) []Heard {
	if h := (Heard{Role: said(n.Role), Name: said(n.Name), Of: of}); !n.Ignored && h.Role != "InlineTextBox" {
		for _, p := range n.Properties {
			switch p.Name {
			case accessibility.PropertyNameLevel:
				_ = json.Unmarshal(p.Value.Value, &h.Level) // one that is no number is none
			case accessibility.PropertyNameFocusable:
				h.Focusable = said(p.Value) == "true"
			case accessibility.PropertyNameFocused:
				h.Focused = said(p.Value) == "true"
			}
		}
		of = len(all)
		all = append(all, h)
	}
	for _, id := range n.ChildIDs {
		if child := byID[id]; child != nil {
			all = heard(all, byID, child, of)
		}
	}
	return all
}

// said is a value of the tree as text.
func said(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if err := json.Unmarshal(v.Value, &s); err != nil {
		return string(v.Value)
	}
	return s
}
