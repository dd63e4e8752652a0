// Package dbcopy copies a whole database into an empty one of the same schema, of either kind, and holds one against
// the other, row by row.
//
// It knows no table: it asks the databases which they have. What it writes is one transaction, which ends only when
// every row was read back and compared; so a copy is whole or is not there. Its Sides say what the two kinds of
// databases say differently.
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

// A Database is one end of a copy.
type Database struct {
	Side   Side
	View   func(ctx context.Context, fn func(*gorm.DB) error) error
	Update func(ctx context.Context, fn func(*gorm.DB) error) error
}

// A Side is what one kind of database says in its own way.
type Side interface {
	// tables are those that there are, in order of their names.
	tables(db *gorm.DB) ([]string, error)
	// columns are those of a table, in order of their names.
	columns(db *gorm.DB, table string) ([]column, error)
	// begin lets a transaction take long.
	begin(db *gorm.DB) error
	// unbind lets rows refer to those that come later; what it returns ends that.
	unbind(db *gorm.DB) (bind func() error, err error)
	// overriding stands before the values of an INSERT that has the numbers of its rows.
	overriding() string
	// number is the last that was given to a site, and setNumber says it.
	number(db *gorm.DB) (int64, error)
	setNumber(db *gorm.DB, n int64) error
}

// A column is one of a table; key is its place in the primary key, from 1, or 0.
type column struct {
	name           string
	key            int
	bool, nullable bool
}

// A Table is what was copied of one.
type Table struct {
	Name string `json:"name"`
	Rows int64  `json:"rows"`
}

// left are the tables that are not copied: the schema's own version, and events with who has read them, whose order is
// that of the transactions of one database. Followers begin anew from the tables.
var left = []string{"goose_db_version", "events", "followers"}

// ErrFilled says that the database to copy to has something in it.
var ErrFilled = errors.New("it is not empty")

// Copy copies all tables. told is told of each piece.
func Copy(ctx context.Context, from, to Database, told func(table string, rows int64)) (all []Table, err error) {
	err = from.View(ctx, func(source *gorm.DB) error {
		return to.Update(ctx, func(target *gorm.DB) error {
			c := copying{from: from.Side, to: to.Side, source: source.WithContext(ctx), target: target.WithContext(ctx),
				told: told}
			all = nil // it may run again
			all, err = c.all()
			return err
		})
	})
	return all, err
}

type copying struct {
	from, to       Side
	source, target *gorm.DB
	told           func(table string, rows int64)
}

func (c copying) all() ([]Table, error) {
	if err := errors.Join(c.from.begin(c.source), c.to.begin(c.target)); err != nil {
		return nil, err
	}
	names, err := c.tables()
	if err != nil {
		return nil, err
	}
	bind, err := c.to.unbind(c.target)
	if err != nil {
		return nil, fmt.Errorf("let rows come in any order: %w", err)
	}
	all := make([]Table, len(names))
	for i, name := range names {
		if all[i], err = c.table(name); err != nil {
			return nil, fmt.Errorf("copy %s: %w", name, err)
		}
	}
	n, err := c.from.number(c.source)
	if err == nil {
		err = c.to.setNumber(c.target, n)
	}
	if err != nil {
		return nil, fmt.Errorf("go on with the numbers of sites: %w", err)
	}
	if err := bind(); err != nil {
		return nil, fmt.Errorf("check what rows refer to: %w", err)
	}
	return all, nil
}

// tables are those to be copied, which are the same in both and empty in one.
func (c copying) tables() ([]string, error) {
	names, err := c.from.tables(c.source)
	if err != nil {
		return nil, err
	}
	others, err := c.to.tables(c.target)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(names, others) {
		return nil, errors.New("the two have other tables; bring both up to date with one program")
	}
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(left, name) })
	for _, name := range names {
		var n int64
		err := c.target.Raw("SELECT COUNT(*) FROM (SELECT 1 FROM " + name + " LIMIT 1) AS one").Scan(&n).Error
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, fmt.Errorf("%w: there are %s in it", ErrFilled, name)
		}
	}
	return names, nil
}

// A plan is how one table is read and written.
type plan struct {
	name       string
	from, to   []column
	selectRows string
}

func (c copying) plan(name string) (p plan, err error) {
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
		return p, errors.New("the two have other columns; bring both up to date with one program")
	}
	keys := slices.DeleteFunc(slices.Clone(p.to), func(col column) bool { return col.key == 0 })
	slices.SortFunc(keys, func(a, b column) int { return a.key - b.key })
	p.selectRows = "SELECT " + strings.Join(columns, ", ") + " FROM " + name +
		" ORDER BY " + strings.Join(names(keys), ", ")
	return p, nil
}

// together is how many rows one INSERT has: SQLite's driver takes a time that grows with the square of their values.
const together = 50

// table copies one, and compares it.
func (c copying) table(name string) (Table, error) {
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
		// gorm takes bytes for a list behind a parenthesis, unless there is a space.
		marks := "( " + strings.TrimSuffix(strings.Repeat("?, ", len(p.to)), ", ") + "), "
		marks = strings.TrimSuffix(strings.Repeat(marks, rows), ", ")
		err := c.target.Exec(p.insert(c.to.overriding())+marks, values...).Error
		t.Rows += int64(rows)
		values = values[:0]
		c.told(name, t.Rows)
		return err
	}
	err = c.each(c.source, p.selectRows, p.from, func(row []any) error {
		values = append(values, fitted(row, p.to)...)
		if len(values) < together*len(p.to) {
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

// each calls fn with every row of a query, as both databases would have it: what is true or false as 1 or 0.
func (c copying) each(db *gorm.DB, query string, columns []column, fn func(row []any) error) (err error) {
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
					row[i] = []byte{} // a driver has no bytes for none
				}
			}
		}
		if err := fn(slices.Clone(row)); err != nil {
			return err
		}
	}
	return rows.Err()
}

// fitted are the values of a row as its columns take them.
func fitted(row []any, to []column) []any {
	for i, v := range row {
		if n, ok := v.(int64); ok && to[i].bool {
			row[i] = n != 0
		}
	}
	return row
}

// errOver says that a table has more rows than the other.
var errOver = errors.New("a row too many")

// compare reads a table of both, and holds each row against the other.
func (c copying) compare(p plan, rows int64) error {
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
				return errOver
			}
		})
	}()
	n := int64(0)
	err := c.each(c.target, p.selectRows, p.to, func(row []any) error {
		n++
		other, ok := <-theirs
		if !ok || !slices.EqualFunc(row, other, same) {
			return fmt.Errorf("row %d was read back as another one", n)
		}
		return nil
	})
	close(stop)
	if other := <-ended; err == nil && other != nil {
		return fmt.Errorf("compare: %w", other)
	}
	if err == nil && n != rows {
		err = fmt.Errorf("%d rows were read back of %d", n, rows)
	}
	return err
}

func same(a, b any) bool {
	if x, ok := a.([]byte); ok {
		y, ok := b.([]byte)
		return ok && bytes.Equal(x, y)
	}
	return a == b
}
