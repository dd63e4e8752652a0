package signing

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxInteger is the largest whole number that every reader of JSON has exactly (RFC 7493, 2.2).
const maxInteger = 1<<53 - 1

// Canonical writes a value as the JSON Canonicalization Scheme has it (RFC 8785), so that who reads the value and
// writes it anew gets the same bytes. It knows null, bool, string, int, []any and map[string]any of these, whole
// numbers within ±(2^53-1), and nothing else: fractions are refused, because that is what makes the scheme long.
func Canonical(value any) ([]byte, error) { return canonical(nil, value) }

func canonical(out []byte, value any) (_ []byte, err error) {
	switch v := value.(type) {
	case nil:
		return append(out, "null"...), nil
	case bool:
		return strconv.AppendBool(out, v), nil
	case int:
		if v < -maxInteger || v > maxInteger {
			return nil, fmt.Errorf("canonical JSON: %d is too large", v)
		}
		return strconv.AppendInt(out, int64(v), 10), nil
	case string:
		return quoted(out, v)
	case []any:
		out = append(out, '[')
		for i, part := range v {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = canonical(out, part); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case map[string]any:
		return object(out, v)
	}
	return nil, fmt.Errorf("canonical JSON: there is no form for %T", value)
}

func object(out []byte, members map[string]any) (_ []byte, err error) {
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.SortFunc(names, inUnits)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = quoted(out, name); err != nil {
			return nil, err
		}
		if out, err = canonical(append(out, ':'), members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// inUnits compares by UTF-16 code units, as the scheme sorts names; letters beyond the first 65,536 come before some
// within them.
func inUnits(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// short are the characters that have an escape of two.
var short = map[rune]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

func quoted(out []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("canonical JSON: %q is not UTF-8", s)
	}
	out = append(out, '"')
	for _, r := range s {
		switch escape, known := short[r]; {
		case known:
			out = append(out, '\\', escape)
		case r < ' ':
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = utf8.AppendRune(out, r)
		}
	}
	return append(out, '"'), nil
}
