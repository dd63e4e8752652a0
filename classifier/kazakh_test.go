package classifier

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Folding keeps words apart that differ in one letter of the Kazakh alphabet.
func TestFoldWord_KeepsKazakhWordsDistinct(t *testing.T) {
	for _, pair := range [][2]string{
		{"тұр", "түр"}, {"тұр", "тур"}, {"түр", "тур"}, {"қала", "кала"}, {"қан", "кан"}, {"құн", "күн"}, {"күн", "кун"},
		{"өң", "он"}, {"өн", "он"}, {"оң", "он"}, {"ән", "ан"}, {"аң", "ан"}, {"әл", "ал"}, {"ғана", "гана"}, {"сөз", "соз"},
		{"сіз", "сиз"}, {"тіл", "тил"}, {"тіс", "тыс"}, {"гүл", "ғұл"}, {"шаһар", "шахар"}, {"жаңа", "жана"}, {"мың", "мын"},
		{"үн", "ұн"}, {"іс", "ыс"}, {"қол", "көл"}, {"көл", "кол"}, {"ой", "өй"}, {"бөлім", "болым"},
	} {
		a, b := foldedText(pair[0]), foldedText(pair[1])
		if a == b {
			t.Errorf("%q and %q are both read as %q", pair[0], pair[1], a)
		}
		if a != pair[0] {
			t.Errorf("%q is read as %q", pair[0], a)
		}
	}
}

func TestFoldWord_LatinLettersInKazakh(t *testing.T) {
	for typed, want := range map[string]string{"сiз": "сіз", "тiл": "тіл", "өтe": "өте", "əдемі": "әдемі",
		"рақмeт": "рақмет"} {
		if got := foldedText(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

// foldedText returns the folded text of s, without the spaces around it.
func foldedText(s string) string {
	d := Read(Comment{Text: s})
	text := d.text[:d.folded]
	return text[1 : len(text)-1]
}

// kazakhStream returns the fixture of testdata/README.md as lessons, in its order.
func kazakhStream(t *testing.T) []Lesson {
	t.Helper()
	file, err := os.ReadFile("testdata/kazakh.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var stream []Lesson
	for line := range bytes.Lines(file) {
		var l struct{ Text, Author, Label string }
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatalf("line %d: %v", len(stream)+1, err)
		}
		label, err := ParseLabel(l.Label)
		if err != nil {
			t.Fatalf("line %d: %v", len(stream)+1, err)
		}
		stream = append(stream, Lesson{Seq: uint64(len(stream) + 1), Label: label,
			Comment: Comment{Text: l.Text, Author: l.Author}})
	}
	return stream
}

func TestKazakhFixture_CommentsDiffer(t *testing.T) {
	stream := kazakhStream(t)
	var by [labels]int
	prints := make([]Fingerprint, len(stream))
	for i, l := range stream {
		by[l.Label]++
		prints[i] = Read(l.Comment).Fingerprint()
		if at := slices.IndexFunc(prints[:i], prints[i].Duplicate); at >= 0 {
			t.Errorf("%q is nearly %q", l.Comment.Text, stream[at].Comment.Text)
		}
	}
	t.Logf("%d comments: %d ham, %d spam, %d hate speech, %d obscenity, %d personal attacks", len(stream),
		by[Ham], by[Spam], by[HateSpeech], by[Obscenity], by[PersonalAttack])
	if len(stream) < 120 || by[Ham] < 80 || by[Spam] < 40 || len(stream)-by[Ham]-by[Spam] < 15 {
		t.Errorf("%d comments, by label %v: too few", len(stream), by)
	}
}

// kazakhWords returns the distinct words of the fixture as typed, each with a text that has it. It omits single
// letters, and words with other characters than letters.
func kazakhWords(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, l := range kazakhStream(t) {
		for _, w := range strings.FieldsFunc(l.Comment.Text, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\u200b'
		}) {
			if !strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) }) && utf8.RuneCountInString(w) > 1 {
				found[w] = l.Comment.Text
			}
		}
	}
	return found
}

// oneScript reports whether all of the word is Cyrillic, or all Latin.
func oneScript(w string) bool {
	of := func(script *unicode.RangeTable) bool {
		return !strings.ContainsFunc(w, func(r rune) bool { return !unicode.Is(script, r) })
	}
	return of(unicode.Cyrillic) || of(unicode.Latin)
}

// heldDown reports whether a letter occurs three times or more in a row.
func heldDown(w string) bool {
	var last [2]rune
	for _, r := range w {
		if r == last[0] && r == last[1] {
			return true
		}
		last = [2]rune{last[1], r}
	}
	return false
}

func TestRead_KazakhFixtureWords(t *testing.T) {
	meant := map[string]string{} // typed words, by folded word
	plain := 0
	for w, text := range kazakhWords(t) {
		if !oneScript(w) {
			continue
		}
		plain++
		lower := strings.ToLower(w)
		got := foldedText(w)
		if other := meant[got]; other != "" && other != lower {
			t.Errorf("%q and %q are both read as %q", other, lower, got)
		}
		meant[got] = lower
		if heldDown(lower) {
			continue
		}
		if got != lower {
			t.Errorf("%q is read as %q", w, got)
		}
		if whole := " " + foldedText(text) + " "; !strings.Contains(whole, " "+lower+" ") {
			t.Errorf("%q of %q is read as something else: %q", w, text, whole)
		}
	}
	t.Logf("%d typed words are read as %d", plain, len(meant))
	if plain < 1000 {
		t.Errorf("%d words: too few", plain)
	}
}

// The fixture has the words that differ in one letter, so that tests over whole comments cover them.
func TestKazakhFixture_HasOneLetterPairs(t *testing.T) {
	has := map[string]bool{}
	for w := range kazakhWords(t) {
		has[strings.ToLower(w)] = true
	}
	for _, like := range []string{
		"тұр түр тур", "қала кала", "күн құн кун", "көл қол кол", "сөз соз", "іс ыс", "үні ұн", "он оң өң өн", "ән ан",
		"бас бәс", "тіл тыл", "ғана гана", "сірә сыра", "бол бөл", "тоқ ток", "тор төрде", "тұз түзге туз", "күш куш",
		"қарта карта", "қаз газ", "шөп шоп", "ұлы улы", "таң танба", "төз тозған", "өзді озды", "қош көш", "көк қақ",
	} {
		for w := range strings.FieldsSeq(like) {
			if !has[w] {
				t.Errorf("%q of %q is not in the fixture", w, like)
			}
		}
	}
}

func TestRead_KazakhFixtureDisguises(t *testing.T) {
	stream := kazakhStream(t)
	for typed, want := range map[string]string{
		"Kазинo":             "казино", // Latin K and o
		"oйнап":              "ойнап",
		"пәтeр":              "пәтер",
		"Tіpкелу":            "тіркелу",
		"бoнус":              "бонус",
		"Aғылшынды":          "ағылшынды",
		"тiркeлу":            "тіркелу",
		"Mикpoкpeдит":        "микрокредит",
		"Нecиe":              "несие",
		"пpoмoкoд":           "промокод",
		"Пасcивті":           "пассивті",
		"к а з и н о ғ а":    "казиноға",
		"д ж е к п о т":      "джекпот",
		"Ж\u200bұм\u200bыс":  "жұмыс",
		"от\u200bыр\u200bып": "отырып",
		"гооооол":            "гоол",
		"Бiздiң":             "біздің", // not a disguise: typed on a keyboard without і, ә, һ
		"əлi":                "әлі",
		"гауhар":             "гауһар",
		"iздеп":              "іздеп",
		"есiктi":             "есікті",
	} {
		at := slices.IndexFunc(stream, func(l Lesson) bool { return strings.Contains(l.Comment.Text, typed) })
		if at < 0 {
			t.Errorf("%q is not in the fixture", typed)
			continue
		}
		if got := foldedText(stream[at].Comment.Text); !strings.Contains(" "+got+" ", " "+want+" ") {
			t.Errorf("%q is not read as %q: %q", typed, want, got)
		}
	}
}

func TestMemory_YoungModelIsSmall(t *testing.T) {
	m := newModel()
	for _, l := range kazakhStream(t)[:40] {
		m.Learn(l)
	}
	if n := m.Memory(); n < 100<<10 || n > 1<<20 {
		t.Errorf("a model of 40 long comments takes %d bytes, want at most a mebibyte", n)
	}
}

// KazakhStream exports kazakhStream to the tests in package classifier_test, which measure by package evaluation.
var KazakhStream = kazakhStream
