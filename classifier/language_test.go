package classifier

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// languages returns harmless comments in languages without lessons, by language code.
func languages(t *testing.T) map[string][]string {
	t.Helper()
	files, err := filepath.Glob("testdata/languages/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d languages: %v", len(files), err)
	}
	all := map[string][]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".txt")] = strings.Split(strings.TrimSpace(string(text)), "\n")
	}
	return all
}

// The model knows the Kazakh fixture, with spam in three languages. Two comments of each file have a link, which is
// suspect on that site.
func TestLanguage_UnknownIsNotSuspect(t *testing.T) {
	m := Fold(slices.Values(kazakhStream(t)))
	likely, all := 0, 0
	for code, lines := range languages(t) {
		n := 0
		for _, line := range lines {
			if m.Judge(Read(Comment{Text: line})).Spam >= 0.5 {
				n++
			}
		}
		t.Logf("%s: %d of %d stand at 0.5 or above", code, n, len(lines))
		likely, all = likely+n, all+len(lines)
	}
	if 100*likely > 5*all {
		t.Errorf("%d of %d good comments in languages never taught stand at 0.5 or above, want 5 in 100 at most", likely, all)
	}
}

// The discount for an unknown language leaves the strongest spam above 0.
func TestDiscountLanguage_KeepsStrongSpam(t *testing.T) {
	for _, tt := range []struct{ z, foreign, least, most float64 }{
		{-3, 1, -3, -3},                      // no evidence for spam
		{4, 0, 4, 4},                         // a known language
		{2, 1, discountFloor, discountFloor}, // evidence from the alphabet only
		{7, 1, 0.5, 1},                       // words that only spam has
		{5, 0.5, 1.5, 2},                     // half known
		{discountFloor + 0.1, 0.5, discountFloor, discountFloor}, // no evidence
	} {
		if got := discountLanguage(tt.z, tt.foreign); got < tt.least || got > tt.most {
			t.Errorf("%.1f in a language that is foreign by %.1f is shown as %.2f, want %.1f to %.1f",
				tt.z, tt.foreign, got, tt.least, tt.most)
		}
	}
}

// advertisement returns n different advertisements in English without a link, an address or a price.
func advertisement(n int) (all []Comment) {
	parts := [][]string{
		{"Hello dear friends", "Good news everybody", "Dear investors", "Attention please"},
		{"our trusted platform", "this honest manager", "the official broker", "my account manager"},
		{"helped me earn a huge profit", "pays a daily income", "doubles every deposit", "recovers lost money"},
		{"within one week only", "without any risk", "from the comfort of home", "after a small investment"},
		{"write to me in private", "join the channel today", "contact the manager now", "do not miss this chance"},
	}
	for i := range n {
		text := ""
		for j, choice := range parts {
			at := i >> (2 * j)
			if j > 2 {
				at = i/7 + j*i
			}
			text += choice[at%len(choice)] + []string{", ", " ", " ", ", ", "."}[j]
		}
		all = append(all, Comment{Text: text})
	}
	return all
}

// On a Cyrillic site with spam in English, Spanish and French, Latin letters speak for spam. Good comments in German
// share 4-grams with that spam and hardly any words.
func TestLanguage_AlphabetOfSpamIsNotSuspect(t *testing.T) {
	ham, _ := kazakhByLabel(t)
	all := languages(t)
	spam := advertisement(100)
	foreign := slices.Clone(spam[:80])
	for _, code := range []string{"es", "fr"} {
		for _, line := range all[code] {
			foreign = append(foreign, Comment{Text: line})
		}
	}
	m := foldComments(Ham, ham[:50], Spam, foreign[:110], Ham, ham[50:], Spam, foreign[110:])
	shown, ordered, judged := 0, 0, 0
	for _, code := range []string{"de", "tr", "uz"} {
		for _, line := range all[code] {
			j := m.Judge(Read(Comment{Text: line}))
			judged++
			if j.Spam >= 0.5 {
				shown++
			}
			if j.Logit >= 0.5 {
				ordered++
			}
		}
	}
	t.Logf("of %d good comments %d are ordered as spam for their letters, %d shown as that", judged, ordered, shown)
	if 2*ordered < judged || 5*shown > judged {
		t.Errorf("of %d good comments %d are ordered as spam for their letters, %d shown as that, want one in five at most",
			judged, ordered, shown)
	}
	for _, c := range spam[80:] {
		if j := m.Judge(Read(c)); j.Spam < 0.8 || j.UnknownLanguage > 0.1 {
			t.Errorf("advertisement in the words of what was taught stands at %.2f, foreign %.2f: %s", j.Spam, j.UnknownLanguage, c.Text)
		}
	}
	for what, text := range map[string]string{
		"link":      "Melden Sie sich noch heute auf www.angebote.example.com an",
		"telephone": "Melden Sie sich noch heute unter 0171 234 56 789",
		"disguise":  "Меldеn Sie siсh nосh hеutе bеi unsеrеm Маnаgеr",
	} {
		if j := m.Judge(Read(Comment{Text: text})); j.UnknownLanguage != 0 {
			t.Errorf("%s: taken for a language, %.2f, which says nothing: %s", what, j.UnknownLanguage, text)
		}
	}
}
