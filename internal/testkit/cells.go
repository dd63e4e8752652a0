package testkit

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"testing"
)

// formula is what spreadsheets take for one at the beginning of a cell, and what they leave out before it.
// https://owasp.org/www-community/attacks/CSV_Injection
var formula = regexp.MustCompile(`^[\p{Z}\p{Cc}\p{Cf}"]*[=+\-@|＝＋－＠]`)

// Formulas returns what a spreadsheet would take for formulas in a file of comma-separated values: by the rules of
// RFC 4180, and by those of programs that part cells at semicolons or tabs, rows at every end of a line, and know no
// quotes.
func Formulas(t testing.TB, file []byte) (all []string) {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	cells := append(regexp.MustCompile(`[;\n\r]`).Split(string(file), -1),
		regexp.MustCompile(`[\t\n\r]`).Split(string(file), -1)...)
	for _, row := range rows {
		cells = append(cells, row...)
	}
	for _, cell := range cells {
		if formula.MatchString(cell) {
			all = append(all, cell)
		}
	}
	return all
}
