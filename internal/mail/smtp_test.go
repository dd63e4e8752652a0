package mail_test

import (
	"testing"

	"github.com/aitys/aitys/internal/mail"
)

func TestParseFrom_AcceptsOneAddress(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][2]string{
		"comments@blog.example":               {"", "comments@blog.example"},
		"<comments@blog.example>":             {"", "comments@blog.example"},
		"My Blog <comments@blog.example>":     {"My Blog", "comments@blog.example"},
		`"Blog, mine" <comments@b.example>`:   {"Blog, mine", "comments@b.example"},
		"Мой блог <comments@blog.example>":    {"Мой блог", "comments@blog.example"},
		"a@b.example, c@d.example":            {},
		"A <a@b.example>, B <c@d.example>":    {},
		"A <a@b.example>\r\nBcc: c@d.example": {},
		`"<x>"@b.example`:                     {},
		"My Blog":                             {},
		"":                                    {},
	} {
		got, err := mail.ParseFrom(in)
		if (err != nil) != (want[1] == "") || err == nil && (got.Name != want[0] || got.Address != want[1]) {
			t.Errorf("%q is read as %+v, %v", in, got, err)
		}
	}
}
