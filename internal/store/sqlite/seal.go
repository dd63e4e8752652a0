package sqlite

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// sealName is the row of meta that holds a copy's seal.
const sealName = "backup"

var errChanged = errors.New("it is not what was written: it is damaged, or was changed since")

// seal checks a new copy, writes into it the hash of all that it holds, and has it on the disk.
func seal(ctx context.Context, path string) (Copy, error) {
	return finished(ctx, path, func(db *sql.DB) (sealed bool, err error) {
		hash, err := digest(ctx, db)
		if err != nil {
			return false, err
		}
		_, err = db.ExecContext(ctx, `
			INSERT INTO meta (name, value) VALUES (?, ?)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, sealName, hash)
		return true, err
	})
}

// unseal checks a copy of a copy, takes the seal off, and has it on the disk.
func unseal(ctx context.Context, path string) (Copy, error) {
	return finished(ctx, path, func(db *sql.DB) (sealed bool, err error) {
		var kept []byte
		err = db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", sealName).Scan(&kept)
		switch {
		case errors.Is(err, sql.ErrNoRows): // another program made it
			return false, nil
		case err != nil:
			return false, err
		}
		hash, err := digest(ctx, db)
		if err != nil {
			return false, err
		}
		if !bytes.Equal(hash, kept) {
			return false, errChanged
		}
		_, err = db.ExecContext(ctx, "DELETE FROM meta WHERE name = ?", sealName)
		return true, err
	})
}

// finished checks a copy that only we know of, has fn write or take off its seal, and has it on the disk.
func finished(ctx context.Context, path string, fn func(*sql.DB) (sealed bool, err error)) (Copy, error) {
	db, err := opened(path, "_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = db.Close() }() // as below, or it failed
	c, err := sound(ctx, db)
	if err != nil {
		return Copy{}, err
	}
	c.Sealed, err = fn(db)
	if err = errors.Join(err, db.Close()); err != nil {
		return Copy{}, err
	}
	c.Bytes, err = syncFile(path)
	return c, err
}

// digest is a hash of all rows and of the schema, less the seal. integrity_check sees that a file is
// well made; this sees each letter.
func digest(ctx context.Context, db *sql.DB) ([]byte, error) {
	const schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
	names, err := column(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	w := bufio.NewWriter(hash)
	if err := feed(ctx, db, w, schema); err != nil {
		return nil, err
	}
	for _, name := range names {
		rows := fmt.Sprintf(`SELECT * FROM "%s" NOT INDEXED`, name)
		if name == "meta" {
			rows += " WHERE name <> '" + sealName + "'"
		}
		put(w, name)
		if err := feed(ctx, db, w, rows); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	_ = w.Flush() // a hash takes all
	return hash.Sum(nil), nil
}

func column(ctx context.Context, db *sql.DB, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // read to its end, or its error counts
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// feed writes each value of each row of a query.
func feed(ctx context.Context, db *sql.DB, w io.Writer, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // read to its end, or its error counts
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for k := range values {
		targets[k] = &values[k]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		for _, v := range values {
			put(w, v)
		}
	}
	return rows.Err()
}

// put writes a value so that no two sequences of values are written alike.
func put(w io.Writer, value any) {
	kind, text := byte('n'), []byte(nil)
	switch v := value.(type) {
	case nil:
	case int64:
		kind, text = 'i', binary.BigEndian.AppendUint64(nil, uint64(v))
	case float64:
		kind, text = 'f', binary.BigEndian.AppendUint64(nil, math.Float64bits(v))
	case string:
		kind, text = 't', []byte(v)
	case []byte:
		kind, text = 'b', v
	case time.Time: // the driver's own, of a column that is declared so
		kind, text = 'd', []byte(v.UTC().Format(time.RFC3339Nano))
	default:
		kind, text = '?', fmt.Append(nil, v)
	}
	head := binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(text)))
	_, _ = w.Write(append(head, text...)) // a hash takes all
}
