package moderation

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	maxChoice = 1_000
	maxNote   = 2_000 // characters
)

// A Ref identifies a comment in the version that the moderator saw.
type Ref struct {
	ID      string
	Version int64
}

// A Choice is a decision on 1 to 1,000 comments, or on a campaign.
type Choice struct {
	Action   comment.Action
	Reason   comment.Reason
	Note     string
	Comments []Ref
	Campaign *CampaignChoice // instead of Comments
	Key      *txn.IdempotencyKey
}

// A CampaignChoice selects the pending members of a campaign that joined up to the number UpTo, without those in
// Except. Seen lists members that the form showed, at most 500; those no longer pending are reported as conflicts. One
// decision covers at most 1,000 members.
type CampaignChoice struct {
	ID     string
	UpTo   int
	Seen   []string
	Except []string
}

// A Conflict is a comment that was not changed. Code is version.stale, comment.unknown, comment.removed, appeal.own,
// decision.superseded or source.forgotten. By and At are the author's name and the time of the last decision, if any.
type Conflict struct {
	ID      string        `json:"id"`
	Code    string        `json:"code"`
	Version int64         `json:"version"`
	State   comment.State `json:"state"`
	By      string        `json:"by"`
	At      time.Time     `json:"at"`
}

// An Outcome is the result of a Choice or an Undo. Batch is "" if nothing changed.
type Outcome struct {
	Batch     string     `json:"batch"`
	Done      int        `json:"done"` // number of decided or undone comments
	Unchanged int        `json:"unchanged"`
	Remaining int        `json:"remaining,omitempty"` // number of campaign members left for further requests
	Conflicts []Conflict `json:"conflicts"`
	// Contradictions lists decided comments for which the classifier was certain of the opposite. The decision may be a
	// mistake. Undo of Batch reverts it.
	Contradictions []Contradiction `json:"contradictions"`
	Replayed       bool            `json:"-"`
	textChanged    bool            // a text changed
	changed        []string        // IDs of the decided or undone comments; empty if Replayed
}

// Decide applies a choice in one transaction. It needs a moderator.
func (s *Service) Decide(ctx context.Context, who authz.Actor, site site.Site, in Choice) (Outcome, error) {
	if err := who.Authorize(site.ID, authz.Moderator, authz.ScopeDecide); err != nil {
		return Outcome{}, err
	}
	remaining, err := s.resolveCampaign(ctx, site, &in)
	if err != nil {
		return Outcome{}, err
	}
	if err := in.check(); err != nil {
		return Outcome{}, err
	}
	pen := s.author(who, site)
	salts := newSalts(len(in.Comments))
	out, again, err := txn.Idempotent(ctx, s.work, in.Key, func(tx Tx) (out Outcome, err error) {
		err = decideAll(tx, pen, in, salts, &out)
		out.Remaining = remaining
		return out, err
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("decide: %w", err)
	}
	if out.Replayed = again; !again && out.Done > 0 {
		s.meter.Decided(site.Key, in.Action.String(), who.Source(), out.Done)
	}
	s.log.InfoContext(ctx, "decision", "site", site.Key, "batch", out.Batch, "by", who.ID(),
		"action", in.Action.String(), "comments", firstIDs(out.changed),
		"done", out.Done, "unchanged", out.Unchanged, "conflicts", len(out.Conflicts),
		"contradictions", len(out.Contradictions), "replayed", out.Replayed)
	out.changed = nil // only the log needs it
	return out, nil
}

// firstIDs returns the first 20 of the IDs, for the log.
func firstIDs(ids []string) []string {
	return append([]string{}, ids[:min(len(ids), 20)]...)
}

// resolveCampaign adds the comments of a choice on a campaign to in.Comments. It returns the number of members left for
// further requests.
func (s *Service) resolveCampaign(ctx context.Context, site site.Site, in *Choice) (remaining int, err error) {
	k := in.Campaign
	switch {
	case k == nil:
		return 0, nil
	case len(in.Comments) > 0:
		return 0, problem.Field("/campaign", "Decide on comments or on a campaign, not on both.")
	case len(k.Seen) > maxChoice/2:
		return 0, problem.Field("/campaign", fmt.Sprintf("Choose at most %d comments by name.", maxChoice/2))
	case len(k.Except) > maxChoice:
		return 0, problem.Field("/campaign/except", fmt.Sprintf("Except at most %d comments.", maxChoice))
	}
	list, remaining, err := s.campaigns.PendingMembers(ctx, site.ID, k.ID, k.UpTo, k.Except, maxChoice-len(k.Seen))
	if err != nil {
		return 0, err
	}
	for _, c := range list {
		in.Comments = append(in.Comments, Ref{c.ID, c.Version})
	}
	for _, id := range k.Seen {
		if !slices.ContainsFunc(list, func(c comment.Comment) bool { return c.ID == id }) {
			in.Comments = append(in.Comments, Ref{ID: id}) // version 0 never exists, so this causes a conflict
		}
	}
	return remaining, nil
}

// check validates a choice and normalizes it for the log.
func (in *Choice) check() error {
	switch n := len(in.Comments); {
	case n == 0 && in.Campaign == nil:
		return problem.Field("/comments", "Name at least one comment.")
	case n > maxChoice:
		return problem.Field("/comments", fmt.Sprintf("A decision is on at most %d comments; this one is on %d.",
			maxChoice, n))
	}
	if !utf8.ValidString(in.Note) || utf8.RuneCountInString(in.Note) > maxNote {
		return problem.Field("/note", fmt.Sprintf("A note is text of at most %d characters.", maxNote))
	}
	in.Note = text.Clean(in.Note)
	switch {
	case in.Action == comment.Reject && in.Reason == comment.NoReason:
		in.Reason = comment.ReasonOther
	case in.Action == comment.Reject && in.Reason == comment.ReasonSpam:
		in.Action = comment.MarkSpam
	case in.Action == comment.MarkSpam && in.Reason == comment.NoReason:
		in.Reason = comment.ReasonSpam
	}
	if in.Action == comment.MarkSpam && in.Reason != comment.ReasonSpam ||
		in.Action < comment.Reject && in.Reason != comment.NoReason {
		return problem.Field("/reason", "Only reject takes a reason.")
	}
	return nil
}

// newSalts returns n salts for lessons. Call it outside the transaction, which may run twice.
func newSalts(n int) [][]byte {
	salts := make([][]byte, n)
	for i := range salts {
		salts[i] = auditlog.NewSalt()
	}
	return salts
}

func decideAll(tx Tx, pen auditlog.Author, in Choice, salts [][]byte, out *Outcome) error {
	b, err := beginDecisions(tx, pen)
	if err != nil {
		return err
	}
	if err := b.read(in.Comments); err != nil {
		return err
	}
	for i, ref := range in.Comments {
		c, known := b.comments[ref.ID]
		may, err := b.mayAnswer(c)
		switch {
		case err != nil:
			return err
		case !known:
			out.Conflicts = append(out.Conflicts, Conflict{ID: ref.ID, Code: "comment.unknown"})
		case c.State == comment.Removed:
			out.Conflicts = append(out.Conflicts, b.conflict(c, "comment.removed"))
		case !may:
			out.Conflicts = append(out.Conflicts, b.conflict(c, "appeal.own"))
		case b.alreadyDecided(c, in.Action, in.Reason) && !c.Appealed(): // an appeal needs a new decision
			out.Unchanged++
			b.resolveReports(c)
		case c.Version != ref.Version:
			out.Conflicts = append(out.Conflicts, b.conflict(c, "version.stale"))
		default:
			if err := b.decide(c, in, salts[i], out); err != nil {
				return err
			}
		}
	}
	return b.close(out)
}

// read locks the given comments, and reads their log entries where these are needed.
func (b *decisionTx) read(refs []Ref) error {
	ids := make([]string, 0, len(refs))
	versions := make(map[string]int64, len(refs))
	for _, ref := range refs {
		if _, twice := versions[ref.ID]; !twice {
			ids = append(ids, ref.ID)
		}
		versions[ref.ID] = ref.Version
	}
	if err := b.lock(ids, b.tx.CommentsInBrief); err != nil {
		return err
	}
	logged := slices.DeleteFunc(ids, func(id string) bool {
		c, known := b.comments[id]
		return !known || c.Standing == 0 && c.Version == versions[id]
	})
	return b.readLog(logged)
}

// alreadyDecided reports whether the decision in effect already has this action and reason, and was made on the current
// text.
func (b *decisionTx) alreadyDecided(c comment.Comment, a comment.Action, r comment.Reason) bool {
	if c.State != a.State() || c.Reason != r {
		return false
	}
	entries := b.logs[c.ID]
	at := func(seq uint64) int {
		return slices.IndexFunc(entries, func(d auditlog.Entry) bool { return d.Seq == seq })
	}
	i := at(c.Standing)
	if i < 0 || edited(c, entries, i) {
		return false
	}
	for i >= 0 && entries[i].Redacts() { // a redaction keeps the decision before it, if any
		i = at(entries[i].Before)
	}
	return i >= 0
}

// edited reports whether a comment was edited after entry i of its log. Only log entries and edits raise its version.
func edited(c comment.Comment, entries []auditlog.Entry, i int) bool {
	return c.Version != entries[i].Version+int64(len(entries)-i)
}

// decide makes one decision and adds it to the outcome.
func (b *decisionTx) decide(c comment.Comment, in Choice, salt []byte, out *Outcome) error {
	out.Done++
	out.changed = append(out.changed, c.ID)
	if c.Verdict.Contradicts(in.Action) {
		out.Contradictions = append(out.Contradictions, Contradiction{ID: c.ID, Spam: c.Verdict.Spam})
	}
	d := auditlog.Entry{Ruling: auditlog.Ruling{
		Action: in.Action, Reason: in.Reason, Note: in.Note, To: in.Action.State(), Before: c.Standing,
	}}
	if c.Standing != 0 {
		b.Revoke(c.Standing)
	}
	if label, ok := comment.Teaches(in.Action, in.Reason); ok {
		l := auditlog.Lesson{Lesson: b.lesson(c, label), Of: c.ID, Salt: salt}
		d.Lesson = auditlog.LessonHash(salt, l.Lesson)
		b.Teach(l)
	}
	return b.write(c, d, comment.StateChange{
		State: d.To, Reason: d.Reason, Note: d.Note, Standing: b.Next(), DecidedAt: b.At,
	})
}

// lesson returns the lesson that the next log entry teaches from a comment.
func (b *decisionTx) lesson(c comment.Comment, label classifier.Label) classifier.Lesson {
	return classifier.Lesson{Seq: b.Next(), Label: label, Comment: c.Document()}
}
