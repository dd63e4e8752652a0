package store

import (
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// siteRow is a row of the sites table. It stores a site.Site.
type siteRow struct {
	ID        int64 `gorm:"primaryKey"`
	Key       string
	Name      string
	Origins   []string      `gorm:"serializer:list"`
	Settings  site.Settings `gorm:"serializer:json"`
	EditEpoch int64
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
}

func (siteRow) TableName() string { return "sites" }

var siteColumns = rows.Of[siteRow]()

func (t *tx) Sites() ([]site.Site, error) {
	return rows.AllAs(t.Tx, siteColumns.Targets, func(r *siteRow) site.Site { return site.Site(*r) }, `
		SELECT `+siteColumns.Names+`
		FROM   sites
		ORDER  BY key`)
}

func (t *tx) SiteByKey(key string) (site.Site, error) {
	row, err := rows.Get(t.Tx, siteColumns.Targets, "SELECT "+siteColumns.Names+" FROM sites WHERE key = ?", key)
	return site.Site(row), err
}

func (t *tx) InsertSite(s *site.Site) error {
	row := siteRow(*s)
	row.ID = 0 // the database assigns it
	done := t.DB.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error != nil {
		return mapError(done.Error)
	}
	if done.RowsAffected == 0 {
		return txn.ErrTaken
	}
	s.ID = row.ID
	return mapError(t.DB.Create(&headRow{Site: s.ID}).Error)
}

func (t *tx) UpdateSite(s site.Site) error {
	return requireChange(t.DB.Model(&siteRow{}).Where("id = ?", s.ID).
		Select("name", "origins", "settings").Updates(siteRow(s)))
}

func (t *tx) EndEditTokens(site int64) error {
	return t.ExecOne("UPDATE sites SET edit_epoch = edit_epoch + 1 WHERE id = ?", site)
}

// siteTables are the tables with rows of a site. A table comes before the tables that it refers to.
var siteTables = []string{
	"neighbour_lists", "neighbours", "checks", "checkers",
	"takedown_comments", "takedowns",
	"mail_codes", "mail_counts", "subscriptions", "mail_stops", "letters",
	"rules", "blocks", "writer_notes",
	"votes", "reports", "appeals", "mail_links", "mails", "signouts", "sso_salts", "verified_names",
	"signets", "site_copies", "former_staff",
	"campaign_members", "campaigns", "inquiries", "deliveries", "webhooks",
	"model_pieces", "model_snapshots", "lessons", "decisions", "heads", "comments", "pages", "grants", "idempotency_keys",
	"events",
}

// referencedRows are the rows of a site that foreign keys refer to. A table comes before the tables that refer to it.
var referencedRows = []string{
	"sites WHERE id", "webhooks WHERE site_id", "decisions WHERE site_id", "pages WHERE site_id",
	"takedowns WHERE site_id", "comments WHERE site_id",
}

// DeleteSite deletes a site and all of its rows. On Postgres it first locks the rows that foreign keys refer to: it
// waits for running writers and blocks new ones. A row inserted after its table was emptied would make the deletion of
// the referenced row fail.
func (t *tx) DeleteSite(id int64) error {
	if t.lockKeys != "" {
		for _, rows := range referencedRows {
			_, err := t.Exec(`
				SELECT count(*)
				FROM   (SELECT 1 FROM `+rows+` = ?`+t.lockKeys+`) AS kept`, id)
			if err != nil {
				return fmt.Errorf("lock %s: %w", rows, err)
			}
		}
	}
	for _, table := range siteTables {
		if _, err := t.Exec("DELETE FROM "+table+" WHERE site_id = ?", id); err != nil {
			return fmt.Errorf("delete from %s: %w", table, err)
		}
	}
	return requireChange(t.DB.Where("id = ?", id).Delete(&siteRow{}))
}

func (t *tx) Meta(name string) ([]byte, error) {
	return rows.Get(t.Tx, rows.Value[[]byte], "SELECT value FROM meta WHERE name = ?", name)
}

func (t *tx) SetMeta(name string, value []byte) error {
	_, err := t.Exec(`
		INSERT INTO meta (name, value)
		VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, notNil(value))
	return err
}
