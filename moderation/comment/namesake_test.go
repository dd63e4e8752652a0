package comment_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/comment"
)

func TestANamesakeIsWhomAReaderTakesItFor(t *testing.T) {
	staff := []string{"Olga Petrova", "Айдана", "The Long Way"}
	names := comment.NewNames(staff, []string{"moderator", "модератор", "author"})
	for name, want := range map[string]string{
		"Olga Petrova": "Olga Petrova", "olga  PETROVA ✓": "Olga Petrova", "OlgaPetrova": "Olga Petrova",
		"\u041elga Petr\u043eva": "Olga Petrova", "Olga\u200b Petrova": "Olga Petrova",
		"Olga Petrova (moderator)": "Olga Petrova", "Модератор Айдана": "Айдана", "a\u0439дaнa": "Айдана",
		"The-Long-Way": "The Long Way", "Moderator ✓": "moderator", "м\u043eдератор": "модератор",
		"Olga": "", "Olga Ivanova": "", "Moderata": "", "Petrova Olga": "", "": "", "✓": "",
	} {
		if got := names.Like(name); got != want {
			t.Errorf("%q: taken for %q, want %q", name, got, want)
		}
	}
	if got := comment.NewNames(nil, nil).Like("Anybody"); got != "" {
		t.Errorf("without staff: %q", got)
	}
}
