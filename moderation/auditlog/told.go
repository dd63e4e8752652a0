package auditlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation/authz"
)

// A Told is an entry as it is told to a person. Auto is what the site's setting did by itself: it is
// in no log, and by nobody.
type Told struct {
	Entry
	Name string // of the account, "" when by nobody
	Auto bool
}

// Tell puts names to entries.
func Tell(tx Tx, entries []Entry) ([]Told, error) {
	ids := make([]string, len(entries))
	for i, d := range entries {
		ids[i] = d.By
	}
	names, err := Names(tx, ids...)
	if err != nil {
		return nil, err
	}
	told := make([]Told, len(entries))
	for i, d := range entries {
		told[i] = Told{Entry: d, Name: names[d.By]}
	}
	return told, nil
}

// Names returns the names of accounts by their ids, which may repeat; Operator has the program's.
func Names(tx Tx, ids ...string) (map[string]string, error) {
	slices.Sort(ids)
	names, err := tx.AccountNames(slices.Compact(ids))
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	for _, id := range ids {
		if Imported(id) {
			names[id] = id
		}
	}
	names[authz.Operator.ID()] = "aitys"
	return names, nil
}

// imports begins what is in the place of an account's id in entries that were imported.
const imports = "import:"

// ByImport is who decides what an import of a format brings.
func ByImport(format string) string { return imports + format }

// Imported reports whether entries by this id were imported. A stranger may have made it up: it has letters and
// digits behind its beginning, and nothing else.
func Imported(by string) bool {
	format, ok := strings.CutPrefix(by, imports)
	return ok && len(format) <= 20 && !strings.ContainsFunc(format, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
