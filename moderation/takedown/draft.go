package takedown

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A Kind says what somebody is who demands.
type Kind string

// Kinds are all of them.
var Kinds = []Kind{Court, Authority, Company, Person, Other}

// The kinds.
const (
	Court     Kind = "court"
	Authority Kind = "authority"
	Company   Kind = "company"
	Person    Kind = "person"
	Other     Kind = "other"
)

// Public is how much of a demand everybody may know.
type Public string

// Publics are all of them.
var Publics = []Public{Full, Unnamed, Sealed}

// How much everybody may know.
const (
	Full    Public = "full"
	Unnamed Public = "unnamed" // not who demands, but what they are
	Sealed  Public = "sealed"  // no more than that there is a demand
)

const (
	mostComments = 1_000
	maxLine      = 300
	leeway       = 24 * time.Hour // a day has begun elsewhere that is still to come here
)

// A Draft is a demand as somebody enters it: Comments or a Page are meant, which is named by its id or its address.
// A Public of "" is Full for courts and authorities, else Unnamed; a zero Received is now.
type Draft struct {
	Comments                []string
	Page                    string
	By                      string
	Kind                    Kind
	Law, Country, Reference string
	Received, Until         time.Time
	Public                  Public
}

// demand checks what was entered at a time.
func (in Draft) demand(now time.Time) (d Demand, comments []string, err error) {
	if d, err = in.who(); err != nil {
		return d, nil, err
	}
	d.At, d.Received, d.Until = now, in.Received, in.Until
	if d.Received.IsZero() {
		d.Received = now
	}
	switch {
	case d.Received.After(now.Add(leeway)):
		return d, nil, problem.Field("/received_at", "A demand that is received later is entered later.")
	case !d.Until.IsZero() && !d.Until.After(now):
		return d, nil, problem.Field("/until", "Withhold until a time to come, or leave this out for no end.")
	}
	comments, err = in.about()
	return d, comments, err
}

// who reads who demands, and what may be told of it.
func (in Draft) who() (d Demand, err error) {
	d.Kind, d.Public = in.Kind, in.Public
	if !slices.Contains(Kinds, d.Kind) {
		return d, problem.Field("/kind", "Who demands is a "+problem.Among(Kinds)+".")
	}
	if d.Public == "" {
		d.Public = Unnamed
		if d.Kind == Court || d.Kind == Authority {
			d.Public = Full
		}
	}
	if !slices.Contains(Publics, d.Public) {
		return d, problem.Field("/public", "In public a demand is "+problem.Among(Publics)+".")
	}
	if d.Kind == Person && d.Public == Full {
		return d, problem.Field("/public", "A person is never named in public. Choose unnamed or sealed.")
	}
	for _, f := range []struct {
		to                *string
		typed, field, say string
		needed            bool
	}{
		{&d.By, in.By, "/by", "who demands this", true},
		{&d.Law, in.Law, "/law", "the law", false},
		{&d.Country, in.Country, "/country", "the country", false},
		{&d.Reference, in.Reference, "/reference", "the reference", false},
	} {
		if *f.to, err = line(f.typed, f.field, f.say, f.needed); err != nil {
			return d, err
		}
	}
	return d, nil
}

// line reads one line of what is entered.
func line(typed, field, say string, needed bool) (string, error) {
	kept, ok := text.Line(typed, maxLine)
	if !ok || needed && !text.Visible(kept) {
		return "", problem.Field(field, fmt.Sprintf("Say %s in one line of at most %d characters.", say, maxLine))
	}
	return kept, nil
}

// about reads what is to be withheld.
func (in Draft) about() ([]string, error) {
	if (len(in.Comments) == 0) == (in.Page == "") {
		return nil, problem.Field("/comments", "Name comments by their ids, or one page.")
	}
	comments := slices.Clone(in.Comments)
	slices.Sort(comments)
	comments = slices.Compact(comments)
	if len(comments) > mostComments {
		return nil, problem.Field("/comments", fmt.Sprintf("A demand is about at most %d comments.", mostComments))
	}
	if slices.ContainsFunc(comments, func(id string) bool { return !txn.IsID(id) }) {
		return nil, problem.Missing("comment.unknown", "One of these comments is not on this site. Nothing was withheld.")
	}
	return comments, nil
}
