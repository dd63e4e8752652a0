package coord

import (
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/site"
)

func TestMerge_DropsOriginsAfterAWeek(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	before := []site.OriginRequest{{Origin: "https://old.example", Times: 9, Last: at},
		{Origin: "https://kept.example", Times: 1, Last: at.Add(time.Hour)}}
	got := merge(before, nil, at.Add(originRetention+time.Minute))
	if len(got) != 1 || got[0].Origin != "https://kept.example" {
		t.Errorf("a week and a minute later: got %v, want only the later one", got)
	}
}
