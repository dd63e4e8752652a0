package campaign

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is the transaction that campaigns need.
type Tx interface {
	txn.Tx
	txn.MetaTx

	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	CommentsInBrief(site int64, ids []string) ([]comment.Comment, error) // leaves out signals, among others
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	Records(site int64, writers [][]byte) (map[string]comment.History, error)
	// SetVerdict stores a new verdict for a comment that was read. It returns false and changes nothing if the
	// comment is no longer pending in that version, or if since then a newer model, a campaign or an external checker
	// changed its verdict.
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)

	// Members returns the members of comments. In an Update they are locked until its end, and so are campaigns read
	// by ID.
	Members(site int64, comments []string) ([]Member, error)
	// InCampaigns returns those of the comments that are in a campaign, in no order. It locks nothing.
	InCampaigns(comments []site.Ref) ([]site.Ref, error)
	// MembersOf returns members of a campaign with after < Joined <= upTo, in that order. With waiting it returns
	// only members that were pending when last counted.
	MembersOf(site int64, campaign string, after, upTo int, waiting bool, limit int) ([]Member, error)
	// MembersNumbered returns the members with these numbers that exist, by number.
	MembersNumbered(site int64, numbers []int64) ([]Member, error)
	// MembersAfter returns members of the band index with a higher number, by number.
	MembersAfter(site, number int64, limit int) ([]Member, error)
	// DecidedBefore returns members that are not pending and were decided before a time, oldest decision first.
	DecidedBefore(site int64, at time.Time, limit int) ([]Member, error)
	// LastNumber returns the highest number of a member, or 0. In an Update it locks the site's members until the
	// end: one transaction at a time changes membership.
	LastNumber(site int64) (int64, error)
	// PutMembers inserts or replaces members, each for a different comment.
	PutMembers(site int64, members []Member) error
	DropMember(site int64, comment string) error
	// ForgetMembers deletes up to most members and up to most campaigns of a site. It reports whether there may be
	// more.
	ForgetMembers(site int64, most int) (more bool, err error)

	CampaignsByID(site int64, ids []string) ([]Campaign, error)
	// CampaignsBefore returns campaigns by LastSeen, latest first, starting after a campaign, or at the first if
	// after is nil.
	CampaignsBefore(site int64, after *Campaign, limit int) ([]Campaign, error)
	PutCampaigns(site int64, all ...Campaign) error // inserts or replaces by ID
	DropCampaign(site int64, id string) error
	// Spread counts the writers, addresses and pages among a campaign's newest members, at most among of them.
	Spread(site int64, campaign string, among int) (Spread, error)
}
