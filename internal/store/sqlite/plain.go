package sqlite

import (
	"database/sql/driver"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// looked are places of numbers that SQLite's planner looks at: a LIMIT, and the state of a comment, of which partial
// indexes speak. A statement is planned anew each time that one of its values is bound there ("Automatic
// re-preparation", sqlite.org/c3ref/prepare.html), which takes longer than most statements. So they are written in.
var looked = regexp.MustCompile(`\bLIMIT +\?|\bstate +(?:=|<>) \?|\bstate IN \(\?(?:, \?)*\)`)

// A template is a statement between its places: of those that are written in, whole says nothing.
type template struct {
	parts []string // around each place
	plain []bool   // it is written in
}

var templates sync.Map // of statements; the service has a few hundred

// templateOf returns a statement's, nil if there is nothing to write into it.
func templateOf(statement string) *template {
	if t, ok := templates.Load(statement); ok {
		return t.(*template)
	}
	var t *template
	if found := looked.FindAllStringIndex(statement, -1); len(found) > 0 {
		t = &template{parts: strings.Split(statement, "?")}
		at := 0
		for _, part := range t.parts[:len(t.parts)-1] {
			at += len(part)
			plain := false
			for _, f := range found {
				plain = plain || f[0] <= at && at < f[1]
			}
			t.plain = append(t.plain, plain)
			at++
		}
	}
	templates.Store(statement, t)
	return t
}

// fill writes numbers into a statement, and returns it with the values that are left to be bound.
func fill(statement string, args []driver.NamedValue) (filled string, left []driver.NamedValue) {
	t := templateOf(statement)
	if t == nil || len(t.plain) != len(args) { // a question mark in a text is no place
		return statement, args
	}
	var b strings.Builder
	left = make([]driver.NamedValue, 0, len(args))
	for i, plain := range t.plain {
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
