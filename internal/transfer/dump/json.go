package dump

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// values reads JSON, of which no value that is read at once is longer than a part may be.
type values struct {
	*json.Decoder
	bound *bounded
}

func newValues(in io.Reader) *values {
	bound := &bounded{in: in}
	return &values{json.NewDecoder(bound), bound}
}

var errShape = errors.New("a value of another shape")

// maxRecord is the maximum length of a comment's JSON in bytes, since all of it is in memory at once.
const maxRecord = 4 << 20

// read reads the next value; io.EOF: there is none. What has another shape is errShape, and the next can be read.
func (v *values) read(into any) error { return v.readPart(into, maxRecord) }

// readPart is read with another limit.
func (v *values) readPart(into any, most int) error {
	v.bound.limit(most)
	return said(v.Decode(into))
}

// next returns the next piece of what is around values.
func (v *values) next() (json.Token, error) {
	v.bound.limit(maxPart)
	token, err := v.Token()
	if errors.Is(err, io.EOF) {
		err = ErrCut
	}
	return token, said(err)
}

// said says what is wrong with JSON.
func said(err error) error {
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON at byte %d: %w", bad.Offset, bad)
	}
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
		return errShape
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return err
}

// object reads an object: read is told of each of its keys, and reads the value or leaves it.
func (v *values) object(read func(key string) (bool, error)) error {
	start, err := v.next()
	if err != nil {
		return err
	}
	if start != json.Delim('{') {
		return errShape
	}
	for v.More() {
		key, err := v.next()
		if err != nil {
			return err
		}
		name, _ := key.(string) // of an object it is one
		done, err := read(name)
		if err == nil && !done {
			err = v.skipValue()
		}
		if err != nil {
			return err
		}
	}
	_, err = v.next()
	return err
}

// array reads an array: read is called before each of its values, and reads it.
func (v *values) array(read func() error) error {
	start, err := v.next()
	if err != nil || start == nil { // null is an empty array
		return err
	}
	if start != json.Delim('[') {
		return errShape
	}
	for v.More() {
		if err := read(); err != nil {
			return err
		}
	}
	_, err = v.next()
	return err
}

func (v *values) skipValue() error {
	for depth := 0; ; {
		token, err := v.next()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxNested {
			return errNested
		}
		if depth == 0 {
			return nil
		}
	}
}
