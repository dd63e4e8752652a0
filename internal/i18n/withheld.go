package i18n

import (
	"cmp"
	"time"
)

// A Notice is what may be told of the demand under which a comment is withheld: a Kind of "court", "authority",
// "company", "person" or "other" demands it, By is "" where nobody is named, and At is when the demand was received.
type Notice struct {
	By, Kind, Law string
	At            time.Time
	Sealed        bool // nothing but that there is a demand
}

// Told is one thing that readers are told: a sentence, or what it is of which Value tells.
type Told struct{ Label, Value string }

// Withheld is what readers are told in the place of a comment: of a sealed demand one sentence alone.
func (c *Catalog) Withheld(n Notice) []Told {
	all := []Told{{Label: c.T("withheld.here")}}
	if n.Sealed {
		return all
	}
	all = append(all, Told{c.T("withheld.by"), cmp.Or(n.By, c.T("withheld.who."+n.Kind))})
	if n.Law != "" {
		all = append(all, Told{c.T("withheld.law"), n.Law})
	}
	return append(all, Told{c.T("withheld.at"), c.Date(n.At.UTC())})
}
