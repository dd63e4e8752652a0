package sqlite

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// plannerParameters matches the parameters whose values affect SQLite's query plan: a LIMIT, and the state of a
// comment, which is in the conditions of partial indexes. SQLite prepares a statement again whenever such a parameter
// is bound (sqlite.org/c3ref/prepare.html), which takes longer than most statements run. So numbers replace these
// parameters.
var plannerParameters = regexp.MustCompile(`\bLIMIT +\?|\bstate +(?:=|<>) \?|\bstate IN \(\?(?:, \?)*\)`)

// A template is a statement split at its parameters.
type template struct {
	parts   []string // the text before, between and after the parameters
	inlined []bool   // for each parameter: a number replaces it
}

var templates sync.Map // by statement; the service has a few hundred

// templateOf returns the template of a statement, or nil if it has no planner parameters.
func templateOf(statement string) *template {
	if t, ok := templates.Load(statement); ok {
		return t.(*template)
	}
	var t *template
	if found := plannerParameters.FindAllStringIndex(statement, -1); len(found) > 0 {
		t = &template{parts: strings.Split(statement, "?")}
		at := 0
		for _, part := range t.parts[:len(t.parts)-1] {
			at += len(part)
			plain := false
			for _, f := range found {
				plain = plain || f[0] <= at && at < f[1]
			}
			t.inlined = append(t.inlined, plain)
			at++
		}
	}
	templates.Store(statement, t)
	return t
}

// inline replaces the planner parameters of a statement by their numbers. It returns the statement and the remaining
// arguments.
func inline(statement string, args []driver.NamedValue) (filled string, left []driver.NamedValue) {
	t := templateOf(statement)
	if t == nil || len(t.inlined) != len(args) { // a literal contains a question mark
		return statement, args
	}
	var b strings.Builder
	left = make([]driver.NamedValue, 0, len(args))
	for i, plain := range t.inlined {
		b.WriteString(t.parts[i])
		if n, ok := args[i].Value.(int64); ok && plain {
			b.WriteString(strconv.FormatInt(n, 10))
			continue
		}
		b.WriteByte('?')
		left = append(left, driver.NamedValue{Ordinal: len(left) + 1, Value: args[i].Value})
	}
	b.WriteString(t.parts[len(t.parts)-1])
	return b.String(), left
}
