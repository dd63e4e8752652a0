package hindsight_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/decision"
	"github.com/aitys/aitys/moderation/hindsight"
)

var began = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// entries numbers a log's entries, given oldest first, and turns them round.
func entries(list ...decision.Entry) []decision.Entry {
	log := make([]decision.Entry, len(list))
	for i, d := range list {
		d.Seq, d.At = uint64(i+1), began.Add(time.Duration(i)*time.Minute)
		log[len(list)-1-i] = d
	}
	return log
}

func TestAPastIsWhatStandsOfEachComment(t *testing.T) {
	lesson := []byte("hash")
	past := hindsight.PastOf(entries(
		decision.Entry{Comment: "twice", Action: decision.Approve, Lesson: lesson},
		decision.Entry{Comment: "spam", Action: decision.MarkSpam, Reason: decision.ReasonSpam, By: "ann"},
		decision.Entry{Comment: "twice", Action: decision.Reject, Reason: decision.ReasonOffTopic, ModelSeq: 0},
		decision.Entry{Comment: "undone", Action: decision.Approve, Undone: true},
		decision.Entry{Comment: "undone", Action: decision.Hold, Undoes: 4},
		decision.Entry{Comment: "waits", Action: decision.Hold},
		decision.Entry{Comment: "lost", Action: decision.Approve, By: "bob"},
		decision.Entry{Comment: "known", Action: decision.Approve, Lesson: lesson},
		decision.Entry{Comment: "known", Action: decision.MarkSpam, Reason: decision.ReasonSpam, ModelSeq: 8},
		decision.Entry{Kind: decision.Withdrawal, Subject: "bob"},
		decision.Entry{Comment: "later", Action: decision.Approve, By: "bob"},
	), time.Time{})
	var got []string
	for _, c := range past.Cases {
		got = append(got, fmt.Sprintf("%s %d", c.Comment, c.Truth))
	}
	if want := "[later 0 twice 2 spam 1]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if past.Undone != 1 || past.Known != 1 || past.Withdrawn != 1 || past.Capped {
		t.Errorf("left out: %+v", past)
	}
	if len(past.Reasons) != 2 || past.Reasons[decision.ReasonSpam] != 1 || past.Reasons[decision.ReasonOffTopic] != 1 {
		t.Errorf("reasons: %v", past.Reasons)
	}
}

func TestAPastEndsWhereItIsAskedTo(t *testing.T) {
	list := make([]decision.Entry, hindsight.MaxEntries+1)
	for i := range list {
		list[i] = decision.Entry{Comment: fmt.Sprint(i), Action: decision.Approve}
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
