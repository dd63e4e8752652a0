package coord

import (
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

func TestAKnockIsForgottenAfterAWeek(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	before := []site.Knock{{Origin: "https://old.example", Times: 9, Last: at},
		{Origin: "https://kept.example", Times: 1, Last: at.Add(time.Hour)}}
	got := gathered(before, nil, at.Add(knocksFor+time.Minute))
	if len(got) != 1 || got[0].Origin != "https://kept.example" {
		t.Errorf("a week and a minute later: got %v, want the later one alone", got)
	}
}
