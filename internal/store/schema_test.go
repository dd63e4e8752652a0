package store

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gorm.io/gorm"
	"gorm.io/gorm/schema"

	"github.com/aitys/aitys/internal/testkit"
)

// opened returns a migrated database.
func opened(t testing.TB, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func openedSQLite(t testing.TB) *DB   { return opened(t, testkit.SQLite(t)) }
func openedPostgres(t testing.TB) *DB { return opened(t, testkit.NewPostgres(t)) }

// A shape is a set of lines that describe a schema in a form that is the same for both databases.
type shape map[string]bool

func lines(t *testing.T, db *DB, query string) (all [][]string) {
	t.Helper()
	err := db.engine.View(t.Context(), func(g *gorm.DB) error {
		rows, err := g.Raw(query).Rows()
		if err != nil {
			return err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		for rows.Next() {
			line := make([]string, len(columns))
			into := make([]any, len(columns))
			for i := range line {
				into[i] = &line[i]
			}
			if err := rows.Scan(into...); err != nil {
				return err
			}
			all = append(all, line)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return all
}

// sqliteTypes maps Postgres types to SQLite types.
var sqliteTypes = map[string]string{
	"bigint": "INTEGER", "smallint": "INTEGER", "integer": "INTEGER", "boolean": "INTEGER",
	"text": "TEXT", "bytea": "BLOB", "double precision": "REAL",
}

func shapeOfPostgres(t *testing.T, db *DB) shape {
	s := shape{}
	for _, l := range lines(t, db, `
		SELECT table_name, column_name, data_type, is_nullable
		FROM   information_schema.columns
		WHERE  table_schema = 'public'`) {
		s[fmt.Sprintf("column %s.%s %s null=%v", l[0], l[1], sqliteTypes[l[2]], l[3] == "YES")] = true
	}
	for _, l := range lines(t, db, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'") {
		if index := indexLine(l[0]); !strings.Contains(index, "_pk ") {
			s[index] = true
		}
	}
	for _, l := range lines(t, db, `
		SELECT c.relname, n.conname, pg_get_constraintdef(n.oid)
		FROM   pg_constraint AS n JOIN pg_class AS c ON c.oid = n.conrelid
		WHERE  n.connamespace = 'public'::regnamespace`) {
		s["constraint "+l[0]+"."+l[1]] = true
	}
	return s
}

func shapeOfSQLite(t *testing.T, db *DB) shape {
	s := shape{}
	named := regexp.MustCompile(`CONSTRAINT (\w+)`)
	for _, l := range lines(t, db,
		"SELECT type, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'") {
		if l[0] == "index" {
			s[indexLine(l[2])] = true
			continue
		}
		for _, c := range lines(t, db, "SELECT name, type, \"notnull\" FROM pragma_table_info('"+l[1]+"')") {
			s[fmt.Sprintf("column %s.%s %s null=%v", l[1], c[0], c[1], c[2] == "0")] = true
		}
		for _, name := range named.FindAllStringSubmatch(l[2], -1) {
			if !strings.HasSuffix(name[1], "_bool") { // Postgres has a boolean type
				s["constraint "+l[1]+"."+name[1]] = true
			}
		}
	}
	return s
}

// indexLine returns the definition of an index in a form that is the same for both databases.
func indexLine(definition string) string {
	line := strings.NewReplacer(" USING btree", "", "public.", "", "(", " ", ")", " ").Replace(definition)
	line = regexp.MustCompile(`('[^']*')::\w+`).ReplaceAllString(line, "$1")
	line = strings.ReplaceAll(line, "length CAST email AS BLOB", "octet_length email") // SQLite 3.43
	return strings.Join(strings.Fields(strings.TrimPrefix(line, "CREATE ")), " ")
}

func TestSchema_SameOnBothDatabases(t *testing.T) {
	onSQLite, onPostgres := shapeOfSQLite(t, openedSQLite(t)), shapeOfPostgres(t, openedPostgres(t))
	for s, other := range map[*shape]*shape{&onSQLite: &onPostgres, &onPostgres: &onSQLite} {
		for _, line := range slices.Sorted(maps.Keys(*s)) {
			if !(*other)[line] && !strings.Contains(line, "goose_db_version") {
				name := map[*shape]string{&onSQLite: "Postgres", &onPostgres: "SQLite"}[s]
				t.Errorf("not on %s: %s", name, line)
			}
		}
	}
	if len(onSQLite) < 100 {
		t.Errorf("only %d lines were compared", len(onSQLite))
	}
}

// Every row struct must have exactly the columns of its table.
func TestRows_MatchTables(t *testing.T) {
	for _, db := range []*DB{openedSQLite(t), openedPostgres(t)} {
		for _, model := range []any{voteRow{}, reportRow{}, appealRow{}, saltRow{}, nameRow{}, codeRow{}, countRow{},
			subscriptionRow{}, stopRow{}, mailRow{}, letterRow{}, webhookRow{}, deliveryRow{}, signingKeyRow{}, copyRow{},
			takedownRow{}, takedownCommentRow{}, neighbourRow{}, listRow{}, checkerRow{}, checkRow{}, spamCheckRow{}, siteRow{},
			accountRow{},
			grantRow{}, sessionRow{}, tokenRow{}, linkRow{}, commentRow{}, entryRow{}, lessonRow{}, headRow{},
			pageRow{}, eventRow{}, followerRow{}, keyRow{}, ruleRow{}, blockRow{}, noteRow{},
			mailLinkRow{}, signOutRow{}, proofRow{}, formerRow{}} {
			parsed, err := schema.Parse(model, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			var columns []string
			err = db.engine.View(t.Context(), func(g *gorm.DB) error {
				rows, err := g.Raw("SELECT * FROM " + parsed.Table + " LIMIT 0").Rows()
				if err != nil {
					return err
				}
				defer rows.Close()
				columns, err = rows.Columns()
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			fields := slices.Clone(parsed.DBNames)
			slices.Sort(fields)
			slices.Sort(columns)
			if !reflect.DeepEqual(fields, columns) {
				t.Errorf("%s: the model has %v, the table %v", parsed.Table, fields, columns)
			}
		}
	}
}

// DeleteSite must delete from every table with a column site_id.
func TestDeleteSite_CoversEveryTable(t *testing.T) {
	for _, l := range lines(t, openedPostgres(t), `
		SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'site_id'`) {
		if !slices.Contains(siteTables, l[0]) {
			t.Errorf("DeleteSite leaves %s", l[0])
		}
	}
}
