package i18n

import (
	"cmp"
	"time"
)

// A Notice has the public facts of the takedown that withholds a comment. Kind is "court", "authority", "company",
// "person" or "other". By is the claimant's name, or "". At is when the request was received.
type Notice struct {
	By, Kind, Law string
	At            time.Time
	Sealed        bool // only the existence of the request is public
}

// A NoticeItem is a sentence in Label, or a Label with a Value.
type NoticeItem struct{ Label, Value string }

// WithheldNotice returns the notice that readers see in place of a comment. For a sealed takedown it is one sentence.
func (c *Catalog) WithheldNotice(n Notice) []NoticeItem {
	all := []NoticeItem{{Label: c.T("withheld.here")}}
	if n.Sealed {
		return all
	}
	all = append(all, NoticeItem{c.T("withheld.by"), cmp.Or(n.By, c.T("withheld.who."+n.Kind))})
	if n.Law != "" {
		all = append(all, NoticeItem{c.T("withheld.law"), n.Law})
	}
	return append(all, NoticeItem{c.T("withheld.at"), c.Date(n.At.UTC())})
}
