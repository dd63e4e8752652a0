package classifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestACampaignIsOneLesson(t *testing.T) {
	ham := Lesson{Label: Ham, Comment: Comment{Text: "a kind word for the author and the article"}}
	once := []Lesson{ham, {Label: Spam, Comment: Comment{Text: offer}}}
	often := slices.Clone(once)
	for i := range 50 {
		often = append(often,
			Lesson{Label: Spam, Comment: Comment{Text: strings.ReplaceAll(offer, "/a", fmt.Sprint("/", i))}})
	}
	probe := Read(Comment{Text: "подробности в личных сообщениях"})
	a, b := Fold(slices.Values(once)).Judge(probe), Fold(slices.Values(often)).Judge(probe)
	if a.Spam != b.Spam {
		t.Errorf("taught once %.4f, taught 51 times %.4f: copies count", a.Spam, b.Spam)
	}
	corrected := append(slices.Clone(once), Lesson{Label: Ham, Comment: Comment{Text: offer}})
	if c := Fold(slices.Values(corrected)).Judge(probe); c.Spam >= a.Spam {
		t.Errorf("a correction left %.4f at %.4f", a.Spam, c.Spam)
	}
}
