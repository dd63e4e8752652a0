package auditlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation/authz"
)

// A NamedEntry is an entry with the name of its account. Auto marks what the site's setting did by itself: such an
// entry is in no log and has no account.
type NamedEntry struct {
	Entry
	Name string // of the account; "" if there is none
	Auto bool
}

// WithNames adds account names to entries.
func WithNames(tx Tx, entries []Entry) ([]NamedEntry, error) {
	ids := make([]string, len(entries))
	for i, d := range entries {
		ids[i] = d.By
	}
	names, err := Names(tx, ids...)
	if err != nil {
		return nil, err
	}
	told := make([]NamedEntry, len(entries))
	for i, d := range entries {
		told[i] = NamedEntry{Entry: d, Name: names[d.By]}
	}
	return told, nil
}

// Names returns the names of accounts by ID. IDs may repeat. The Operator's name is "aitys".
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

// importPrefix starts the By of imported entries, which have no account.
const importPrefix = "import:"

// ImportAccount returns the By of decisions imported from a format.
func ImportAccount(format string) string { return importPrefix + format }

// Imported reports whether by marks an imported entry. The value may come from a request: only the prefix with up to
// 20 lower-case letters and digits is accepted.
func Imported(by string) bool {
	format, ok := strings.CutPrefix(by, importPrefix)
	return ok && len(format) <= 20 && !strings.ContainsFunc(format, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
}
