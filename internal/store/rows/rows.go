// Package rows reads and writes rows through one list of columns per table.
//
// Each table has one row struct, and the fields of that struct are the only list of its columns. gorm writes single
// rows from it. Hand-written SQL takes column names, arguments and scan targets from Columns, which gorm parses from
// the same struct once, at program start.
//
// A domain struct becomes a row through a struct with the same fields and tags that name the columns, for example
// commentFields in package store. A Go conversion turns one into the other. It does not compile if one of the two
// structs lacks a field.
//
// The package contains no queries and knows no tables.
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

// Config returns the gorm configuration of every connection. gorm logs nothing, because statements contain users' text.
// Callers handle errors.
func Config() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		DisableAutomaticPing:   true,
		QueryFields:            true, // list the columns instead of *: a migration may add one while the program runs
	}
}

// Columns are some columns of one table, in the order of the fields of R, the struct of its rows.
type Columns[R any] struct {
	table        string
	fields       []*schema.Field
	Names        string // column list for a SELECT
	insertInto   string // INSERT up to and including VALUES
	placeholders string // placeholders of one row
	setList      string // SET list of an UPDATE
}

// Of parses R. It panics if R is not a valid row struct.
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
	c.insertInto = "INSERT INTO " + c.table + " (" + c.Names + ") VALUES "
	c.placeholders = "(" + repeated("?", len(names)) + ")"
	c.setList = strings.Join(names, " = ?, ") + " = ?"
	return c
}

// Only returns the named columns, in the given order. It panics on an unknown name.
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

// Without returns the columns except the named ones.
func (c Columns[R]) Without(names ...string) Columns[R] {
	left := slices.DeleteFunc(slices.Clone(c.fields), func(f *schema.Field) bool {
		return slices.Contains(names, f.DBName)
	})
	return c.with(left)
}

// Insert returns an INSERT of n rows. Its arguments are the Values of the rows.
func (c Columns[R]) Insert(n int) string { return c.insertInto + repeated(c.placeholders, n) }

// Set returns the SET list of an UPDATE. Its arguments are the Values of one row.
func (c Columns[R]) Set() string { return c.setList }

// Upsert returns an INSERT of n rows that overwrites rows with the same keys, a comma-separated list of columns.
func (c Columns[R]) Upsert(n int, keys string) string {
	names := strings.Split(c.Names, ", ")
	for i, name := range names {
		names[i] = name + " = excluded." + name
	}
	return c.Insert(n) + " ON CONFLICT (" + keys + ") DO UPDATE SET " + strings.Join(names, ", ")
}

func repeated(s string, n int) string { return strings.Repeat(s+", ", n-1) + s }

// Values returns the arguments of Insert, Upsert or Set for rows.
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

// Targets returns the scan targets for the columns of r.
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

// argument returns v as a type that drivers accept without conversion by reflection, mostly without an allocation.
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

// at returns the value of a field in a row.
func at(f *schema.Field, row reflect.Value) reflect.Value {
	return f.ReflectValueOf(context.Background(), row)
}

// A cell is a field of a row that a serializer converts to and from its column.
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

// read returns the rows of a query, each converted by as. It scans every row into the same R, which it resets before
// each row, so it computes the scan targets once per query.
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
