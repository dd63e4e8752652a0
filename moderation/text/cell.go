package text

import (
	"regexp"
	"strings"
	"unicode"
)

// begins is where a spreadsheet may take what follows for a formula: at the beginning of a cell, and behind what one
// that reads the file by other rules (semicolons between cells, every end of a line one of a row) takes for its end.
// Signs of double width are signs to some of them, and before a sign may stand what they leave out.
// https://owasp.org/www-community/attacks/CSV_Injection
var begins = regexp.MustCompile(`(^|[;\n])([\p{Z}\p{Cf}"]*)([=+\-@|\x{FF1D}\x{FF0B}\x{FF0D}\x{FF20}])`)

// plainEnds writes ends of lines and tabs as Cell says.
var plainEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\t", " ")

// Cell is a text that no spreadsheet takes for a formula: an apostrophe says that it is text. Its lines end with
// \n, and it has no tabs and no other controls.
func Cell(cell string) string {
	cell = plainEnds.Replace(cell)
	cell = strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, cell)
	return begins.ReplaceAllString(cell, "$1$2'$3")
}
