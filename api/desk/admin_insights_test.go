package desk_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
)

func TestInsights_CompareScoresWithDecisions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.as("Olga").open("/moderate/blog/insights").sees("No comments in this period.").
		sees("Not enough decisions yet").sees("Try another threshold")
	b.open("/moderate/blog/insights/filter").sees("Not enough decisions yet")
	for i := range 12 {
		w.post(fmt.Sprintf("Good bread and a quiet morning, number %d.", i))
		w.post(fmt.Sprintf("Casino bonus and cheap pills, number %d.", i))
		b.open("/moderate/blog/queue")
		b.press(b.card("Good bread"), "Approve", nil)
		b.open("/moderate/blog/queue")
		b.press(b.card("Casino"), "Spam", nil)
		w.Must(w.App.Learn(w.Ctx, w.site))
	}
	b.open("/moderate/blog/insights").sees("You decide half within").sees("received 24").sees("published · 50 % 12").
		sees("Received each day").sees(w.Clock.Now().AddDate(0, 0, -27).UTC().Format("2 Jan")).
		sees("Busiest: A post").sees("Decided: 24").sees("See what 85 would have done")
	b.open("/moderate/blog/insights/filter").sees("Calibration").sees("of spam caught")
	b.open("/moderate/blog/insights/busiest").sees("A post")
	b.open("/moderate/blog/insights/decisions").sees("Time to first decision").sees("Spam 12")
	if got := b.open("/moderate/blog/insights/nothing").status; got != http.StatusNotFound {
		t.Errorf("an unknown page answers %d, want 404", got)
	}
	b.open("/moderate/blog/what-if").sees("90, current").sees("90, test") // initially the current threshold
	b.open("/moderate/blog/what-if").sees("Last 24 decided comments").
		sees("Publishing by score needs 100 comments approved or marked as spam, 20 of each.")
	if b.open("/moderate/blog/what-if?threshold=7&policy=all&last=10").sees("Enter a threshold"); b.status < 400 {
		t.Errorf("a threshold of 7 answers %d", b.status)
	}
	for _, bad := range []string{"threshold=often&last=10", "threshold=&last=10", "threshold=0.7&last=all",
		"threshold=0&last=10", "threshold=0.7&last=0"} {
		if b.open("/moderate/blog/what-if?policy=all&" + bad).sees("Enter a threshold"); b.status < 400 {
			t.Errorf("%s answers %d", bad, b.status)
		}
	}
	b.open("/moderate/blog/what-if?threshold=72,5&policy=all&last=10").sees("72.5, test")
	b.open("/moderate/blog/what-if?threshold=0,7&policy=all&last=10").sees("70, test")
	b.open("/moderate/blog/settings/moderation").sees("so far 12 approved, 12 spam")
}

func TestSettings_SuspiciousPolicyShowsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 8))
	const missing = "62 more needed. At least 12 must be spam."
	b := w.as("Olga")
	b.open("/moderate/blog/settings/moderation").sees("so far 30 approved, 8 spam.")
	b.open("/moderate/blog/what-if").sees("needs 100 comments approved or marked as spam, 20 of each. " + missing)
	w.taught(comment.MarkSpam, 0, w.posted(goods, 70))
	b.open("/moderate/blog/settings/moderation").misses("so far").sees("Of the last 108 decided comments, ")
	b.open("/moderate/blog/what-if").misses("more needed").
		sees("There are enough decided comments to publish by score.")
}

func TestWhatIf_ListsMistakesByKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.taught(comment.Approve, 0, w.posted(plants, 30))
	w.taught(comment.MarkSpam, 0, w.posted(goods, 30))
	good, bad := w.post("Cheap pills and casino bonus, said Olga's mother, and laughed."),
		w.post("The tomatoes grew well, thank you for the lovely recipe.")
	w.taught(comment.Approve, 0, []moderation.Ref{{ID: good.ID, Version: 1}})
	w.taught(comment.MarkSpam, 0, []moderation.Ref{{ID: bad.ID, Version: 1}})
	const (
		shown     = "Live at once, refused by you: "
		suspected = "Suspected, approved by you: "
		missed    = "Missed spam: "
	)
	b := w.as("Olga")
	if v := w.now(good).Verdict; v.Score < 0.5 {
		t.Fatalf("the first of the two has the score %v", v.Score)
	}
	b.open("/moderate/blog/what-if?threshold=0.5&policy=all&last=2").sees(suspected + "1").sees(missed + "1").misses(shown)
	b.open("/moderate/blog/what-if?threshold=0.5&policy=suspicious&last=2").sees(shown + "1").sees(suspected + "1").
		misses(missed)
	b.open("/moderate/blog/what-if?threshold=0.5&policy=none&last=62").sees(shown + "31").sees("Newest 10 of 31.").
		sees("lovely recipe")
	right := w.post("Order cheap pills now: casino bonus, free credit, best price!")
	w.taught(comment.MarkSpam, 0, []moderation.Ref{{ID: right.ID, Version: 1}})
	b.open("/moderate/blog/what-if?threshold=0.5&policy=all&last=1").sees("None: your decisions were the same.")

	// The page compares a shadow threshold with the current one.
	b.sees("Owners can set a trial threshold under Settings to compare it here.")
	_, err := w.App.SetSite(w.Ctx, authz.Operator, "blog", map[string]string{"shadow": "0.5"})
	w.Must(err)
	b.open("/moderate/blog/what-if").sees("50, test")
	b.open("/moderate/blog/what-if?threshold=90").sees("90, test").
		sees("Last 63 decided comments")
	b.open("/moderate/blog/what-if?threshold=0.9&policy=all&last=3").
		sees("Trial threshold 50: 2 suspected instead of ")
}

// Spreadsheets run cells that begin like a formula, and some split cells at other separators.
func TestInsightsCSV_EscapesFormulas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const plain = "plain - with a dash, and more; nothing = wrong"
	titles := []string{
		plain, "=HYPERLINK(\"https://evil.example\")", "+1+cmd|' /C calc'!A0", "-2+@SUM(1)", "\u200b=1+1", "＝1+1", "a;=1+1",
		"b\",=1+1", "c|@x", "d,\"\"=1",
	}
	for i, title := range titles {
		c := w.submit(moderation.Submission{PageURL: fmt.Sprintf("https://blog.example/p%d", i), PageTitle: title,
			Body: fmt.Sprintf("A remark on page %d of many.", i)})
		w.taught(comment.Approve, 0, []moderation.Ref{{ID: c.ID, Version: 1}})
	}
	b := w.as("Olga").open("/moderate/blog/insights.csv?days=7")
	if got := b.header.Get("Content-Type"); b.status != http.StatusOK || got != "text/csv; charset=utf-8" {
		t.Fatalf("answers %d with %q", b.status, got)
	}
	if got := b.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="blog-`) {
		t.Errorf("it is to be kept as %q", got)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.raw, "\ufeff"))).ReadAll()
	w.Must(err)
	if len(rows) != 1+7+10 { // header, one row per day, and the ten busiest pages
		t.Fatalf("%d rows:\n%s", len(rows), b.raw)
	}
	today, all := rows[7], fmt.Sprint(len(titles))
	if today[0] != "day" || today[4] != all || today[5] != all || today[7] == "" {
		t.Errorf("today is %q", today)
	}
	begins := regexp.MustCompile(`^[\s\p{Z}\p{C}"]*[=+\-@＝＋－＠]`)
	for _, line := range strings.Split(b.raw, "\r\n") {
		for _, ends := range []string{",", ";", "|", "\t", `"`} {
			for _, cell := range strings.Split(line, ends) {
				if begins.MatchString(cell) {
					t.Errorf("with %q as the end of a cell, %q begins one", ends, cell)
				}
			}
		}
	}
	if !strings.Contains(b.raw, `"`+plain+`"`) {
		t.Errorf("a plain title was changed:\n%s", b.raw)
	}
	w.account("Anton", authz.Author, "blog")
	if got := w.as("Anton").open("/moderate/blog/insights.csv").status; got != http.StatusForbidden {
		t.Errorf("an author is answered %d, want 403", got)
	}
}
