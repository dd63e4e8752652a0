// Package dbcopy copies a whole database into an empty one with the same schema, and compares the two row by row.
// Source and target may each be SQLite or Postgres.
//
// It reads the list of tables from the databases and knows none by name, except those that it skips. It writes in one
// transaction and commits only after every row was read back and compared, so a copy is complete or absent. A Dialect
// contains the SQL that differs between SQLite and Postgres.
package dbcopy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"
)

// A Database is the source or the target of a copy.
type Database struct {
	Dialect Dialect
	View    func(ctx context.Context, fn func(*gorm.DB) error) error
	Update  func(ctx context.Context, fn func(*gorm.DB) error) error
}

// A Dialect contains the SQL of one kind of database.
type Dialect interface {
	// tables returns the names of all tables, sorted.
	tables(db *gorm.DB) ([]string, error)
	// columns returns the columns of a table, sorted by name.
	columns(db *gorm.DB, table string) ([]column, error)
	// disableTimeouts disables the timeouts of the current transaction.
	disableTimeouts(db *gorm.DB) error
	// deferForeignKeys suspends foreign key checks in the current transaction. restore enables them and checks all rows.
	deferForeignKeys(db *gorm.DB) (restore func() error, err error)
	// overriding returns the clause before VALUES that allows an INSERT to set identity columns.
	overriding() string
	// lastSiteID returns the last ID assigned to a site, and setLastSiteID sets it.
	lastSiteID(db *gorm.DB) (int64, error)
	setLastSiteID(db *gorm.DB, n int64) error
}

// A column describes a column of a table. key is its position in the primary key, starting at 1; 0 means none.
type column struct {
	name           string
	key            int
	bool, nullable bool
}

// A Table is a copied table and its number of rows.
type Table struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// skippedTables are not copied: the schema version, and events with their followers, because the order of events is
// that of transactions in one database. Followers start from the tables again.
var skippedTables = []string{"goose_db_version", "events", "followers"}

// ErrNotEmpty is returned if the target contains rows.
var ErrNotEmpty = errors.New("it is not empty")

// Copy copies all tables. It calls progress after each batch with the number of rows copied of the table so far.
func Copy(ctx context.Context, from, to Database, progress func(table string, rows int64)) (all []Table, err error) {
	err = from.View(ctx, func(source *gorm.DB) error {
		return to.Update(ctx, func(target *gorm.DB) error {
			c := copier{from: from.Dialect, to: to.Dialect, source: source.WithContext(ctx), target: target.WithContext(ctx),
				progress: progress}
			all = nil // Update may run fn again
			all, err = c.copyAll()
			return err
		})
	})
	return all, err
}

type copier struct {
	from, to       Dialect
	source, target *gorm.DB
	progress       func(table string, rows int64)
}

func (c copier) copyAll() ([]Table, error) {
	if err := errors.Join(c.from.disableTimeouts(c.source), c.to.disableTimeouts(c.target)); err != nil {
		return nil, err
	}
	names, err := c.tables()
	if err != nil {
		return nil, err
	}
	restore, err := c.to.deferForeignKeys(c.target)
	if err != nil {
		return nil, fmt.Errorf("suspend foreign keys: %w", err)
	}
	all := make([]Table, len(names))
	for i, name := range names {
		if all[i], err = c.copyTable(name); err != nil {
			return nil, fmt.Errorf("copy %s: %w", name, err)
		}
	}
	n, err := c.from.lastSiteID(c.source)
	if err == nil {
		err = c.to.setLastSiteID(c.target, n)
	}
	if err != nil {
		return nil, fmt.Errorf("set the last site ID: %w", err)
	}
	if err := restore(); err != nil {
		return nil, fmt.Errorf("check foreign keys: %w", err)
	}
	return all, nil
}

// tables returns the tables to copy. It returns an error if the two databases have different tables, and ErrNotEmpty if
// one is not empty in the target.
func (c copier) tables() ([]string, error) {
	names, err := c.from.tables(c.source)
	if err != nil {
		return nil, err
	}
	others, err := c.to.tables(c.target)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(names, others) {
		return nil, errors.New("the databases have different tables; migrate both with the same version")
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(skippedTables, name) })
	for _, name := range names {
		var n int64
		err := c.target.Raw("SELECT COUNT(*) FROM (SELECT 1 FROM " + name + " LIMIT 1) AS one").Scan(&n).Error
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, fmt.Errorf("%w: there are %s in it", ErrNotEmpty, name)
		}
	}
	return names, nil
}

// A plan contains the columns and the SELECT of one table.
type plan struct {
	name       string
	from, to   []column
	selectRows string
}

func (c copier) plan(name string) (p plan, err error) {
	p.name = name
	if p.from, err = c.from.columns(c.source, name); err != nil {
		return p, err
	}
	if p.to, err = c.to.columns(c.target, name); err != nil {
		return p, err
	}
	names := func(list []column) (all []string) {
		for _, col := range list {
			all = append(all, col.name)
		}
		return all
	}
	columns := names(p.from)
	if !slices.Equal(columns, names(p.to)) {
		return p, errors.New("the databases have different columns; migrate both with the same version")
	}
	keys := slices.DeleteFunc(slices.Clone(p.to), func(col column) bool { return col.key == 0 })
	slices.SortFunc(keys, func(a, b column) int { return a.key - b.key })
	p.selectRows = "SELECT " + strings.Join(columns, ", ") + " FROM " + name +
		" ORDER BY " + strings.Join(names(keys), ", ")
	return p, nil
}

// batchSize is the number of rows per INSERT. The time of SQLite's driver grows with the square of the number of
// values.
const batchSize = 50

// copyTable copies a table and compares the copy.
func (c copier) copyTable(name string) (Table, error) {
	p, err := c.plan(name)
	if err != nil {
		return Table{}, err
	}
	t := Table{Name: name}
	var values []any
	flush := func() error {
		rows := len(values) / len(p.to)
		if rows == 0 {
			return nil
		}
		// gorm expands a byte slice as a list if its ? directly follows a parenthesis; the space prevents that.
		marks := "( " + strings.TrimSuffix(strings.Repeat("?, ", len(p.to)), ", ") + "), "
		marks = strings.TrimSuffix(strings.Repeat(marks, rows), ", ")
		err := c.target.Exec(p.insert(c.to.overriding())+marks, values...).Error
		t.Rows += int64(rows)
		values = values[:0]
		c.progress(name, t.Rows)
		return err
	}
	err = c.each(c.source, p.selectRows, p.from, func(row []any) error {
		values = append(values, toColumnTypes(row, p.to)...)
		if len(values) < batchSize*len(p.to) {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return t, err
	}
	return t, c.compare(p, t.Rows)
}

func (p plan) insert(overriding string) string {
	names := make([]string, len(p.to))
	for i, col := range p.to {
		names[i] = col.name
	}
	return "INSERT INTO " + p.name + " (" + strings.Join(names, ", ") + ") " + overriding + "VALUES "
}

// each calls fn with every row of a query, in a form that is the same for both databases: booleans become 1 or 0.
func (c copier) each(db *gorm.DB, query string, columns []column, fn func(row []any) error) (err error) {
	rows, err := db.Raw(query).Rows()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, v := range row {
			switch v := v.(type) {
			case bool:
				row[i] = int64(0)
				if v {
					row[i] = int64(1)
				}
			case []byte:
				row[i] = bytes.Clone(v)
			case nil:
				if !columns[i].nullable {
					row[i] = []byte{} // a driver may return nil for empty bytes
				}
			}
		}
		if err := fn(slices.Clone(row)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// toColumnTypes converts integers to booleans for boolean columns. It changes row and returns it.
func toColumnTypes(row []any, to []column) []any {
	for i, v := range row {
		if n, ok := v.(int64); ok && to[i].bool {
			row[i] = n != 0
		}
	}
	return row
}

// errExtraRow is returned if the source has more rows than the target.
var errExtraRow = errors.New("the source has more rows")

// compare reads a table of both databases in key order and compares each row.
func (c copier) compare(p plan, rows int64) error {
	const ahead = 64
	theirs := make(chan []any, ahead)
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(theirs)
		ended <- c.each(c.source, p.selectRows, p.from, func(row []any) error {
			select {
			case theirs <- row:
				return nil
			case <-stop:
				return errExtraRow
			}
		})
	}()
	n := int64(0)
	err := c.each(c.target, p.selectRows, p.to, func(row []any) error {
		n++
		other, ok := <-theirs
		if !ok || !slices.EqualFunc(row, other, equalValues) {
			return fmt.Errorf("row %d differs after reading it back", n)
		}
		return nil
	})
	close(stop)
	if other := <-ended; err == nil && other != nil {
		return fmt.Errorf("compare: %w", other)
	}
	if err == nil && n != rows {
		err = fmt.Errorf("read back %d of %d rows", n, rows)
	}
	return err
}

func equalValues(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	return a == b
}
