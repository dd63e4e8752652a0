package ledger

import (
	"fmt"

	"github.com/aitys/aitys/moderation/people"
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
	names, err := Names(tx)
	if err != nil {
		return nil, err
	}
	told := make([]Told, len(entries))
	for i, d := range entries {
		told[i] = Told{Entry: d, Name: names[d.By]}
	}
	return told, nil
}

// Names returns the names of all accounts by id; Operator has the program's.
func Names(tx Tx) (map[string]string, error) {
	accounts, err := tx.Accounts()
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	names := map[string]string{people.Operator.ID(): "aitys"}
	for _, a := range accounts {
		names[a.ID] = a.Name
	}
	return names, nil
}
