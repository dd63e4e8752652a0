package store

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/moderation/authz"
)

// The test uses more accounts than either database accepts parameters: as for ten thousand sites with seven accounts
// each.
func TestAccounts_MoreThanParameterLimit(t *testing.T) {
	const many = 70_000
	numbers := fmt.Sprintf(
		"WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) ", many-1)
	check := func(t *testing.T, db *DB) {
		pool, _ := writers(t, db)
		for _, statement := range []string{
			`INSERT INTO sites (key, name, origins, settings, created_at) VALUES ('a', '', '[]', '{}', 0)`,
			numbers + `INSERT INTO accounts (id, email, name, password, disabled, all_sites, created_at)
			 SELECT 'a' || n, 'e' || n, 'n' || n, '', FALSE, 0, n FROM numbers`,
			numbers + `INSERT INTO grants (account_id, site_id, role) SELECT 'a' || n, 1, 2 FROM numbers`,
		} {
			if _, err := pool.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		err := db.View(t.Context(), func(tx Tx) error {
			all, err := tx.Accounts()
			if err != nil {
				return err
			}
			ids := make([]string, len(all))
			for i, a := range all {
				if ids[i] = a.ID; a.Roles[1] != authz.Moderator {
					t.Fatalf("account %s has the roles %v", a.ID, a.Roles)
				}
			}
			names, err := tx.AccountNames(ids)
			if len(all) != many || len(names) != many {
				t.Errorf("%d accounts and %d names, want %d", len(all), len(names), many)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); check(t, openedSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); check(t, openedPostgres(t)) })
}
