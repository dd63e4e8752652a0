package dump

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// A jsonReader reads JSON values of limited length.
type jsonReader struct {
	*json.Decoder
	bound *limitedReader
}

func newJSONReader(in io.Reader) *jsonReader {
	bound := &limitedReader{in: in}
	return &jsonReader{json.NewDecoder(bound), bound}
}

// errShape is the error for a JSON value of another type than expected. The next value can be read.
var errShape = errors.New("unexpected type of value")

// maxRecord is the maximum length of a comment's JSON in bytes, since all of it is in memory at once.
const maxRecord = 4 << 20

// read reads the next value. It returns io.EOF if there is none, and errShape for a value of another type.
func (v *jsonReader) read(into any) error { return v.readPart(into, maxRecord) }

// readPart is read with another limit.
func (v *jsonReader) readPart(into any, most int) error {
	v.bound.limit(most)
	return jsonError(v.Decode(into))
}

// next returns the next token around values.
func (v *jsonReader) next() (json.Token, error) {
	v.bound.limit(maxPart)
	token, err := v.Token()
	if errors.Is(err, io.EOF) {
		err = ErrTruncated
	}
	return token, jsonError(err)
}

// jsonError translates an error of package json.
func jsonError(err error) error {
	if bad, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("it is no JSON at byte %d: %w", bad.Offset, bad)
	}
	if _, other := errors.AsType[*json.UnmarshalTypeError](err); other {
		return errShape
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

// object reads an object. It calls read with each key. read reads the value and returns true, or returns false to skip
// the value.
func (v *jsonReader) object(read func(key string) (bool, error)) error {
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
		name, _ := key.(string) // keys are strings
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

// array reads an array. It calls read for each value, which read must read.
func (v *jsonReader) array(read func() error) error {
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

// skipValue reads the next value and discards it.
func (v *jsonReader) skipValue() error {
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
