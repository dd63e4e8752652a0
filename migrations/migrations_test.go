package migrations

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestMigrations_DialectsMatchAndGoForwardOnly(t *testing.T) {
	numbered := regexp.MustCompile(`^\d{5}_[a-z_]+\.sql$`)
	names := map[string][]string{}
	for _, folder := range []string{"sqlite", "postgres"} {
		entries, err := fs.ReadDir(files, folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names[folder] = append(names[folder], e.Name())
			if !numbered.MatchString(e.Name()) {
				t.Errorf("%s/%s is not named like 00007_add_claims.sql", folder, e.Name())
			}
			b, err := fs.ReadFile(files, path.Join(folder, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			if !strings.HasPrefix(text, "-- ") || strings.HasPrefix(text, "-- +goose") {
				t.Errorf("%s/%s does not start with a comment", folder, e.Name())
			}
			if strings.Contains(text, "+goose Down") {
				t.Errorf("%s/%s has a down migration", folder, e.Name())
			}
		}
	}
	if first := fmt.Sprintf("%05d_initial.sql", Oldest); slices.Index(names["sqlite"], first) != 0 {
		t.Errorf("the first migration is not %s: %v", first, names["sqlite"])
	}
	if !slices.Equal(names["sqlite"], names["postgres"]) {
		t.Errorf("sqlite has %v, postgres %v", names["sqlite"], names["postgres"])
	}
}
