package campaign

import (
	"fmt"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// A changeset holds the members and campaigns that one transaction reads and changes. close writes them. Changed
// members are written earlier if the store must search among them.
type changeset struct {
	tx          Tx
	site        int64
	startNumber int64 // newest number when the changeset was opened
	lastNumber  int64 // newest number given
	members     map[string]Member
	campaigns   map[string]*Campaign
	stored      map[string]Campaign // as they were read
	unsaved     []string            // comments whose members changed
	newID       func() string
	joined      bool // a campaign has a new member

	prepared prepared
	nearTo   func(Print) ([]Member, error) // finds candidates among members that existed when the changeset was opened
	added    []Member                      // members added by this transaction
	banded   map[int64]bool                // by member number: whether a member entered or left the band index
}

// prepared is what was read and computed before the write transaction, to keep that short.
type prepared struct {
	prints     map[string]Print    // of comments that will join, by comment ID
	matches    map[string][]string // what each of them may join, nearest first; the last is a member
	members    []string            // comments that are members, and the nearest members of the others
	lastNumber int64               // newest member number at that time
}

// openChangeset opens a changeset and reads the members of comments.
func openChangeset(tx Tx, site int64, comments []string, newID func() string) (*changeset, error) {
	r := &changeset{
		tx:        tx,
		site:      site,
		members:   map[string]Member{},
		campaigns: map[string]*Campaign{},
		stored:    map[string]Campaign{},
		newID:     newID,
		banded:    map[int64]bool{},
	}
	var err error
	if r.lastNumber, err = tx.LastNumber(site); err != nil { // first: it locks what is read from here on
		return nil, fmt.Errorf("read the last member's number: %w", err)
	}
	r.startNumber = r.lastNumber
	return r, r.readMembers(comments)
}

// readMembers reads the members of comments.
func (r *changeset) readMembers(comments []string) error {
	found, err := r.tx.Members(r.site, comments)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	for _, m := range found {
		r.members[m.Comment] = m
	}
	return nil
}

// readCampaigns reads the campaigns of all members that were read, in one query.
func (r *changeset) readCampaigns() error {
	var of []string
	for _, m := range r.members {
		if m.Campaign != "" {
			of = append(of, m.Campaign)
		}
	}
	slices.Sort(of)
	return r.loadCampaigns(slices.Compact(of)...)
}

// loadCampaigns reads campaigns by ID.
func (r *changeset) loadCampaigns(ids ...string) error {
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

// campaign returns a campaign, and reads it the first time.
func (r *changeset) campaign(id string) (*Campaign, error) {
	if r.campaigns[id] == nil {
		if err := r.loadCampaigns(id); err != nil {
			return nil, err
		}
	}
	if c := r.campaigns[id]; c != nil {
		return c, nil
	}
	return nil, fmt.Errorf("read campaign %s: %w", id, txn.ErrNotFound)
}

// close writes the changed members and campaigns. It deletes empty campaigns.
func (r *changeset) close() error {
	if err := r.saveMembers(); err != nil {
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

// upToDate reports whether the stored print is of the comment's current text, by the current tokeniser.
func (r *changeset) upToDate(c comment.Comment) bool {
	m, known := r.members[c.ID]
	gone := c.IsForgotten() || c.State == comment.Removed && !m.State.Refused()
	return known && !gone && m.EditedAt.Equal(c.TextChangedAt()) && m.Print.Version == version
}

// shouldJoin reports whether a comment becomes a member if its text is long enough. That needs its print.
func (r *changeset) shouldJoin(c comment.Comment, now time.Time) bool {
	waits := c.State == comment.Pending || c.State.Refused() && now.Sub(c.DecidedAt) < retention
	return waits && c.Account == "" && !r.upToDate(c)
}

// update applies the current state of a comment: it joins, leaves, or is recounted. p is the print of a comment that
// joins. update is idempotent.
func (r *changeset) update(c comment.Comment, p Print, now time.Time) error {
	m, known := r.members[c.ID]
	stays := r.upToDate(c)
	if known && !stays {
		if err := r.leave(m); err != nil {
			return err
		}
	}
	switch {
	case !stays:
		if !r.shouldJoin(c, now) || !p.longEnough() {
			return nil
		}
		return r.join(c, p, now)
	case c.State == comment.Removed: // removed after a refusal: it stays a member, so that copies are still recognised
		return nil
	}
	return r.recount(m, c)
}

// join makes a comment a member: of the nearest member's campaign, of a new campaign with that member, or alone.
func (r *changeset) join(c comment.Comment, p Print, now time.Time) error {
	near, err := r.nearest(c, p)
	if err != nil {
		return err
	}
	r.lastNumber = max(r.lastNumber+1, now.UnixMicro()) // a deleted member takes its number with it, so the time keeps numbers unique
	m := Member{
		Comment:   c.ID,
		Number:    r.lastNumber,
		State:     c.State,
		Banded:    true,
		Print:     p,
		CreatedAt: c.CreatedAt,
		EditedAt:  c.TextChangedAt(),
		DecidedAt: c.DecidedAt,
	}
	if near != nil {
		if m, err = r.enter(m, *near); err != nil {
			return err
		}
	}
	r.put(m)
	r.added = append(r.added, m)
	return nil
}

// nearest returns the current nearest member of a comment that joins, or nil. If no other transaction added members
// since prepare, its result and the members added by this transaction are complete, and nothing is searched.
func (r *changeset) nearest(c comment.Comment, p Print) (*Member, error) {
	if alike, found := r.prepared.matches[c.ID]; found && r.startNumber == r.prepared.lastNumber {
		for _, id := range alike {
			if m := r.members[id]; m.Banded {
				return &m, nil
			}
		}
		if len(alike) == 0 {
			return nil, nil
		}
	}
	if err := r.saveMembers(); err != nil {
		return nil, err
	}
	near, err := r.nearTo(p)
	if err != nil {
		return nil, fmt.Errorf("find near-duplicates: %w", err)
	}
	for _, m := range r.added {
		if now, stands := r.current(m); stands {
			near = append(near, now)
		}
	}
	return nearest(p, near), nil
}

// current returns a member as it is now, and whether it is still in the band index.
func (r *changeset) current(m Member) (Member, bool) {
	now := r.members[m.Comment]
	return now, now.Number == m.Number && now.Banded
}

// enter adds a new member to the campaign of its nearest member, and creates that campaign if needed.
func (r *changeset) enter(m, near Member) (Member, error) {
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

func (r *changeset) unband(m Member) {
	if m.Banded {
		m.Banded, r.banded[m.Number] = false, false
		r.put(m)
	}
}

func (r *changeset) put(m Member) {
	r.members[m.Comment] = m
	if !slices.Contains(r.unsaved, m.Comment) {
		r.unsaved = append(r.unsaved, m.Comment)
	}
}

// saveMembers writes the changed members.
func (r *changeset) saveMembers() error {
	var changed []Member
	for _, id := range r.unsaved {
		if m, known := r.members[id]; known { // otherwise it has left since
			changed = append(changed, m)
		}
	}
	r.unsaved = nil
	if err := r.tx.PutMembers(r.site, changed); err != nil {
		return fmt.Errorf("write members: %w", err)
	}
	return nil
}

// recount updates a member and its campaign to the state of the comment.
func (r *changeset) recount(m Member, c comment.Comment) error {
	var k *Campaign
	if m.Campaign != "" {
		var err error
		if k, err = r.campaign(m.Campaign); err != nil { // also if nothing changes: outdatedCampaigns needs it
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
		return r.leave(m) // an approved comment without a campaign is not needed
	}
	wants := c.State != comment.Approved && !m.Apart && (k == nil || m.Joined > k.Joined-maxIndexed)
	if wants != m.Banded {
		m.Banded, r.banded[m.Number] = wants, wants
	}
	r.put(m)
	if k == nil {
		return nil
	}
	return r.updateSample(k, m)
}

// updateSample keeps a pending member as the campaign's sample after a member changed state.
func (r *changeset) updateSample(k *Campaign, m Member) error {
	switch {
	case m.State == comment.Pending && k.Waiting == 1:
		k.Sample = m.Comment
	case m.State != comment.Pending && k.Sample == m.Comment && k.Waiting > 0:
		next, err := r.first(k, true)
		if err != nil {
			return err
		}
		if len(next) > 0 {
			k.Sample = next[0].Comment
		}
	}
	return nil
}

// first returns the first member of a campaign, if there is one; with waiting, the first pending one.
func (r *changeset) first(k *Campaign, waiting bool) ([]Member, error) {
	if err := r.saveMembers(); err != nil {
		return nil, err
	}
	next, err := r.tx.MembersOf(r.site, k.ID, 0, k.Joined, waiting, 1)
	if err != nil {
		return nil, fmt.Errorf("read the next member: %w", err)
	}
	return next, nil
}

// leave removes a member and updates its campaign.
func (r *changeset) leave(m Member) error {
	if m.Banded {
		r.banded[m.Number] = false
	}
	if err := r.tx.DropMember(r.site, m.Comment); err != nil {
		return fmt.Errorf("remove a member: %w", err)
	}
	delete(r.members, m.Comment)
	return r.uncount(m)
}

// uncount removes a member from its campaign's counts. The member itself must have been deleted or changed already.
func (r *changeset) uncount(m Member) error {
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
		next, err := r.first(k, waiting)
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

// split removes a member from its campaign. It stays apart until it is edited.
func (r *changeset) split(m Member) error {
	r.unband(m)
	m = r.members[m.Comment]
	was := m
	m.Campaign, m.Joined, m.Apart = "", 0, true
	r.put(m)
	return r.uncount(was)
}

// rejoin lets a member that was split off join again.
func (r *changeset) rejoin(m Member, c comment.Comment, now time.Time) error {
	if err := r.leave(m); err != nil {
		return err
	}
	p := m.Print
	if p.Version != version || !m.EditedAt.Equal(c.EditedAt) {
		p = PrintOf(c)
	}
	return r.update(c, p, now)
}

// ids returns the distinct comment IDs of members, sorted.
func ids(members []Member) []string {
	all := make([]string, len(members))
	for i, m := range members {
		all[i] = m.Comment
	}
	return slices.Compact(slices.Sorted(slices.Values(all)))
}

// version is the tokeniser version of new prints.
const version = classifier.TokeniserVersion
