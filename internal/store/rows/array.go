package rows

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
)

// An Array passes a list to a statement as one parameter. One parameter per element would make a different statement
// for each length. It would fail beyond 32,766 elements on SQLite and 65,535 on Postgres. Postgres also plans such a
// statement badly once it uses one plan for all values (PREPARE, "generic plan").
type Array struct {
	// In follows a column in a condition: the value of the column is in the list. InBytes is In for bytes.
	In, InBytes string
	BytesTable  string // FROM item: the list as a table with a column of bytes named one
	EmptyBytes  string // literal for an empty byte string
	open, end   byte
	quoted      func(string) string
	hex         func(string) string
}

// PostgresArray and SQLiteArray are the arrays of the two databases:
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO and https://www.sqlite.org/json1.html#jeach.
var (
	PostgresArray = Array{
		In:         "= ANY (?)",
		InBytes:    "= ANY (?)",
		BytesTable: "unnest(?::bytea[]) AS list (one)",
		EmptyBytes: "''::bytea",
		open:       '{',
		end:        '}',
		quoted:     func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` },
		hex:        func(s string) string { return `"\\x` + s + `"` },
	}
	SQLiteArray = Array{
		In: "IN (SELECT value FROM json_each(?))", InBytes: "IN (SELECT unhex(value) FROM json_each(?))",
		BytesTable: "(SELECT unhex(value) AS one FROM json_each(?)) AS list",
		EmptyBytes: "x''", open: '[', end: ']',
		quoted: func(s string) string {
			b, _ := json.Marshal(s) // cannot fail for a string
			return string(b)
		},
		hex: func(s string) string { return `"` + s + `"` },
	}
)

// ArrayOf returns the value of a list parameter.
func ArrayOf[T string | int64 | uint64 | []byte](a Array, values []T) string {
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
