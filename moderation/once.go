package moderation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

// answersFor is how long the answer to a POST with a key is kept.
const answersFor = 24 * time.Hour

// once runs fn unless the POST that key names was answered already; then it fills out with
// that answer and reports replayed. out is what fn fills, as JSON can keep it; it must hold
// no secret. All of it happens in tx, so the answer stands exactly if the work does. A nil
// key runs fn.
func once(tx Tx, key *ground.Key, at time.Time, out any, fn func() error) (replayed bool, err error) {
	if key == nil {
		return false, fn()
	}
	defer func() { key.Replayed = replayed && err == nil }()
	first, err := tx.ClaimKey(*key, at)
	if err != nil {
		return false, fmt.Errorf("claim key: %w", err)
	}
	if first != nil && at.Sub(first.At) > answersFor {
		if err := tx.PruneKeys(at.Add(-answersFor)); err != nil {
			return false, fmt.Errorf("prune keys: %w", err)
		}
		if first, err = tx.ClaimKey(*key, at); err != nil {
			return false, fmt.Errorf("claim key again: %w", err)
		}
	}
	if first != nil {
		if !bytes.Equal(first.Body, key.Body) {
			return false, problem.Wrong("idempotency.mismatch", "",
				"This Idempotency-Key was used for another request. Take a new one.")
		}
		if err := json.Unmarshal(first.Data, out); err != nil {
			return false, fmt.Errorf("read kept answer: %w", err)
		}
		return true, nil
	}
	if err := fn(); err != nil {
		return false, err
	}
	data, err := json.Marshal(out)
	if err != nil {
		return false, fmt.Errorf("keep answer: %w", err)
	}
	if err := tx.KeepAnswer(*key, data); err != nil {
		return false, fmt.Errorf("keep answer: %w", err)
	}
	return false, nil
}
