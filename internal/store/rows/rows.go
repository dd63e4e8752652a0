// Package rows reads and writes the rows of tables by one list of their columns each.
//
// A table has one struct for its rows, and the fields of that struct are the only list of its
// columns. gorm reads single rows into it; hand-written SQL takes names, arguments and the places
// to read into from the columns below, which are parsed from the same struct by gorm, once, when
// the program starts.
//
// What a struct of the domain says with other names becomes a row by a part: a struct with the same
// fields and tags that name the columns. Go converts one into the other without a copy by hand, and
// does not compile while one of the two has a field that the other lacks.
package rows

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	"gorm.io/gorm/schema"
)

// Config is that of every connection. Statements hold what people wrote, so gorm logs
// nothing; errors are the caller's.
func Config() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true, // the columns of the row, not *: a migration may add one meanwhile
	}
}

// Columns are some columns of one table, in the order of the fields of R, the struct of its rows.
type Columns[R any] struct {
	table  string
	fields []*schema.Field
	Names  string // as a SELECT lists them
	into   string // the INSERT up to the values of its first row
	marks  string // of one row's values
	set    string // what an UPDATE sets
}

// Of parses R. That R says nothing sensible is a mistake of the program's, not of its data.
func Of[R any]() Columns[R] {
	for name, s := range serializers {
		schema.RegisterSerializer(name, s)
	}
	parsed, err := schema.Parse(new(R), &sync.Map{}, schema.NamingStrategy{})
	if err != nil {
		panic(fmt.Sprintf("parse the rows of %T: %v", *new(R), err))
	}
	fields := make([]*schema.Field, len(parsed.DBNames))
	for i, name := range parsed.DBNames {
		fields[i] = parsed.FieldsByDBName[name]
	}
	return Columns[R]{table: parsed.Table}.with(fields)
}

func (c Columns[R]) with(fields []*schema.Field) Columns[R] {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.DBName
	}
	c.fields = fields
	c.Names = strings.Join(names, ", ")
	c.into = "INSERT INTO " + c.table + " (" + c.Names + ") VALUES "
	c.marks = "(" + repeated("?", len(names)) + ")"
	c.set = strings.Join(names, " = ?, ") + " = ?"
	return c
}

// Only returns the columns that are named.
func (c Columns[R]) Only(names ...string) Columns[R] {
	fields := make([]*schema.Field, len(names))
	for i, name := range names {
		at := slices.IndexFunc(c.fields, func(f *schema.Field) bool { return f.DBName == name })
		if at < 0 {
			panic(fmt.Sprintf("%s has no column %s", c.table, name))
		}
		fields[i] = c.fields[at]
	}
	return c.with(fields)
}

// Without returns the columns but for those that are named.
func (c Columns[R]) Without(names ...string) Columns[R] {
	left := slices.DeleteFunc(slices.Clone(c.fields), func(f *schema.Field) bool {
		return slices.Contains(names, f.DBName)
	})
	return c.with(left)
}

// Insert is the INSERT of n rows, whose arguments are their values.
func (c Columns[R]) Insert(n int) string { return c.into + repeated(c.marks, n) }

// Set is what an UPDATE sets, whose arguments are the values of one row.
func (c Columns[R]) Set() string { return c.set }

// Upsert is the INSERT of n rows, each in the place of the one that has the same keys.
func (c Columns[R]) Upsert(n int, keys string) string {
	names := strings.Split(c.Names, ", ")
	for i, name := range names {
		names[i] = name + " = excluded." + name
	}
	return c.Insert(n) + " ON CONFLICT (" + keys + ") DO UPDATE SET " + strings.Join(names, ", ")
}

func repeated(s string, n int) string { return strings.Repeat(s+", ", n-1) + s }

// Values are the arguments that rows are written with.
func (c Columns[R]) Values(rows ...R) []any {
	all := make([]any, 0, len(rows)*len(c.fields))
	for i := range rows {
		row := reflect.ValueOf(&rows[i]).Elem()
		for _, f := range c.fields {
			if f.Serializer != nil {
				all = append(all, cell{f, row})
			} else {
				all = append(all, argument(at(f, row)))
			}
		}
	}
	return all
}

// Targets are the places in a row that Scan fills.
func (c Columns[R]) Targets(r *R) []any {
	all := make([]any, len(c.fields))
	row := reflect.ValueOf(r).Elem()
	for i, f := range c.fields {
		if f.Serializer != nil {
			all[i] = cell{f, row}
		} else {
			all[i] = at(f, row).Addr().Interface()
		}
	}
	return all
}

// argument is a value as drivers take it at once, without a look at its type and mostly without
// memory of its own.
func argument(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return v.Int()
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return v.Uint()
	case reflect.Float32, reflect.Float64:
		return v.Float()
	case reflect.String:
		return v.String()
	}
	return v.Interface()
}

// at is where a field is in a row.
func at(f *schema.Field, row reflect.Value) reflect.Value {
	return f.ReflectValueOf(context.Background(), row)
}

// A cell is a field of a row whose column holds what Go says otherwise: see serializers.
type cell struct {
	field *schema.Field
	row   reflect.Value
}

func (c cell) Scan(v any) error {
	return c.field.Serializer.Scan(context.Background(), c.field, c.row, v)
}

func (c cell) Value() (driver.Value, error) {
	return c.field.Serializer.Value(context.Background(), c.field, c.row, at(c.field, c.row).Interface())
}

// read returns the rows of a query as what the domain calls them. They are all read into one R,
// emptied before each: where its targets are is looked up once a query, not once a row.
func read[R, T any](
	db *gorm.DB, targets func(*R) []any, as func(*R) T, statement string, args ...any,
) (all []T, err error) {
	found, err := db.Raw(statement, args...).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	var row, empty R
	into := targets(&row)
	for found.Next() {
		row = empty
		if err := found.Scan(into...); err != nil {
			return nil, fmt.Errorf("read a row: %w", err)
		}
		all = append(all, as(&row))
	}
	return all, found.Err()
}
