package signing_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/signing"
)

// The first two values are from RFC 8785 (3.2.2, 3.2.3), without the fractions.
func TestCanonical_RFC8785(t *testing.T) {
	for _, tt := range []struct {
		value any
		want  string
	}{
		{map[string]any{"string": "\u20ac$\u000f\nA'B\"\\\\\"/", "literals": []any{nil, true, false}},
			`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`},
		{map[string]any{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh",
			"1": "One", "\U0001f600": "Emoji: Grinning Face", "\u0080": "Control",
			"\u00f6": "Latin Small Letter O With Diaeresis"},
			`{"\r":"Carriage Return","1":"One","` + "\u0080" + `":"Control","ö":"Latin Small Letter O With Diaeresis",` +
				`"€":"Euro Sign","😀":"Emoji: Grinning Face","` + "\ufb33" + `":"Hebrew Letter Dalet With Dagesh"}`},
		{map[string]any{}, `{}`},
		{[]any{}, `[]`},
		{[]any{0, -1, 9007199254740991}, `[0,-1,9007199254740991]`},
		{"<b>&\u2028\u007f\b\t\f\r", "\"<b>&\u2028\u007f\\b\\t\\f\\r\""},
	} {
		got, err := signing.Canonical(tt.value)
		if err != nil || string(got) != tt.want {
			t.Errorf("%v is %s, %v; want %s", tt.value, got, err, tt.want)
		}
	}
}

func TestCanonical_RefusesUnsupported(t *testing.T) {
	for _, value := range []any{1.5, 1 << 53, "\xff", map[string]any{"\xff": ""}, []any{1.5}, struct{}{},
		map[string]any{"a": map[string]any{"b": float32(0)}}} {
		if got, err := signing.Canonical(value); err == nil {
			t.Errorf("%v is written as %s", value, got)
		}
	}
}
