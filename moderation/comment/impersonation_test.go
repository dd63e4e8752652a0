package comment_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/comment"
)

func TestReadings_MatchLookAlikes(t *testing.T) {
	staff := []string{"Olga Petrova", "Айдана", "The Long Way"}
	names := comment.NewNameIndex(staff, []string{"moderator", "модератор", "author"})
	for name, want := range map[string]string{
		"Olga Petrova": "Olga Petrova", "olga  PETROVA ✓": "Olga Petrova", "OlgaPetrova": "Olga Petrova",
		"\u041elga Petr\u043eva": "Olga Petrova", "Olga\u200b Petrova": "Olga Petrova",
		"Olga Petrova (moderator)": "Olga Petrova", "Модератор Айдана": "Айдана", "a\u0439дaнa": "Айдана",
		"The-Long-Way": "The Long Way", "Moderator ✓": "moderator", "м\u043eдератор": "модератор",
		"Olga": "", "Olga Ivanova": "", "Moderata": "", "Petrova Olga": "", "": "", "✓": "",
	} {
		if got := names.Match(name); got != want {
			t.Errorf("%q: taken for %q, want %q", name, got, want)
		}
	}
	if got := comment.NewNameIndex(nil, nil).Match("Anybody"); got != "" {
		t.Errorf("without staff: %q", got)
	}
}

func TestCheckName_LookAlikesOfStaff(t *testing.T) {
	staff := []string{"root", "Ilya Kim", "Алёна", "Сергей", "Қайрат", "Mila Olson", "José"}
	for _, name := range []string{
		"root", "R00T", "r0ot", "RO0T", "ro\u043et", "Rôöt", "r\u0336o\u0336o\u0336t\u0336", "root ✓", "𝐫𝐨𝐨𝐭", "ʀᴏᴏᴛ",
		"llya Kim", "1lya Kim", "|lya Kim", "ilya kim", "ILYA KIM", "I1ya K1m", "Ilya K\u0131m",
		"Алена", "Алёна", "алe\u0301на", "Сергеи", "С\u0435ргей", "Қaйрaт", "Mi1a 0lson", "M1la Ols0n", "Jose", "J0sé",
		"Moderator", "М\u043ederator ✓", "\u041coderator ✓", "m0derat0r", "Adm1n", "АДМИН", "Администратор", "Author", "0wner", "Модератор ✓",
		"root (admin)", "Модератор Сергей", "[admin] R00T",
	} {
		if err := (comment.Comment{Name: name}).CheckName(staff); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
	for _, name := range []string{
		"", "Ruth", "Rooter", "Robot", "Roland", "Liya Kim", "Ilya", "Kim", "Ilya Kimov", "Mia Olson", "Olson Mila", "Елена", "Алина",
		"Сергеев", "Серега", "Айдана", "Айгүл", "Қайсар", "Гүлнұр", "Әсел", "Нұрлан", "Ирина", "Лилия", "Илья", "Joséphine",
		"Adam", "Modesto", "Авторучка", "Admiral", "Owen", "10", "Anna 2010", "✓", "Öğretmen", "Łukasz",
	} {
		if err := (comment.Comment{Name: name}).CheckName(staff); err != nil {
			t.Errorf("%q is refused: %v", name, err)
		}
	}
}

// Verified names are stored as hashes of the first reading, so it must stay the same across versions.
func TestKnownReadings_FirstStaysAsStored(t *testing.T) {
	for name, want := range map[string]string{"Olga Petrova ✓": "olgapetrova", "Айдана": "a\u0439дaha", "R00T": "r00t",
		"José": "josé", "Ilya": "ilya"} {
		if got := comment.KnownReadings(name); len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %q, want %q first", name, got, want)
		}
	}
}
