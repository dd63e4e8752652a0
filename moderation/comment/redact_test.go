package comment_test

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

func TestRedact_RemovesPart(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		part         comment.Part
		want, html   string // or the field of the error
	}{
		{"words of the text", "Call Anna on 555 0100 tonight.", comment.Part{Words: "555 0100"},
			"Call Anna on ███ tonight.", "<p>Call Anna on ███ tonight.</p>"},
		{"numbers", "Әр пікір — ғажап сөз.",
			comment.Part{From: 3, To: 8}, "Әр ███ — ғажап сөз.", "<p>Әр ███ — ғажап сөз.</p>"},
		{"no more marks than characters", "Ab", comment.Part{From: 1, To: 2}, "A█", "<p>A█</p>"},
		{"all of it", "Nothing of this.", comment.Part{To: 16}, "███", "<p>███</p>"},
		{"within emphasis", "Say **all of it** aloud", comment.Part{Words: "all of it"}, "Say **███** aloud",
			"<p>Say <strong>███</strong> aloud</p>"},
		{"one end of an emphasis", "Say **all of it** aloud", comment.Part{Words: "it** aloud"}, "Say **all of ███",
			"<p>Say **all of ███</p>"},
		{"a whole address", "Look at https://shop.example/x now", comment.Part{Words: "https://shop.example/x"},
			"Look at ███ now", "<p>Look at ███ now</p>"},
		{"lines as a form sends them", "one\ntwo\nthree",
			comment.Part{Words: "one\r\ntwo"}, "███\nthree", "<p>███<br>three</p>"},
		{"a host becomes another", "See https://good.example.evil.example/ here",
			comment.Part{Words: ".evil.example/"}, "/from", ""},
		{"an address of a mail becomes another", "Write to a@shop.example.org please",
			comment.Part{Words: ".org"}, "/from", ""},
		{"a part of an address", "See https://shop.example/private/x here",
			comment.Part{Words: "private"}, "/from", ""},
		{"where a link leads", "See [this](https://shop.example/x) here",
			comment.Part{Words: "https://shop.example/x"}, "/from", ""},
		{"a language that no reader sees", "```secret\ncode\n```", comment.Part{Words: "secret"}, "/from", ""},
		{"half a sign", "x 👩‍👩‍👧 y", comment.Part{From: 2, To: 4}, "/from", ""},
		{"nothing", "words", comment.Part{From: 2, To: 2}, "/from", ""},
		{"backwards", "words", comment.Part{From: 3, To: 2}, "/from", ""},
		{"beyond the end", "words", comment.Part{From: 3, To: 6}, "/from", ""},
		{"words that are not there", "words", comment.Part{Words: "other"}, "/words", ""},
		{"words that stand there twice", "on and on", comment.Part{Words: "on"}, "/words", ""},
	} {
		c := comment.Comment{}
		c.Write(tt.source)
		got, err := c.Redact(tt.part, 7, time.Unix(1, 0), "why")
		if err != nil {
			e, ok := err.(*problem.Error)
			if !ok || e.Field != tt.want || got.Source != tt.source {
				t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
			}
			continue
		}
		if got.Source != tt.want || got.HTML() != tt.html || !got.Keeps(7) || got.RedactedWhy != "why" {
			t.Errorf("%s: got %q as %s, want %q as %s", tt.name, got.Source, got.HTML(), tt.want, tt.html)
		}
		if utf8.RuneCountInString(got.Source) > utf8.RuneCountInString(tt.source) {
			t.Errorf("%s: it grew to %q", tt.name, got.Source)
		}
		if back := got.Unredact(); back.Source != tt.source || back.HTML() != c.HTML() || !back.RedactedAt.IsZero() ||
			back.RedactedWhy != "" || len(back.Kept) != 0 {
			t.Errorf("%s: put back it is %+v", tt.name, back)
		}
	}
}
