package store

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
)

// An array is how a database takes a list as one value. A statement with as many parameters as its list is
// long would be another one for each length, would fail beyond 32,766 on SQLite and 65,535 on Postgres, and
// Postgres plans it badly once it keeps one plan for all (PREPARE, "generic plan").
type array struct {
	// among is the condition on a column, which stands before it, to be one of the values of a list;
	// amongBytes is the same for bytes.
	among, amongBytes string
	each              string // a table of the list's numbers, as value
	open, end         byte
	quoted            func(string) string
	hex               func(string) string
}

// Of https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO and https://www.sqlite.org/json1.html#jeach.
var (
	postgresArray = array{
		among: "= ANY (?)", amongBytes: "= ANY (?)", each: "unnest(CAST(? AS bigint[])) AS each (value)", open: '{', end: '}',
		quoted: func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` },
		hex:    func(s string) string { return `"\\x` + s + `"` },
	}
	sqliteArray = array{
		among: "IN (SELECT value FROM json_each(?))", amongBytes: "IN (SELECT unhex(value) FROM json_each(?))",
		each: "json_each(?) AS each", open: '[', end: ']',
		quoted: func(s string) string {
			b, _ := json.Marshal(s) // of a string it never fails
			return string(b)
		},
		hex: func(s string) string { return `"` + s + `"` },
	}
)

// arrayOf is the value of a statement's parameter for several.
func arrayOf[T string | int64 | uint64 | []byte](a array, values []T) string {
	b := []byte{a.open}
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		switch v := any(v).(type) {
		case string:
			b = append(b, a.quoted(v)...)
		case []byte:
			b = append(b, a.hex(hex.EncodeToString(v))...)
		case int64:
			b = strconv.AppendInt(b, v, 10)
		case uint64:
			b = strconv.AppendUint(b, v, 10)
		}
	}
	return string(append(b, a.end))
}
