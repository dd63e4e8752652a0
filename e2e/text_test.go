package e2e

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// textOf returns the text of canonical HTML.
func textOf(t testing.TB, source string) string {
	t.Helper()
	var text strings.Builder
	for z := html.NewTokenizer(strings.NewReader(source)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return text.String()
		case html.TextToken:
			text.Write(z.Text())
			text.WriteByte(' ')
		}
	}
}
