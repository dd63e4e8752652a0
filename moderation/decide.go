package moderation

import (
	"context"
	"time"
)

// A Ref names a comment in the version that the moderator saw.
type Ref struct {
	ID      string
	Version int64
}

// A Choice is a decision on one or many comments, at most 1,000.
type Choice struct {
	Action   Action
	Reason   Reason
	Note     string
	Comments []Ref
	Key      *Key
}

// A Conflict is a comment that was left alone, and why: Code is version.stale,
// comment.unknown, comment.removed or decision.superseded. By is a name; By and At are of the
// last decision, where there is one.
type Conflict struct {
	ID      string
	Code    string
	Version int64
	State   State
	By      string
	At      time.Time
}

// An Outcome is what a Choice or an Undo did.
type Outcome struct {
	Batch     string
	Done      int // decided or undone
	Unchanged int
	Conflicts []Conflict
	Replayed  bool
}

// Decide carries out a choice in one transaction. It needs a moderator.
func (s *Service) Decide(ctx context.Context, who Actor, site Site, in Choice) (Outcome, error) {
	return Outcome{}, nil
}

// Undo takes back a batch: each of its comments returns to where its standing decision before
// left it. It needs a moderator. Undoing an undo, or twice, undoes nothing.
func (s *Service) Undo(ctx context.Context, who Actor, site Site, batch string, key *Key) (Outcome, error) {
	return Outcome{}, nil
}

// A Replied is a staff reply, and the batch that approved the comment it answers, if it waited.
type Replied struct {
	Comment  Comment
	Batch    string
	Replayed bool
}

// Reply answers a comment under a badge, published at once. An author may answer what is
// visible; a moderator's answer to a waiting comment approves it in the same batch.
func (s *Service) Reply(ctx context.Context, who Actor, site Site, id, body string, key *Key) (Replied, error) {
	return Replied{}, nil
}
