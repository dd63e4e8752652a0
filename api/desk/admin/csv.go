package admin

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/moderation/evaluation"
)

// insightsCSV hands out what came in and was decided as a table: a row a day or week, and one a page.
func (o *owner) insightsCSV(v *desk.Visit) error {
	flow, err := o.Evaluation.Flow(v.Ctx(), v.Who, v.Site, daysOf(v))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s.csv", v.Site.Key, o.Clock.Now().UTC().Format(time.DateOnly))
	v.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return v.Blob(http.StatusOK, "text/csv; charset=utf-8", tableOf(flow))
}

// tableOf is a Flow as CSV (RFC 4180), beginning with the mark by which Excel knows UTF-8.
func tableOf(f evaluation.Flow) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	kind := "day"
	if f.Days > 1 {
		kind = "week"
	}
	seconds := func(w evaluation.Wait, d time.Duration) string {
		if w.Of == 0 {
			return ""
		}
		return strconv.Itoa(int(d / time.Second))
	}
	rows := [][]string{{"kind", "from", "page", "title", "came_in", "decided", "refused", "median_seconds", "p90_seconds"}}
	for _, s := range f.Spans {
		rows = append(rows, []string{kind, s.From.Format(time.DateOnly), "", "", strconv.Itoa(s.CameIn),
			strconv.Itoa(s.Decided), "", seconds(s.Wait, s.Wait.Median), seconds(s.Wait, s.Wait.Ninety)})
	}
	for _, p := range f.Pages {
		rows = append(rows, []string{"page", "", plainCell(p.Page.URL), plainCell(p.Page.Title), strconv.Itoa(p.CameIn), "",
			strconv.Itoa(p.Refused), "", ""})
	}
	_ = out.WriteAll(rows) // a buffer never fails
	return b.Bytes()
}

// formula finds where a spreadsheet would see one begin: at the start of a cell, or after what some programs
// take for the end of one (https://owasp.org/www-community/attacks/CSV_Injection).
var formula = regexp.MustCompile(`(^|[,;|"])([\p{Z}\p{C}]*)([=+\-@＝＋－＠])`)

// plainCell is a text that no spreadsheet takes for a formula: an apostrophe stands before what would be one.
func plainCell(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return formula.ReplaceAllString(text, "$1$2'$3")
}
