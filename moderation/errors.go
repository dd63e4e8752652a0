package moderation

import (
	"errors"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

func unknownComment() error {
	return problem.Missing("comment.unknown", "There is no such comment, or it is not yours to see.")
}

// fault gives a store's answer the form that a person may see; what it does not know stays
// as it is, and is Internal.
func fault(err error) error {
	switch {
	case errors.Is(err, ground.ErrBusy):
		return &problem.Error{Kind: problem.Busy, Code: "busy", RetryAfter: 1, Err: err,
			Detail: "The service is busy. Nothing was lost; try again in a moment."}
	case errors.Is(err, ground.ErrFull):
		return &problem.Error{Kind: problem.Full, Code: "storage.full", Err: err,
			Detail: "The service has no room left to store this. Its operator must make some."}
	}
	return err
}
