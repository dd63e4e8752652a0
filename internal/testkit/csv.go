package testkit

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"testing"
)

// formula matches cells that spreadsheets interpret as formulas, with characters that they skip at the beginning.
// https://owasp.org/www-community/attacks/CSV_Injection
var formula = regexp.MustCompile(`^[\p{Z}\p{Cc}\p{Cf}"]*[=+\-@|＝＋－＠]`)

// Formulas returns the cells of a CSV file that spreadsheets would interpret as formulas. It splits cells by RFC 4180,
// and also at semicolons or tabs and at every line end without regard to quotes, as some programs do.
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
