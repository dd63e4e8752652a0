package store

import (
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// campaignRow is a row of the campaigns table.
type campaignRow struct {
	Site     int64          `gorm:"column:site_id"`
	Campaign campaignFields `gorm:"embedded"`
}

func (campaignRow) TableName() string { return "campaigns" }

// campaignFields are the columns of a campaign.Campaign.
type campaignFields struct {
	ID                         string
	Joined                     int
	Waiting, Approved, Refused int
	Sample                     string
	Told                       bool
	FirstSeen                  time.Time `gorm:"serializer:micros"`
	LastSeen                   time.Time `gorm:"serializer:micros"`
}

// memberRow is a row of the campaign_members table.
type memberRow struct {
	Site   int64        `gorm:"column:site_id"`
	Member memberFields `gorm:"embedded"`
}

func (memberRow) TableName() string { return "campaign_members" }

// memberFields are the columns of a campaign.Member.
type memberFields struct {
	Comment   string `gorm:"column:comment_id"`
	Number    int64
	Campaign  string `gorm:"column:campaign_id"`
	Joined    int
	Apart     bool
	State     comment.State
	Banded    bool
	Print     campaign.Print `gorm:"serializer:binary"`
	CreatedAt time.Time      `gorm:"serializer:micros"`
	EditedAt  time.Time      `gorm:"serializer:micros"`
	DecidedAt time.Time      `gorm:"serializer:micros"`
}

var (
	campaignColumns = rows.Of[campaignRow]()
	selectCampaigns = "SELECT " + campaignColumns.Names + " FROM campaigns "
	memberColumns   = rows.Of[memberRow]()
	selectMembers   = "SELECT " + memberColumns.Names + " FROM campaign_members "
)

func (r *campaignRow) campaign() campaign.Campaign { return campaign.Campaign(r.Campaign) }

func (r *memberRow) member() campaign.Member { return campaign.Member(r.Member) }

func (t *tx) campaigns(rest string, args ...any) ([]campaign.Campaign, error) {
	return rows.AllAs(t.Tx, campaignColumns.Targets, (*campaignRow).campaign, selectCampaigns+rest, args...)
}

func (t *tx) members(rest string, args ...any) ([]campaign.Member, error) {
	return rows.AllAs(t.Tx, memberColumns.Targets, (*memberRow).member, selectMembers+rest, args...)
}

func (t *tx) Members(site int64, comments []string) ([]campaign.Member, error) {
	return t.members(`
		WHERE  site_id = ?
		  AND  comment_id `+t.In+`
		ORDER  BY comment_id`+t.LockClause, site, rows.ArrayOf(t.Array, comments))
}

func (t *tx) InCampaigns(comments []site.Ref) ([]site.Ref, error) {
	return rows.All(t.Tx, func(ref *site.Ref) []any { return []any{&ref.Site, &ref.ID} }, `
		SELECT site_id, comment_id
		FROM   campaign_members
		WHERE  (site_id, comment_id) `+t.inRefs()+`
		  AND  campaign_id <> ''`, refList(comments))
}

func (t *tx) MembersNumbered(site int64, numbers []int64) ([]campaign.Member, error) {
	return t.members(`
		WHERE  site_id = ?
		  AND  number `+t.In+`
		ORDER  BY number`, site, rows.ArrayOf(t.Array, numbers))
}

// whereCampaign selects the members of a campaign by state. A comparison with the state must follow it. Pending members
// are in one partial index and all others in a second, so a new member is written to one index only. The conditions
// match those of the indexes literally.
const whereCampaign = " WHERE site_id = ? AND campaign_id = ? AND campaign_id <> '' AND state "

func (t *tx) MembersOf(
	site int64, id string, after, upTo int, waiting bool, limit int,
) ([]campaign.Member, error) {
	of := func(state string) ([]campaign.Member, error) {
		return t.members(whereCampaign+state+`
			  AND  joined > ?
			  AND  joined <= ?
			ORDER  BY joined
			LIMIT  ?`, site, id, after, upTo, limit)
	}
	list, err := of("= 0")
	if err != nil || waiting {
		return list, err
	}
	others, err := of("<> 0")
	list = append(list, others...)
	slices.SortFunc(list, func(a, b campaign.Member) int { return a.Joined - b.Joined })
	return list[:min(limit, len(list))], err
}

func (t *tx) MembersAfter(site, number int64, limit int) ([]campaign.Member, error) {
	return t.members(`
		WHERE  site_id = ?
		  AND  number  > ?
		  AND  banded
		ORDER  BY number
		LIMIT  ?`, site, number, limit)
}

func (t *tx) DecidedBefore(site int64, at time.Time, limit int) ([]campaign.Member, error) {
	return t.members(`
		WHERE  site_id = ?
		  AND  state <> 0
		  AND  decided_at < ?
		ORDER  BY decided_at
		LIMIT  ?`, site, rows.Stamp(at), limit)
}

func (t *tx) LastNumber(site int64) (int64, error) {
	if t.locking && t.lockMembers != "" {
		if _, err := t.Exec(t.lockMembers, site); err != nil {
			return 0, err
		}
	}
	return rows.Get(t.Tx, rows.Value[int64], `
		SELECT COALESCE(MAX(number), 0)
		FROM   campaign_members
		WHERE  site_id = ?`, site)
}

func (t *tx) PutMembers(site int64, members []campaign.Member) error {
	all := make([]memberRow, len(members))
	for i, m := range members {
		all[i] = memberRow{Site: site, Member: memberFields(m)}
	}
	return rows.Put(t.Tx, memberColumns, "site_id, comment_id", all)
}

func (t *tx) DropMember(site int64, comment string) error {
	_, err := t.Exec("DELETE FROM campaign_members WHERE site_id = ? AND comment_id = ?", site, comment)
	return err
}

func (t *tx) ForgetMembers(site int64, most int) (more bool, err error) {
	for _, table := range [][2]string{
		{"campaign_members", "site_id, comment_id"}, {"campaigns", "site_id, id"},
	} {
		n, err := t.Exec(`
			DELETE FROM `+table[0]+`
			WHERE  (`+table[1]+`) IN (SELECT `+table[1]+` FROM `+table[0]+` WHERE site_id = ? LIMIT ?)`, site, most)
		if err != nil {
			return false, err
		}
		more = more || n == int64(most)
	}
	return more, nil
}

func (t *tx) CampaignsByID(site int64, ids []string) ([]campaign.Campaign, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return t.campaigns(`
		WHERE  site_id = ?
		  AND  id `+t.In+`
		ORDER  BY id`+t.LockClause, site, rows.ArrayOf(t.Array, ids))
}

func (t *tx) CampaignsBefore(site int64, after *campaign.Campaign, limit int) ([]campaign.Campaign, error) {
	if after == nil {
		after = &campaign.Campaign{LastSeen: time.Unix(1<<40, 0)}
	}
	return t.campaigns(`
		WHERE  site_id = ?
		  AND  (last_seen, id) < (?, ?)
		ORDER  BY last_seen DESC, id DESC
		LIMIT  ?`, site, rows.Stamp(after.LastSeen), after.ID, limit)
}

func (t *tx) PutCampaigns(site int64, all ...campaign.Campaign) error {
	put := make([]campaignRow, len(all))
	for i, c := range all {
		put[i] = campaignRow{Site: site, Campaign: campaignFields(c)}
	}
	return rows.Put(t.Tx, campaignColumns, "site_id, id", put)
}

func (t *tx) DropCampaign(site int64, id string) error {
	_, err := t.Exec("DELETE FROM campaigns WHERE site_id = ? AND id = ?", site, id)
	return err
}

// Spread counts distinct writers, addresses and pages of the newest members. A comment without a writer hash counts by
// its address.
func (t *tx) Spread(site int64, id string, among int) (campaign.Spread, error) {
	newest := func(state string) string {
		return `SELECT *
		        FROM   (SELECT comment_id, joined
		                FROM   campaign_members` + whereCampaign + state + `
		                ORDER  BY joined DESC
		                LIMIT  ?) AS one`
	}
	return rows.Get(t.Tx, func(s *campaign.Spread) []any {
		return []any{&s.Writers, &s.Addresses, &s.Pages}
	}, `
		SELECT COUNT(DISTINCT COALESCE(c.writer, c.address)), COUNT(DISTINCT c.address), COUNT(DISTINCT c.page_id)
		FROM   (`+newest("= 0")+`
		        UNION  ALL
		        `+newest("<> 0")+`
		        ORDER  BY joined DESC
		        LIMIT  ?) AS m
		JOIN   comments AS c ON c.site_id = ? AND c.id = m.comment_id`, site, id, among, site, id, among, among, site)
}
