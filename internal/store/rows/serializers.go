package rows

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm/schema"
)

// serializers convert between Go values and columns. The keys are the names in gorm tags.
var serializers = map[string]schema.SerializerInterface{"micros": micros{}, "null": null{}, "list": list{},
	"binary": binary{}, "whole": whole{}}

// micros stores a time as microseconds since 1970. The zero time is 0.
type micros struct{}

func (micros) Scan(_ context.Context, field *schema.Field, row reflect.Value, v any) error {
	n, ok := v.(int64)
	if !ok {
		return fmt.Errorf("a time is stored as %T", v)
	}
	*at(field, row).Addr().Interface().(*time.Time) = Unstamp(n)
	return nil
}

func (micros) Value(_ context.Context, _ *schema.Field, _ reflect.Value, v any) (any, error) {
	return Stamp(v.(time.Time)), nil
}

// Stamp returns a time as microseconds since 1970, as columns store it. The zero time is 0.
func Stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Unstamp returns the time that Stamp converted, in UTC.
func Unstamp(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// null stores an empty string or empty bytes as NULL.
type null struct{}

func (null) Scan(_ context.Context, field *schema.Field, row reflect.Value, v any) error {
	to := at(field, row)
	switch v := v.(type) {
	case nil:
		to.SetZero()
	case string:
		to.SetString(v)
	case []byte:
		to.SetBytes(bytes.Clone(v)) // the driver reuses its buffer
	default:
		return fmt.Errorf("%s is stored as %T", field.DBName, v)
	}
	return nil
}

func (null) Value(_ context.Context, _ *schema.Field, _ reflect.Value, v any) (any, error) {
	switch v := v.(type) {
	case string:
		if v != "" {
			return v, nil
		}
	case []byte:
		if len(v) > 0 {
			return v, nil
		}
	}
	return nil, nil
}

// list stores a slice as a JSON array. A nil slice is stored as an empty one, and an empty one is read as nil.
type list struct{}

const emptyList = "[]"

func (list) Scan(_ context.Context, field *schema.Field, row reflect.Value, v any) error {
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is stored as %T", field.DBName, v)
	}
	to := at(field, row)
	to.SetZero()
	if text == emptyList {
		return nil
	}
	if err := json.Unmarshal([]byte(text), to.Addr().Interface()); err != nil {
		return fmt.Errorf("read %s: %w", field.DBName, err)
	}
	return nil
}

func (list) Value(_ context.Context, field *schema.Field, _ reflect.Value, v any) (any, error) {
	if reflect.ValueOf(v).Len() == 0 {
		return emptyList, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", field.DBName, err)
	}
	return string(b), nil
}

// binary stores a value that implements encoding.BinaryMarshaler as bytes.
type binary struct{}

func (binary) Scan(_ context.Context, field *schema.Field, row reflect.Value, v any) error {
	b, ok := v.([]byte)
	if !ok {
		return fmt.Errorf("%s is stored as %T", field.DBName, v)
	}
	return at(field, row).Addr().Interface().(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
}

func (binary) Value(_ context.Context, _ *schema.Field, _ reflect.Value, v any) (any, error) {
	return v.(encoding.BinaryMarshaler).MarshalBinary()
}

// whole stores the value that a pointer points to as JSON, and nil as NULL.
type whole struct{}

func (whole) Scan(_ context.Context, field *schema.Field, row reflect.Value, v any) error {
	to := at(field, row)
	to.SetZero()
	if v == nil {
		return nil
	}
	text, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s is stored as %T", field.DBName, v)
	}
	if err := json.Unmarshal([]byte(text), to.Addr().Interface()); err != nil {
		return fmt.Errorf("read %s: %w", field.DBName, err)
	}
	return nil
}

func (whole) Value(_ context.Context, field *schema.Field, _ reflect.Value, v any) (any, error) {
	if reflect.ValueOf(v).IsNil() {
		return nil, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", field.DBName, err)
	}
	return string(b), nil
}
