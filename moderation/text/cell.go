package text

import (
	"regexp"
	"strings"
	"unicode"
)

// formulaStart matches where a spreadsheet may read a formula: at the start of a cell, and after a semicolon or a line
// feed, which some programs read as the end of a cell or row. Full-width signs count too, as do signs after characters
// that some programs ignore.
//
// https://owasp.org/www-community/attacks/CSV_Injection
var formulaStart = regexp.MustCompile(`(^|[;\n])([\p{Z}\p{Cf}"]*)([=+\-@|\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])`)

// lineEnds normalizes line ends to \n and tabs to spaces.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ")

// EscapeCell returns text that no spreadsheet reads as a formula: an apostrophe marks it as text. Lines end with \n.
// Tabs become spaces, and other controls are removed.
func EscapeCell(cell string) string {
	cell = lineEnds.Replace(cell)
	cell = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, cell)
	return formulaStart.ReplaceAllString(cell, "$1$2'$3")
}
