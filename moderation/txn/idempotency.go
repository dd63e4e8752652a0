package txn

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// An IdempotencyKey identifies one POST that may be repeated. Account is "" for readers.
type IdempotencyKey struct {
	Site    int64
	Route   string
	Account string
	Value   string
	Body    []byte // hash of the request body, without the form token of the widget
}

// A StoredResponse is the response to the first POST with a key. Data is JSON of the caller.
type StoredResponse struct {
	Body []byte // hash, as in IdempotencyKey
	Data []byte
	At   time.Time
}

// keepResponses is how long the response to a POST with a key is kept.
const keepResponses = 24 * time.Hour

// Idempotent runs fn in one transaction, unless the POST with this key already succeeded. Then it returns the stored
// response, and again is true. The result of fn is stored as JSON in the same transaction. So its JSON names must stay
// the same across versions, and it must not contain secrets. If key is nil, Idempotent only runs fn.
func Idempotent[T Tx, Out any](
	ctx context.Context, w Work[T], key *IdempotencyKey, fn func(T) (Out, error),
) (out Out, again bool, err error) {
	at := w.Now()
	err = w.Update(ctx, func(tx T) (err error) {
		if key == nil {
			out, err = fn(tx)
			return err
		}
		out, again, err = idempotent(tx, *key, at, fn)
		return err
	})
	return out, again && err == nil, err
}

func idempotent[T Tx, Out any](tx T, key IdempotencyKey, at time.Time, fn func(T) (Out, error)) (out Out, again bool, err error) {
	first, err := tx.ClaimKey(key, at)
	if err != nil {
		return out, false, fmt.Errorf("claim key: %w", err)
	}
	if first != nil && at.Sub(first.At) > keepResponses {
		if err := tx.PruneKeys(at.Add(-keepResponses)); err != nil {
			return out, false, fmt.Errorf("prune keys: %w", err)
		}
		if first, err = tx.ClaimKey(key, at); err != nil {
			return out, false, fmt.Errorf("claim key again: %w", err)
		}
	}
	if first != nil {
		if !bytes.Equal(first.Body, key.Body) {
			return out, false, problem.Wrong("idempotency.mismatch", "",
				"This Idempotency-Key was used for another request. Take a new one.")
		}
		if err := json.Unmarshal(first.Data, &out); err != nil {
			return out, false, fmt.Errorf("read stored response: %w", err)
		}
		return out, true, nil
	}
	if out, err = fn(tx); err != nil {
		return out, false, err
	}
	data, err := json.Marshal(out)
	if err != nil {
		return out, false, fmt.Errorf("store response: %w", err)
	}
	if err := tx.StoreResponse(key, data); err != nil {
		return out, false, fmt.Errorf("store response: %w", err)
	}
	return out, false, nil
}
