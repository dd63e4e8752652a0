package evaluation_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// entries numbers log entries, given oldest first, and returns them newest first.
func entries(list ...auditlog.Entry) []auditlog.Entry {
	log := make([]auditlog.Entry, len(list))
	for i, d := range list {
		d.Seq, d.At = uint64(i+1), began.Add(time.Duration(i)*time.Minute)
		log[len(list)-1-i] = d
	}
	return log
}

func TestDecisionsOf_KeepsDecisionInEffect(t *testing.T) {
	lesson := []byte("hash")
	past := evaluation.DecisionsOf(entries(
		auditlog.Entry{Lesson: lesson, Ruling: auditlog.Ruling{Comment: "twice", Action: comment.Approve}},
		auditlog.Entry{By: "ann", Ruling: auditlog.Ruling{Comment: "spam", Action: comment.MarkSpam, Reason: comment.ReasonSpam}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "twice", Action: comment.Reject, Reason: comment.ReasonOffTopic,
			ModelSeq: 0}},
		auditlog.Entry{Undone: true, Ruling: auditlog.Ruling{Comment: "undone", Action: comment.Approve}},
		auditlog.Entry{Undoes: 4, Ruling: auditlog.Ruling{Comment: "undone", Action: comment.Hold}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "waits", Action: comment.Hold}},
		auditlog.Entry{By: "bob", Ruling: auditlog.Ruling{Comment: "lost", Action: comment.Approve}},
		auditlog.Entry{Lesson: lesson, Ruling: auditlog.Ruling{Comment: "known", Action: comment.Approve}},
		auditlog.Entry{Ruling: auditlog.Ruling{Comment: "known", Action: comment.MarkSpam, Reason: comment.ReasonSpam,
			ModelSeq: 8}},
		auditlog.Entry{Kind: auditlog.Withdrawal, Teaching: auditlog.Teaching{Subject: "bob"}},
		auditlog.Entry{By: "bob", Ruling: auditlog.Ruling{Comment: "later", Action: comment.Approve}},
	), time.Time{})
	var got []string
	for _, c := range past.Cases {
		got = append(got, fmt.Sprintf("%s %v", c.Comment, c.Action))
	}
	if want := "[later approve twice reject spam spam]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if past.Undone != 1 || past.Known != 1 || past.Withdrawn != 1 || past.Capped {
		t.Errorf("left out: %+v", past)
	}
	if len(past.Reasons) != 2 || past.Reasons[comment.ReasonSpam] != 1 || past.Reasons[comment.ReasonOffTopic] != 1 {
		t.Errorf("reasons: %v", past.Reasons)
	}
}

func TestDecisionsOf_StopsAtSince(t *testing.T) {
	list := make([]auditlog.Entry, evaluation.MaxEntries+1)
	for i := range list {
		list[i] = auditlog.Entry{Ruling: auditlog.Ruling{Comment: fmt.Sprint(i), Action: comment.Approve}}
	}
	log := entries(list...)[:evaluation.MaxEntries] // the maximum that is read
	if past := evaluation.DecisionsOf(log, time.Time{}); len(past.Cases) != evaluation.MaxEntries || !past.Capped {
		t.Errorf("of a longer log %d cases are read, and it is capped: %t", len(past.Cases), past.Capped)
	}
	if past := evaluation.DecisionsOf(log, log[9].At); len(past.Cases) != 10 || past.Capped {
		t.Errorf("since the tenth from the end %d cases are read, and it is capped: %t", len(past.Cases), past.Capped)
	}
}

func TestTally_EnoughAt100With20Each(t *testing.T) {
	for _, tt := range []struct {
		ham, spam          int
		all, needHam, need int
	}{
		{0, 0, 100, 20, 20}, {80, 20, 0, 0, 0}, {20, 80, 0, 0, 0}, {79, 20, 1, 0, 0}, {100, 19, 1, 0, 1}, {95, 0, 20, 0, 20},
	} {
		tally := evaluation.Tally{Ham: tt.ham, Spam: tt.spam}
		all, ham, spam := tally.Remaining()
		if all != tt.all || ham != tt.needHam || spam != tt.need || tally.Enough() != (all == 0) {
			t.Errorf("%+v: enough %t, missing %d, %d ham and %d spam", tally, tally.Enough(), all, ham, spam)
		}
	}
}
