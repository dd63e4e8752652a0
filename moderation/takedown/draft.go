package takedown

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Kind is the kind of party that requests a takedown.
type Kind string

// Kinds lists all kinds.
var Kinds = []Kind{Court, Authority, Company, Person, Other}

// The kinds.
const (
	Court     Kind = "court"
	Authority Kind = "authority"
	Company   Kind = "company"
	Person    Kind = "person"
	Other     Kind = "other"
)

// A Disclosure says how much of a takedown is public.
type Disclosure string

// Disclosures lists all disclosures.
var Disclosures = []Disclosure{Full, Unnamed, Sealed}

// The disclosures.
const (
	Full    Disclosure = "full"
	Unnamed Disclosure = "unnamed" // the kind of requester, but not the name
	Sealed  Disclosure = "sealed"  // only that a takedown exists
)

const (
	maxComments = 1_000
	maxLine     = 300
	leeway      = 24 * time.Hour // Received is a date, and the requester's time zone may be ahead
)

// A Draft is a takedown as an owner enters it. It names either Comments or a Page, by ID or URL. If Public is "", it
// is Full for courts and authorities and Unnamed for others. If Received is zero, it is the current time.
type Draft struct {
	Comments                []string
	Page                    string
	By                      string
	Kind                    Kind
	Law, Country, Reference string
	Received, Until         time.Time
	Public                  Disclosure
}

// takedown validates the draft at the time now. It returns the takedown and its sorted comment IDs.
func (in Draft) takedown(now time.Time) (d Takedown, comments []string, err error) {
	if d, err = in.requester(); err != nil {
		return d, nil, err
	}
	d.At, d.Received, d.Until = now, in.Received, in.Until
	if d.Received.IsZero() {
		d.Received = now
	}
	switch {
	case d.Received.After(now.Add(leeway)):
		return d, nil, problem.Field("/received_at", "The date of receipt must not be in the future.")
	case !d.Until.IsZero() && !d.Until.After(now):
		return d, nil, problem.Field("/until", "The end must be in the future. Leave it out for no end.")
	}
	comments, err = in.targets()
	return d, comments, err
}

// requester validates the requester and the disclosure.
func (in Draft) requester() (d Takedown, err error) {
	d.Kind, d.Public = in.Kind, in.Public
	if !slices.Contains(Kinds, d.Kind) {
		return d, problem.Field("/kind", "The kind of requester is "+problem.Among(Kinds)+".")
	}
	if d.Public == "" {
		d.Public = Unnamed
		if d.Kind == Court || d.Kind == Authority {
			d.Public = Full
		}
	}
	if !slices.Contains(Disclosures, d.Public) {
		return d, problem.Field("/public", "The disclosure is "+problem.Among(Disclosures)+".")
	}
	if d.Kind == Person && d.Public == Full {
		return d, problem.Field("/public", "A person is never named in public. Choose unnamed or sealed.")
	}
	for _, f := range []struct {
		to           *string
		typed, field string
		needed       bool
	}{
		{&d.By, in.By, "/by", true},
		{&d.Law, in.Law, "/law", false},
		{&d.Country, in.Country, "/country", false},
		{&d.Reference, in.Reference, "/reference", false},
	} {
		if *f.to, err = line(f.typed, f.field, f.needed); err != nil {
			return d, err
		}
	}
	return d, nil
}

// line validates a one-line field.
func line(typed, field string, needed bool) (string, error) {
	kept, ok := text.Line(typed, maxLine)
	switch {
	case !ok:
		return "", problem.Field(field, fmt.Sprintf("Use one line of at most %d characters.", maxLine))
	case needed && !text.Visible(kept):
		return "", problem.Field(field, "This field is required.")
	}
	return kept, nil
}

// targets validates the comments or the page. It returns the comment IDs, sorted and without duplicates.
func (in Draft) targets() ([]string, error) {
	if (len(in.Comments) == 0) == (in.Page == "") {
		return nil, problem.Field("/comments", "Name either comments by their IDs, or one page.")
	}
	comments := slices.Clone(in.Comments)
	slices.Sort(comments)
	comments = slices.Compact(comments)
	if len(comments) > maxComments {
		return nil, problem.Field("/comments", fmt.Sprintf("A takedown names at most %d comments.", maxComments))
	}
	if slices.ContainsFunc(comments, func(id string) bool { return !txn.IsID(id) }) {
		return nil, problem.Missing("comment.unknown", "One of these comments is not on this site. Nothing was withheld.")
	}
	return comments, nil
}
