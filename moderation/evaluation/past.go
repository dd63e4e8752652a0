package evaluation

import (
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
)

// MaxEntries is how far back into the log hindsight looks.
const MaxEntries = 10_000

// A Past is what moderators decided on a site, newest first: of each comment the last decision
// that stands.
type Past struct {
	Cases     []Case
	Reasons   map[comment.Reason]int // refusals by reason
	Known     int                    // left out: the filter had been taught the comment already when it judged it
	Withdrawn int                    // left out: their account's decisions were withdrawn
	Undone    int                    // decisions passed over because they were taken back
	Capped    bool                   // there are older ones that were not looked at
}

// PastOf reads the past since a time from the newest 10,000 entries of a log, newest first.
func PastOf(entries []auditlog.Entry, since time.Time) Past {
	p := Past{Reasons: map[comment.Reason]int{}}
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
			withdrawn[d.Subject] = true // what it decided until then: the entries still to come
		case d.Kind != auditlog.OnComment || d.Undoes != 0 || d.Redacts():
		case d.Undone:
			p.Undone++
		case !settled[d.Comment]:
			settled[d.Comment] = true
			p.settle(d, of[d.Comment], withdrawn[d.By])
		}
	}
	return p
}

// settle notes the decision by which a comment stands, with all that was read of its log.
func (p *Past) settle(d auditlog.Entry, entries []auditlog.Entry, withdrawn bool) {
	switch {
	case d.Action == comment.Hold: // it waits
		return
	case withdrawn:
		p.Withdrawn++
		return
	case knew(d, entries):
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

// byComment divides entries, newest first, by comment, where there are more than one.
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

// knew reports whether the model that judged a comment before d had been taught that very
// comment: by the decision that d replaces, of an older text or in another state, or by one
// that was taken back, but not by the model yet. entries are the comment's, newest first.
func knew(d auditlog.Entry, entries []auditlog.Entry) bool {
	end := d.Seq // of the time in which the entry at hand was the comment's last
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
