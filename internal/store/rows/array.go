package rows

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
)

// An Array is how a database takes a list as one value. A statement with as many parameters as its list is
// long would be another one for each length, would fail beyond 32,766 on SQLite and 65,535 on Postgres, and
// Postgres plans it badly once it keeps one plan for all (PREPARE, "generic plan").
type Array struct {
	// Among is the condition on a column, which stands before it, to be one of the values of a list;
	// AmongBytes is the same for bytes.
	Among, AmongBytes string
	EachBytes         string // a table of a list of bytes, with the column one
	Empty             string // no bytes
	open, end         byte
	quoted            func(string) string
	hex               func(string) string
}

// The arrays of the two databases:
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO and https://www.sqlite.org/json1.html#jeach.
var (
	PostgresArray = Array{
		Among:      "= ANY (?)",
		AmongBytes: "= ANY (?)",
		EachBytes:  "unnest(?::bytea[]) AS list (one)",
		Empty:      "''::bytea",
		open:       '{',
		end:        '}',
		quoted:     func(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` },
		hex:        func(s string) string { return `"\\x` + s + `"` },
	}
	SQLiteArray = Array{
		Among: "IN (SELECT value FROM json_each(?))", AmongBytes: "IN (SELECT unhex(value) FROM json_each(?))",
		EachBytes: "(SELECT unhex(value) AS one FROM json_each(?)) AS list",
		Empty:     "x''", open: '[', end: ']',
		quoted: func(s string) string {
			b, _ := json.Marshal(s) // of a string it never fails
			return string(b)
		},
		hex: func(s string) string { return `"` + s + `"` },
	}
)

// ArrayOf is the value of a statement's parameter for several.
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
