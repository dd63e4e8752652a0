package campaign

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is what campaigns ask of a transaction.
type Tx interface {
	txn.Tx
	txn.MetaTx

	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	CommentsInBrief(site int64, ids []string) ([]comment.Comment, error) // without signals, among other things
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	Records(site int64, writers [][]byte) (map[string]comment.History, error)
	// SetVerdict gives a comment that was read another verdict. It reports false, and changes nothing, where the
	// comment is not pending in that version any more, was judged by a newer model, or was said to be like refused
	// ones, or not, or had a checker's word against it, since.
	SetVerdict(c comment.Comment, v comment.Verdict) (bool, error)

	// Members returns those of comments that have one. In an Update they are locked until the end, and so are
	// campaigns that are read by id.
	Members(site int64, comments []string) ([]Member, error)
	// MembersOf returns members of a campaign that joined after one number and up to another, in the order in
	// which they joined; waiting: only those that were pending when they were last counted.
	MembersOf(site int64, campaign string, after, upTo int, waiting bool, limit int) ([]Member, error)
	// MembersNumbered returns those of members with these numbers that there are, in the order of the numbers.
	MembersNumbered(site int64, numbers []int64) ([]Member, error)
	// MembersAfter returns members that are found by their bands, with a higher number than one, in the order of their
	// numbers.
	MembersAfter(site, number int64, limit int) ([]Member, error)
	// DecidedBefore returns members that do not wait and were decided before a time, those of longest ago first.
	DecidedBefore(site int64, at time.Time, limit int) ([]Member, error)
	// LastNumber returns the newest number of a member; 0: none was given. In an Update it has others that ask for it
	// wait until the end: who is a member, and of what, is changed by one at a time.
	LastNumber(site int64) (int64, error)
	// PutMembers writes members of different comments, each in the place of the one of the same comment.
	PutMembers(site int64, members []Member) error
	DropMember(site int64, comment string) error
	// ForgetMembers removes a site's members and campaigns, of each at most so many, and reports whether
	// there may be more.
	ForgetMembers(site int64, most int) (more bool, err error)

	CampaignsByID(site int64, ids []string) ([]Campaign, error)
	// CampaignsBefore returns campaigns by when a copy was last seen, the latest first: those after one in
	// this order, or nil from the first.
	CampaignsBefore(site int64, after *Campaign, limit int) ([]Campaign, error)
	PutCampaigns(site int64, all ...Campaign) error // in the places of those with their ids
	DropCampaign(site int64, id string) error
	// Spread counts the writers, addresses and pages of a campaign's newest members, at most so many.
	Spread(site int64, campaign string, among int) (Spread, error)
}
