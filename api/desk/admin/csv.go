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

// insightsCSV serves received and decided comments as CSV: one row per day or week, then one row per page.
func (o *admin) insightsCSV(v *desk.Visit) error {
	flow, err := o.Evaluation.Flow(v.Ctx(), v.Actor, v.Site, periodOf(v))
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s.csv", v.Site.Key, o.Clock.Now().UTC().Format(time.DateOnly))
	v.Response().Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	return v.Blob(http.StatusOK, "text/csv; charset=utf-8", flowCSV(flow))
}

// flowCSV returns a Flow as CSV (RFC 4180) with a byte order mark, by which Excel detects UTF-8.
func flowCSV(f evaluation.Flow) []byte {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	kind := "day"
	if f.Days > 1 {
		kind = "week"
	}
	seconds := func(w evaluation.Wait, d time.Duration) string {
		if w.Count == 0 {
			return ""
		}
		return strconv.Itoa(int(d / time.Second))
	}
	rows := [][]string{{"kind", "from", "page", "title", "came_in", "decided", "refused", "median_seconds", "p90_seconds"}}
	for _, s := range f.Spans {
		rows = append(rows, []string{kind, s.From.Format(time.DateOnly), "", "", strconv.Itoa(s.CameIn),
			strconv.Itoa(s.Decided), "", seconds(s.Wait, s.Wait.Median), seconds(s.Wait, s.Wait.P90)})
	}
	for _, p := range f.Pages {
		rows = append(rows, []string{"page", "", escapeFormula(p.Page.URL), escapeFormula(p.Page.Title), strconv.Itoa(p.CameIn), "",
			strconv.Itoa(p.Refused), "", ""})
	}
	_ = out.WriteAll(rows) // writing to a buffer never fails
	return b.Bytes()
}

// formula matches the start of a spreadsheet formula: at the start of a cell, or after a character that some programs
// take for a cell separator (https://owasp.org/www-community/attacks/CSV_Injection).
var formula = regexp.MustCompile(`(^|[,;|"])([\p{Z}\p{C}]*)([=+\-@＝＋－＠])`)

// escapeFormula returns text with an apostrophe before anything that a spreadsheet would take for a formula.
func escapeFormula(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return formula.ReplaceAllString(text, "$1$2'$3")
}
