package classifier

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestCopies_CampaignCountsOnce(t *testing.T) {
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

func TestCopies_MisjudgedCopyTeaches(t *testing.T) {
	const text = "Subscribe to my channel and win a phone, everybody who comes wins, come and see today."
	var before []Lesson
	for i := range 20 {
		before = append(before, lessonsOf(20, 4)[i])
	}
	wrong := Lesson{Seq: 21, Label: Ham, Comment: Comment{Text: text}}
	model := func(rejections int) *Model {
		lessons := append(slices.Clone(before), wrong)
		for i := range rejections {
			lessons = append(lessons, Lesson{Seq: uint64(22 + i), Label: Spam, Comment: Comment{Text: text}})
		}
		return Fold(slices.Values(lessons))
	}
	judge := func(rejections int) float64 { return model(rejections).Judge(Read(Comment{Text: text})).Spam }
	if got := judge(4); got < 0.85 {
		t.Errorf("approved once and rejected four times, it is spam with %.2f, want 0.85 or more", got)
	}
	if few, many := judge(8), judge(200); few != many {
		t.Errorf("what is understood is counted again: %.3f after 8 copies, %.3f after 200", few, many)
	}
}
