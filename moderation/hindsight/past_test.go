package hindsight_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/hindsight"
	"github.com/aitys/aitys/moderation/ledger"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// entries numbers a log's entries, given oldest first, and turns them round.
func entries(list ...ledger.Entry) []ledger.Entry {
	log := make([]ledger.Entry, len(list))
	for i, d := range list {
		d.Seq, d.At = uint64(i+1), began.Add(time.Duration(i)*time.Minute)
		log[len(list)-1-i] = d
	}
	return log
}

func TestAPastIsWhatStandsOfEachComment(t *testing.T) {
	lesson := []byte("hash")
	past := hindsight.PastOf(entries(
		ledger.Entry{Lesson: lesson, Ruling: ledger.Ruling{Comment: "twice", Action: comment.Approve}},
		ledger.Entry{By: "ann", Ruling: ledger.Ruling{Comment: "spam", Action: comment.MarkSpam, Reason: comment.ReasonSpam}},
		ledger.Entry{Ruling: ledger.Ruling{Comment: "twice", Action: comment.Reject, Reason: comment.ReasonOffTopic,
			ModelSeq: 0}},
		ledger.Entry{Undone: true, Ruling: ledger.Ruling{Comment: "undone", Action: comment.Approve}},
		ledger.Entry{Undoes: 4, Ruling: ledger.Ruling{Comment: "undone", Action: comment.Hold}},
		ledger.Entry{Ruling: ledger.Ruling{Comment: "waits", Action: comment.Hold}},
		ledger.Entry{By: "bob", Ruling: ledger.Ruling{Comment: "lost", Action: comment.Approve}},
		ledger.Entry{Lesson: lesson, Ruling: ledger.Ruling{Comment: "known", Action: comment.Approve}},
		ledger.Entry{Ruling: ledger.Ruling{Comment: "known", Action: comment.MarkSpam, Reason: comment.ReasonSpam,
			ModelSeq: 8}},
		ledger.Entry{Kind: ledger.Withdrawal, Teaching: ledger.Teaching{Subject: "bob"}},
		ledger.Entry{By: "bob", Ruling: ledger.Ruling{Comment: "later", Action: comment.Approve}},
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

func TestAPastEndsWhereItIsAskedTo(t *testing.T) {
	list := make([]ledger.Entry, hindsight.MaxEntries+1)
	for i := range list {
		list[i] = ledger.Entry{Ruling: ledger.Ruling{Comment: fmt.Sprint(i), Action: comment.Approve}}
	}
	log := entries(list...)[:hindsight.MaxEntries] // as many as are read
	if past := hindsight.PastOf(log, time.Time{}); len(past.Cases) != hindsight.MaxEntries || !past.Capped {
		t.Errorf("of a longer log %d cases are read, and it is capped: %t", len(past.Cases), past.Capped)
	}
	if past := hindsight.PastOf(log, log[9].At); len(past.Cases) != 10 || past.Capped {
		t.Errorf("since the tenth from the end %d cases are read, and it is capped: %t", len(past.Cases), past.Capped)
	}
}

func TestATallyIsEnoughAt100Of20Each(t *testing.T) {
	for _, tt := range []struct {
		ham, spam          int
		all, needHam, need int
	}{
		{0, 0, 100, 20, 20}, {80, 20, 0, 0, 0}, {20, 80, 0, 0, 0}, {79, 20, 1, 0, 0}, {100, 19, 1, 0, 1}, {95, 0, 20, 0, 20},
	} {
		tally := hindsight.Tally{Ham: tt.ham, Spam: tt.spam}
		all, ham, spam := tally.Missing()
		if all != tt.all || ham != tt.needHam || spam != tt.need || tally.Enough() != (all == 0) {
			t.Errorf("%+v: enough %t, missing %d, %d ham and %d spam", tally, tally.Enough(), all, ham, spam)
		}
	}
}
