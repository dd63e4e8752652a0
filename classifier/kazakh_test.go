package classifier

import "testing"

// Words that differ in one letter of the Kazakh alphabet are different words.
func TestKazakhWordsAreNeverMerged(t *testing.T) {
	for _, pair := range [][2]string{
		{"тұр", "түр"}, {"тұр", "тур"}, {"түр", "тур"}, {"қала", "кала"}, {"қан", "кан"}, {"құн", "күн"}, {"күн", "кун"},
		{"өң", "он"}, {"өн", "он"}, {"оң", "он"}, {"ән", "ан"}, {"аң", "ан"}, {"әл", "ал"}, {"ғана", "гана"}, {"сөз", "соз"},
		{"сіз", "сиз"}, {"тіл", "тил"}, {"тіс", "тыс"}, {"гүл", "ғұл"}, {"шаһар", "шахар"}, {"жаңа", "жана"}, {"мың", "мын"},
		{"үн", "ұн"}, {"іс", "ыс"}, {"қол", "көл"}, {"көл", "кол"}, {"ой", "өй"}, {"бөлім", "болым"},
	} {
		a, b := words(pair[0]), words(pair[1])
		if a == b {
			t.Errorf("%q and %q are both read as %q", pair[0], pair[1], a)
		}
		if a != pair[0] {
			t.Errorf("%q is read as %q", pair[0], a)
		}
	}
}

func TestLatinDoublesInAKazakhWordAreRead(t *testing.T) {
	for typed, want := range map[string]string{"сiз": "сіз", "тiл": "тіл", "өтe": "өте", "əдемі": "әдемі", "рақмeт": "рақмет"} {
		if got := words(typed); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
}

// words is the folded text of s.
func words(s string) string {
	d := Read(Comment{Text: s})
	text := d.text[:d.folded]
	return text[1 : len(text)-1]
}
