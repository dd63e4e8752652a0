package evaluation

import (
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

// MaxEntries limits how many log entries an evaluation reads.
const MaxEntries = 10_000

// A Decisions holds the decisions of a site's moderators, newest first: the decision in effect for each comment.
type Decisions struct {
	Cases     []Case
	Reasons   map[comment.Reason]int // refusals by reason
	Known     int                    // excluded: the classifier had learned the comment before it predicted
	Withdrawn int                    // excluded: the decisions of the account were withdrawn
	Undone    int                    // number of undone decisions, which are skipped
	Capped    bool                   // older decisions exist that were not read
}

// DecisionsOf returns the decisions since a time from the newest 10,000 entries of a log, newest first.
func DecisionsOf(entries []auditlog.Entry, since time.Time) Decisions {
	p := Decisions{Reasons: map[comment.Reason]int{}}
	p.Capped = len(entries) == MaxEntries && entries[len(entries)-1].Seq > 1
	of := byComment(entries)
	settled := make(map[string]bool, len(entries))
	withdrawn := map[string]bool{} // accounts
	for _, d := range entries {
		if d.At.Before(since) {
			p.Capped = false
			break
		}
		switch {
		case d.Kind == auditlog.Withdrawal && d.Undoes == 0 && !d.Undone:
			withdrawn[d.Subject] = true // applies to earlier decisions: the entries that follow
		case d.Kind != auditlog.Decision || d.Undoes != 0 || d.Redacts():
		case d.Undone:
			p.Undone++
		case !settled[d.Comment]:
			settled[d.Comment] = true
			p.addCase(d, of[d.Comment], withdrawn[d.By])
		}
	}
	return p
}

// addCase adds the decision in effect of a comment. entries are all entries of the comment that were read.
func (p *Decisions) addCase(d auditlog.Entry, entries []auditlog.Entry, withdrawn bool) {
	switch {
	case d.Action == comment.Hold: // the comment is pending
		return
	case withdrawn:
		p.Withdrawn++
		return
	case alreadyLearned(d, entries):
		p.Known++
		return
	}
	c := Case{
		Seq:       d.Seq,
		Comment:   d.Comment,
		Batch:     d.Batch,
		By:        d.By,
		At:        d.At,
		Action:    d.Action,
		Score:     d.Score,
		Spam:      d.Spam,
		Warm:      d.Warm,
		Suggested: d.Suggested,
	}
	if d.Action != comment.Approve {
		p.Reasons[d.Reason]++
	}
	p.Cases = append(p.Cases, c)
}

// byComment groups entries, newest first, by comment. It leaves out comments with one entry.
func byComment(entries []auditlog.Entry) map[string][]auditlog.Entry {
	n := make(map[string]int, len(entries))
	for _, d := range entries {
		n[d.Comment]++
	}
	of := map[string][]auditlog.Entry{}
	for _, d := range entries {
		if n[d.Comment] > 1 {
			of[d.Comment] = append(of[d.Comment], d)
		}
	}
	return of
}

// alreadyLearned reports whether the model that predicted d's comment had already learned that comment: from the
// decision that d replaces (on an older text or in another state), or from one that was undone, but not yet in the
// model. entries are the entries of the comment, newest first.
func alreadyLearned(d auditlog.Entry, entries []auditlog.Entry) bool {
	end := d.Seq // e was the comment's latest entry until this sequence number
	for _, e := range entries {
		if e.Seq >= d.Seq {
			continue
		}
		taught := len(e.Lesson) > 0 || e.Restores != 0
		if taught && e.Seq <= d.ModelSeq && d.ModelSeq < end {
			return true
		}
		end = e.Seq
	}
	return false
}
