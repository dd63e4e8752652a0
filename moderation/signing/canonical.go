package signing

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxInteger is the largest integer that every JSON parser represents exactly (RFC 7493, 2.2).
const maxInteger = 1<<53 - 1

// Canonical encodes a value by the JSON Canonicalization Scheme (RFC 8785), so that parsing and encoding again gives
// the same bytes. It supports null, bool, string, []any, map[string]any, and int within ±(2^53-1). It returns an error
// for other types. Fractions are not supported, because formatting them is the complex part of the scheme.
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
		return quote(out, v)
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
	slices.SortFunc(names, compareUTF16)
	out = append(out, '{')
	for i, name := range names {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = quote(out, name); err != nil {
			return nil, err
		}
		if out, err = canonical(append(out, ':'), members[name]); err != nil {
			return nil, err
		}
	}
	return append(out, '}'), nil
}

// compareUTF16 compares strings by UTF-16 code units, the order that RFC 8785 requires. It differs from code point
// order above U+FFFF.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// shortEscapes contains the characters with a two-character escape.
var shortEscapes = map[rune]byte{'\b': 'b', '\t': 't', '\n': 'n', '\f': 'f', '\r': 'r', '"': '"', '\\': '\\'}

func quote(out []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("canonical JSON: %q is not UTF-8", s)
	}
	out = append(out, '"')
	for _, r := range s {
		switch escape, known := shortEscapes[r]; {
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
