package dump

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// issoTables reports for both tables whether they are ordinary ones. A view may compute without end, virtual tables and
// generated columns call functions, and without a key each comment would scan all threads.
const issoTables = `
	SELECT lower(s.name), s.type = 'table' AND s.rootpage > 0
	FROM   sqlite_schema AS s
	WHERE  lower(s.name) IN ('comments', 'threads') AND s.type IN ('table', 'view')`

const issoColumns = `
	SELECT max(hidden) = 0, max(name = 'id' AND pk = 1 AND upper(type) = 'INTEGER')
	FROM   pragma_table_xinfo('%s')`

// issoRows reads Isso's comments with their threads, as of its isso/db. SQLite checks no column types, so each value is
// cast. Its length is checked first, without loading it: a value may have a gigabyte.
var issoRows = fmt.Sprintf(`
	SELECT c.id, CAST(coalesce(c.parent, '') AS TEXT), CAST(coalesce(c.created, 0) AS REAL),
	       CAST(c.mode AS INTEGER), t.id IS NULL, coalesce(octet_length(c.text), 0) > %[1]d,
	       coalesce(octet_length(c.author), 0) > %[2]d OR coalesce(octet_length(c.email), 0) > %[2]d
	       OR coalesce(octet_length(c.website), 0) > %[2]d OR coalesce(octet_length(t.uri), 0) > %[2]d
	       OR coalesce(octet_length(c.parent), 0) > %[2]d,
	       %[3]s, %[4]s, %[5]s, %[6]s, %[7]s, %[8]s, %[9]s
	FROM   comments AS c
	LEFT JOIN threads AS t ON t.id = c.tid
	ORDER  BY c.id`, MaxMessage, maxField,
	issoText("t.uri"), issoText("t.title"), issoText("c.remote_addr"), issoText("c.text"), issoText("c.author"),
	issoText("c.email"), issoText("c.website"))

// issoText returns the SQL expression of a column as text, or of an empty text if the value is longer than its limit.
func issoText(column string) string {
	return fmt.Sprintf("CASE WHEN octet_length(%[1]s) <= %[2]d THEN CAST(%[1]s AS TEXT) ELSE '' END", column,
		issoFields[column[2:]].limit())
}

// readIsso reads a database of Isso. Its page addresses have no host.
func readIsso(ctx context.Context, f *File, to Handler) error {
	err := f.checkIsso(ctx)
	if err == nil {
		last := int64(math.MinInt64)
		err = f.Tables(ctx, f.Path, issoRows, func(scan func(...any) error) error { return issoRow(scan, &last, to) })
	}
	if err != nil {
		return fmt.Errorf("as a database of Isso: %w", err)
	}
	return nil
}

// checkIsso returns an error unless the rows can be read in linear time.
func (f *File) checkIsso(ctx context.Context) error {
	ordinary := map[string]bool{}
	err := f.Tables(ctx, f.Path, issoTables, func(scan func(...any) error) error {
		var name string
		var table bool
		err := scan(&name, &table)
		ordinary[name] = table
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"comments", "threads"} {
		table, found := ordinary[name]
		if !found {
			return fmt.Errorf("no such table: %s", name)
		}
		plain, keyed := false, false
		if table {
			err := f.Tables(ctx, f.Path, fmt.Sprintf(issoColumns, name), func(scan func(...any) error) error {
				return scan(&plain, &keyed)
			})
			if err != nil {
				return err
			}
		}
		if !table || !plain || !keyed {
			return fmt.Errorf("%s is no table as Isso creates it", name)
		}
	}
	return nil
}

func issoRow(scan func(...any) error, last *int64, to Handler) error {
	var r Record
	var id int64
	var created float64
	var mode *int
	var homeless, wide bool
	err := scan(&id, &r.Parent, &created, &mode, &homeless, &r.Long, &wide, &r.Page.URL, &r.Page.Title, &r.Address,
		&r.Source, &r.Name, &r.Email, &r.Website)
	if err != nil {
		return err
	}
	if id <= *last { // a damaged file may loop
		return errors.New("its comments are not in order: the file is damaged")
	}
	*last = id
	switch {
	case homeless:
		to.Skip("comment", "the file does not say which page it is on")
		return nil
	case wide:
		to.Skip("comment", fmt.Sprintf("its name, e-mail, website or address is longer than %d bytes", maxField))
		return nil
	}
	r.ID = strconv.FormatInt(id, 10)
	r.Name, r.Email = issoFields["author"].of(r.Name), issoFields["email"].of(r.Email)
	r.Website = issoFields["website"].of(r.Website)
	r.Source = withoutTags(r.Source)
	if r.Parent == "0" {
		r.Parent = ""
	}
	if !math.IsNaN(created) && math.Abs(created) < 1e11 {
		r.At = time.UnixMicro(int64(math.Round(created * 1e6)))
	}
	switch {
	case mode == nil: // an unknown mode is pending
	case *mode == 1:
		r.State = comment.Approved
	case *mode == 4:
		r.State, r.Deleted = comment.Rejected, true
	}
	return to.Comment(r)
}

var (
	// issoCode matches code in Markdown, in which tags are text.
	issoCode = regexp.MustCompile("(?s)```.*?(?:```|$)|`[^`\n]*`")
	issoTag  = regexp.MustCompile(`(?i)<(/?)(b|strong|i|em|del|s|strike|br|p)(\s*/)?>\n?`)
)

// withoutTags replaces the HTML tags that Isso shows in Markdown with Markdown that looks the same.
func withoutTags(source string) string {
	var out strings.Builder
	last := 0
	for _, code := range append(issoCode.FindAllStringIndex(source, -1), []int{len(source), len(source)}) {
		out.WriteString(issoTag.ReplaceAllStringFunc(source[last:code[0]], func(tag string) string {
			name := strings.ToLower(strings.Trim(tag, "</ >\n"))
			switch name {
			case "br":
				return "\n"
			case "p":
				return "\n\n"
			}
			end := ""
			if strings.HasSuffix(tag, "\n") {
				end = "\n"
			}
			return emphases[name] + end
		}))
		out.WriteString(source[code[0]:code[1]])
		last = code[1]
	}
	return out.String()
}
