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

// sealName is the name of the row in meta with the seal of a copy: the hash of its contents.
const sealName = "backup"

var errSealMismatch = errors.New("its contents do not match its seal: it is damaged or was changed")

// seal verifies a new copy, writes its seal, and syncs it to the disk.
func seal(ctx context.Context, path string) (Copy, error) {
	return finish(ctx, path, func(db *sql.DB) (sealed bool, err error) {
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

// unseal verifies a copy against its seal, removes the seal, and syncs the copy to the disk. A copy without a seal is
// not an error.
func unseal(ctx context.Context, path string) (Copy, error) {
	return finish(ctx, path, func(db *sql.DB) (sealed bool, err error) {
		var kept []byte
		err = db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = ?", sealName).Scan(&kept)
		switch {
		case errors.Is(err, sql.ErrNoRows): // made by another program
			return false, nil
		case err != nil:
			return false, err
		}
		hash, err := digest(ctx, db)
		if err != nil {
			return false, err
		}
		if !bytes.Equal(hash, kept) {
			return false, errSealMismatch
		}
		_, err = db.ExecContext(ctx, "DELETE FROM meta WHERE name = ?", sealName)
		return true, err
	})
}

// finish verifies a copy, calls fn to write or remove its seal, and syncs the file to disk. No other process may use the
// copy meanwhile. A crash can corrupt it, because SQLite writes without fsync until the final sync.
func finish(ctx context.Context, path string, fn func(*sql.DB) (sealed bool, err error)) (Copy, error) {
	db, err := openFile(path, "_pragma=journal_mode(MEMORY)&_pragma=synchronous(OFF)")
	if err != nil {
		return Copy{}, err
	}
	defer func() { _ = db.Close() }() // closed below, or an error is returned
	c, err := verify(ctx, db)
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

// digest returns the SHA-256 of the schema and all rows, except the seal. integrity_check verifies the structure of a
// file; the digest also covers every value.
func digest(ctx context.Context, db *sql.DB) ([]byte, error) {
	const schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name"
	names, err := column(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 ORDER BY name")
	if err != nil {
		return nil, err
	}
	hash := sha256.New()
	w := bufio.NewWriter(hash)
	if err := writeRows(ctx, db, w, schema); err != nil {
		return nil, err
	}
	for _, name := range names {
		rows := fmt.Sprintf(`SELECT * FROM "%s" NOT INDEXED`, name)
		if name == "meta" {
			rows += " WHERE name <> '" + sealName + "'"
		}
		writeValue(w, name)
		if err := writeRows(ctx, db, w, rows); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
	}
	_ = w.Flush() // a hash never returns an error
	return hash.Sum(nil), nil
}

// column returns the values of a query with one column of text.
func column(ctx context.Context, db *sql.DB, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns errors that matter
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// writeRows writes every value of a query to w.
func writeRows(ctx context.Context, db *sql.DB, w io.Writer, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // rows.Err returns errors that matter
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
			writeValue(w, v)
		}
	}
	return rows.Err()
}

// writeValue writes a value with its type and length, so that different sequences of values have different encodings.
func writeValue(w io.Writer, value any) {
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
	case time.Time: // the driver returns it for columns declared as a time
		kind, text = 'd', []byte(v.UTC().Format(time.RFC3339Nano))
	default:
		kind, text = '?', fmt.Append(nil, v)
	}
	head := binary.BigEndian.AppendUint64([]byte{kind}, uint64(len(text)))
	_, _ = w.Write(append(head, text...)) // a hash never returns an error
}
