package testkit

import (
	"context"
	"encoding/json"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
)

// An AccessibleNode is a node of the accessibility tree.
type AccessibleNode struct {
	Role, Name string
	Level      int  // of a heading
	Focusable  bool // by keyboard or script
	Focused    bool
	Parent     int // index of the parent in the same list, or -1
}

// AccessibilityTree returns a page's accessibility tree in reading order, without ignored nodes and inline text boxes.
func (t *Tab) AccessibilityTree() (all []AccessibleNode, err error) {
	err = t.until("read aloud", func(ctx context.Context) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return err
		}
		if t.navigations.inProgress() || len(tree.Nodes) == 0 {
			return errNavigating
		}
		byID := make(map[accessibility.NodeID]*accessibility.Node, len(tree.Nodes))
		for _, n := range tree.Nodes {
			byID[n.NodeID] = n
		}
		all = appendNodes(nil, byID, tree.Nodes[0], -1)
		return nil
	})
	return all, err
}

func appendNodes(all []AccessibleNode, byID map[accessibility.NodeID]*accessibility.Node, n *accessibility.Node, of int) []AccessibleNode {
	if h := (AccessibleNode{Role: valueText(n.Role), Name: valueText(n.Name), Parent: of}); !n.Ignored && h.Role != "InlineTextBox" {
		for _, p := range n.Properties {
			switch p.Name {
			case accessibility.PropertyNameLevel:
				_ = json.Unmarshal(p.Value.Value, &h.Level) // 0 if it is not a number
			case accessibility.PropertyNameFocusable:
				h.Focusable = valueText(p.Value) == "true"
			case accessibility.PropertyNameFocused:
				h.Focused = valueText(p.Value) == "true"
			}
		}
		of = len(all)
		all = append(all, h)
	}
	for _, id := range n.ChildIDs {
		if child := byID[id]; child != nil {
			all = appendNodes(all, byID, child, of)
		}
	}
	return all
}

// valueText returns a value of the tree as text.
func valueText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	if err := json.Unmarshal(v.Value, &s); err != nil {
		return string(v.Value)
	}
	return s
}
