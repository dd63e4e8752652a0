package txn

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/problem"
)

// A Key names one POST that may be repeated. Account is "" for readers.
type Key struct {
	Site    int64
	Route   string
	Account string
	Value   string
	Body    []byte // hash of the body less its form
}

// An Answer is what the first POST with a key was answered; Data is the caller's own JSON.
type Answer struct {
	Body []byte // hash, as in Key
	Data []byte
	At   time.Time
}

// answersFor is how long the answer to a POST with a key is kept.
const answersFor = 24 * time.Hour

// Answered runs fn in one transaction, unless the POST that key names was answered already: then
// it returns that answer, and again. What fn answers is kept as JSON, under names that stay the
// same from one version of the program to the next, and holds no secret. The answer stands exactly
// if the work does. A nil key runs fn.
func Answered[T Tx, Out any](
	ctx context.Context, w Work[T], key *Key, fn func(T) (Out, error),
) (out Out, again bool, err error) {
	at := w.Now()
	err = w.Update(ctx, func(tx T) (err error) {
		if key == nil {
			out, err = fn(tx)
			return err
		}
		out, again, err = answered(tx, *key, at, fn)
		return err
	})
	return out, again && err == nil, err
}

func answered[T Tx, Out any](tx T, key Key, at time.Time, fn func(T) (Out, error)) (out Out, again bool, err error) {
	first, err := tx.ClaimKey(key, at)
	if err != nil {
		return out, false, fmt.Errorf("claim key: %w", err)
	}
	if first != nil && at.Sub(first.At) > answersFor {
		if err := tx.PruneKeys(at.Add(-answersFor)); err != nil {
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
			return out, false, fmt.Errorf("read kept answer: %w", err)
		}
		return out, true, nil
	}
	if out, err = fn(tx); err != nil {
		return out, false, err
	}
	data, err := json.Marshal(out)
	if err != nil {
		return out, false, fmt.Errorf("keep answer: %w", err)
	}
	if err := tx.KeepAnswer(key, data); err != nil {
		return out, false, fmt.Errorf("keep answer: %w", err)
	}
	return out, false, nil
}
