package campaign

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// A register is a site's members and campaigns in one transaction. They are written by close; members also before who
// asks the store for others by what they are.
type register struct {
	tx        Tx
	site      int64
	opened    int64 // newest number when it was opened
	last      int64 // number that was given
	members   map[string]Member
	campaigns map[string]*Campaign
	stored    map[string]Campaign // as they were read
	unwritten []string            // comments whose members were changed
	newID     func() string
	joined    bool // some campaign has a new member

	before  prepared
	nearTo  func(Print) ([]Member, error) // what is to be compared of those that were members when it was opened
	entered []Member                      // in this transaction
	banded  map[int64]bool                // by their numbers: who is found by bands, of others that were not, or no longer
}

// prepared is what was read of comments before the transaction that others wait for.
type prepared struct {
	prints  map[string]Print    // of those that will join, by their ids
	alike   map[string][]string // what each of them may join: the nearest first, the last is a member
	members []string            // those of comments that are members, and members that others are nearest to
	last    int64               // number of a member at that time
}

// look opens the register for some comments.
func look(tx Tx, site int64, comments []string, newID func() string) (*register, error) {
	r := &register{
		tx:        tx,
		site:      site,
		members:   map[string]Member{},
		campaigns: map[string]*Campaign{},
		stored:    map[string]Campaign{},
		newID:     newID,
		banded:    map[int64]bool{},
	}
	var err error
	if r.last, err = tx.LastNumber(site); err != nil { // first: what is read from here on, nobody else changes
		return nil, fmt.Errorf("read the last member's number: %w", err)
	}
	r.opened = r.last
	return r, r.meet(comments)
}

// meet reads those of comments that are members.
func (r *register) meet(comments []string) error {
	found, err := r.tx.Members(r.site, comments)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	for _, m := range found {
		r.members[m.Comment] = m
	}
	return nil
}

// readAll reads the campaigns of all members that were read, in one go.
func (r *register) readAll() error {
	var of []string
	for _, m := range r.members {
		if m.Campaign != "" {
			of = append(of, m.Campaign)
		}
	}
	slices.Sort(of)
	return r.read(slices.Compact(of)...)
}

// read reads campaigns.
func (r *register) read(ids ...string) error {
	found, err := r.tx.CampaignsByID(r.site, ids)
	if err != nil {
		return fmt.Errorf("read campaigns: %w", err)
	}
	for _, c := range found {
		r.stored[c.ID] = c
		r.campaigns[c.ID] = &c
	}
	return nil
}

// campaign reads a campaign, once.
func (r *register) campaign(id string) (*Campaign, error) {
	if r.campaigns[id] == nil {
		if err := r.read(id); err != nil {
			return nil, err
		}
	}
	if c := r.campaigns[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("read campaign %s: %w", id, txn.ErrNotFound)
}

// close writes what was touched.
func (r *register) close() error {
	if err := r.write(); err != nil {
		return err
	}
	var stay []Campaign
	for id, c := range r.campaigns {
		switch {
		case *c == r.stored[id]:
		case c.Size() > 0:
			stay = append(stay, *c)
		default:
			if err := r.tx.DropCampaign(r.site, id); err != nil {
				return fmt.Errorf("remove a campaign: %w", err)
			}
		}
	}
	if err := r.tx.PutCampaigns(r.site, stay...); err != nil {
		return fmt.Errorf("write campaigns: %w", err)
	}
	return nil
}

// stays reports whether what is kept of a comment is of its text as it is now, by this tokeniser.
func (r *register) stays(c comment.Comment) bool {
	m, known := r.members[c.ID]
	gone := c.IsForgotten() || c.State == comment.Removed && !m.State.Refused()
	return known && !gone && m.EditedAt.Equal(c.TextAt()) && m.Print.Version == version
}

// joins reports whether a comment becomes a member, if it is long enough: it takes its print.
func (r *register) joins(c comment.Comment, now time.Time) bool {
	waits := c.State == comment.Pending || c.State.Refused() && now.Sub(c.DecidedAt) < rememberedFor
	return waits && c.Account == "" && !r.stays(c)
}

// follow brings what is kept of a comment to what the comment is now; p is the print of one that joins. To do it
// again changes nothing.
func (r *register) follow(c comment.Comment, p Print, now time.Time) error {
	m, known := r.members[c.ID]
	stays := r.stays(c)
	if known && !stays {
		if err := r.leave(m); err != nil {
			return err
		}
	}
	switch {
	case !stays:
		if !r.joins(c, now) || !p.compares() {
			return nil
		}
		return r.join(c, p, now)
	case c.State == comment.Removed: // it was refused before, which is remembered
		return nil
	}
	return r.recount(m, c)
}

// join makes a comment a member: of the campaign of the nearest one, or of a new campaign with that, or alone.
func (r *register) join(c comment.Comment, p Print, now time.Time) error {
	near, err := r.nearest(c, p)
	if err != nil {
		return err
	}
	r.last = max(r.last+1, now.UnixMicro()) // one that is gone takes its number with it
	m := Member{
		Comment:   c.ID,
		Number:    r.last,
		State:     c.State,
		Banded:    true,
		Print:     p,
		CreatedAt: c.CreatedAt,
		EditedAt:  c.TextAt(),
		DecidedAt: c.DecidedAt,
	}
	if near != nil {
		if m, err = r.enter(m, *near); err != nil {
			return err
		}
	}
	r.put(m)
	r.entered = append(r.entered, m)
	return nil
}

// nearest finds what a comment that joins is nearest to, as it is now: nil if it is like nothing. What was found
// before the transaction, and what entered in it, are all there is if nobody has joined in between.
func (r *register) nearest(c comment.Comment, p Print) (*Member, error) {
	if alike, found := r.before.alike[c.ID]; found && r.opened == r.before.last {
		for _, id := range alike {
			if m := r.members[id]; m.Banded {
				return &m, nil
			}
		}
		if len(alike) == 0 {
			return nil, nil
		}
	}
	if err := r.write(); err != nil {
		return nil, err
	}
	near, err := r.nearTo(p)
	if err != nil {
		return nil, fmt.Errorf("find what is alike: %w", err)
	}
	for _, m := range r.entered {
		if now, stands := r.stands(m); stands {
			near = append(near, now)
		}
	}
	return nearest(p, near), nil
}

// stands returns a member as it is now, if it was read, and whether it is still found by its bands.
func (r *register) stands(m Member) (Member, bool) {
	now := r.members[m.Comment]
	return now, now.Number == m.Number && now.Banded
}

// enter gives a new member the campaign of the one that it is nearest to.
func (r *register) enter(m, near Member) (Member, error) {
	if near.Campaign == "" {
		k := &Campaign{ID: r.newID(), Joined: 1, FirstSeen: near.CreatedAt, LastSeen: near.CreatedAt,
			Sample: near.Comment}
		k.count(near.State, 1)
		r.campaigns[k.ID] = k
		near.Campaign, near.Joined = k.ID, 1
		r.put(near)
	}
	k, err := r.campaign(near.Campaign)
	if err != nil {
		return m, err
	}
	k.Joined++
	if m.State == comment.Pending && k.Waiting == 0 {
		k.Sample = m.Comment
	}
	k.count(m.State, 1)
	if m.CreatedAt.Before(k.FirstSeen) {
		k.FirstSeen = m.CreatedAt
	}
	if m.CreatedAt.After(k.LastSeen) {
		k.LastSeen = m.CreatedAt
	}
	m.Campaign, m.Joined = k.ID, k.Joined
	r.joined = true
	return m, nil
}

func (r *register) unband(m Member) {
	if m.Banded {
		m.Banded, r.banded[m.Number] = false, false
		r.put(m)
	}
}

func (r *register) put(m Member) {
	r.members[m.Comment] = m
	if !slices.Contains(r.unwritten, m.Comment) {
		r.unwritten = append(r.unwritten, m.Comment)
	}
}

// write writes the members that were changed.
func (r *register) write() error {
	var changed []Member
	for _, id := range r.unwritten {
		if m, known := r.members[id]; known { // else it has left since
			changed = append(changed, m)
		}
	}
	r.unwritten = nil
	if err := r.tx.PutMembers(r.site, changed); err != nil {
		return fmt.Errorf("write members: %w", err)
	}
	return nil
}

// recount counts a member by the state that its comment has now.
func (r *register) recount(m Member, c comment.Comment) error {
	var k *Campaign
	if m.Campaign != "" {
		var err error
		if k, err = r.campaign(m.Campaign); err != nil { // also where nothing changes: see Told
			return err
		}
	}
	if m.State == c.State {
		return nil
	}
	if k != nil {
		k.count(m.State, -1)
		k.count(c.State, 1)
	}
	m.State, m.DecidedAt = c.State, c.DecidedAt
	if k == nil && c.State == comment.Approved {
		return r.leave(m) // nobody needs it
	}
	wants := c.State != comment.Approved && !m.Apart && (k == nil || m.Joined > k.Joined-candidates)
	if wants != m.Banded {
		m.Banded, r.banded[m.Number] = wants, wants
	}
	r.put(m)
	if k == nil {
		return nil
	}
	return r.exemplify(k, m)
}

// exemplify has a member that waits stand for a campaign, after one has changed its state.
func (r *register) exemplify(k *Campaign, m Member) error {
	switch {
	case m.State == comment.Pending && k.Waiting == 1:
		k.Sample = m.Comment
	case m.State != comment.Pending && k.Sample == m.Comment && k.Waiting > 0:
		next, err := r.next(k, true)
		if err != nil {
			return err
		}
		if len(next) > 0 {
			k.Sample = next[0].Comment
		}
	}
	return nil
}

// next returns the first member of a campaign, if there is one: waiting, that waits.
func (r *register) next(k *Campaign, waiting bool) ([]Member, error) {
	if err := r.write(); err != nil {
		return nil, err
	}
	next, err := r.tx.MembersOf(r.site, k.ID, 0, k.Joined, waiting, 1)
	if err != nil {
		return nil, fmt.Errorf("read the next member: %w", err)
	}
	return next, nil
}

// leave takes a member out of its campaign, and forgets it.
func (r *register) leave(m Member) error {
	if m.Banded {
		r.banded[m.Number] = false
	}
	if err := r.tx.DropMember(r.site, m.Comment); err != nil {
		return fmt.Errorf("remove a member: %w", err)
	}
	delete(r.members, m.Comment)
	return r.without(m)
}

// without takes a member that is written elsewhere by now out of its campaign's counts.
func (r *register) without(m Member) error {
	if m.Campaign == "" {
		return nil
	}
	k, err := r.campaign(m.Campaign)
	if err != nil {
		return err
	}
	k.count(m.State, -1)
	if k.Sample != m.Comment || k.Size() == 0 {
		return nil
	}
	for _, waiting := range []bool{true, false} {
		next, err := r.next(k, waiting)
		if err != nil {
			return err
		}
		if len(next) > 0 {
			k.Sample = next[0].Comment
			break
		}
	}
	return nil
}

// split takes members out of their campaign, to stay apart until they are edited.
func (r *register) split(m Member) error {
	r.unband(m)
	m = r.members[m.Comment]
	was := m
	m.Campaign, m.Joined, m.Apart = "", 0, true
	r.put(m)
	return r.without(was)
}

// rejoin has a member that stands apart join anew.
func (r *register) rejoin(m Member, c comment.Comment, now time.Time) error {
	if err := r.leave(m); err != nil {
		return err
	}
	p := m.Print
	if p.Version != version || !m.EditedAt.Equal(c.EditedAt) {
		p = PrintOf(c)
	}
	return r.follow(c, p, now)
}

// ids are the comments of members.
func ids(members []Member) []string {
	all := make([]string, len(members))
	for i, m := range members {
		all[i] = m.Comment
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// version is what prints are made by.
const version = classifier.TokeniserVersion
