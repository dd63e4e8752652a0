package classifier

import "unicode"

// lower is unicode.ToLower, and upper unicode.IsUpper, without a search for the letters of English, Russian and Kazakh.
func lower(r rune) rune {
	switch {
	case r < 0x80:
		if 'A' <= r && r <= 'Z' {
			return r + 0x20
		}
		return r
	case 0x410 <= r && r <= 0x42F:
		return r + 0x20
	case 0x430 <= r && r <= 0x45F:
		return r
	case 0x48A <= r && r <= 0x4BF, 0x4D0 <= r && r <= 0x52F: // upper and lower in turn
		return r | 1
	}
	return unicode.ToLower(r)
}

func upper(r rune) bool {
	switch {
	case r < 0x80:
		return 'A' <= r && r <= 'Z'
	case 0x410 <= r && r <= 0x42F:
		return true
	case 0x430 <= r && r <= 0x45F:
		return false
	case 0x48A <= r && r <= 0x4BF, 0x4D0 <= r && r <= 0x52F:
		return r&1 == 0
	}
	return unicode.IsUpper(r)
}
