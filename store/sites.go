package store

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/moderation/ground"
)

type siteRow struct {
	ID       int64 `gorm:"primaryKey"`
	Key      string
	Name     string
	Origins  string
	Settings string
	Created  micros `gorm:"column:created_at"`
}

func (siteRow) TableName() string { return "sites" }

func (r siteRow) site() (ground.Site, error) {
	s := ground.Site{ID: r.ID, Key: r.Key, Name: r.Name, CreatedAt: r.Created.time()}
	if err := json.Unmarshal([]byte(r.Origins), &s.Origins); err != nil {
		return s, fmt.Errorf("read the origins of site %s: %w", r.Key, err)
	}
	if err := json.Unmarshal([]byte(r.Settings), &s.Settings); err != nil {
		return s, fmt.Errorf("read the settings of site %s: %w", r.Key, err)
	}
	return s, nil
}

func siteRowOf(s ground.Site) (siteRow, error) {
	origins, err := json.Marshal(s.Origins)
	if err != nil {
		return siteRow{}, fmt.Errorf("write the origins: %w", err)
	}
	settings, err := json.Marshal(s.Settings)
	if err != nil {
		return siteRow{}, fmt.Errorf("write the settings: %w", err)
	}
	return siteRow{
		ID: s.ID, Key: s.Key, Name: s.Name, Created: stamp(s.CreatedAt),
		Origins: string(origins), Settings: string(settings),
	}, nil
}

// Sites implements moderation.SiteTx.
func (t *tx) Sites() ([]ground.Site, error) {
	var rows []siteRow
	if err := t.db.Order("key").Find(&rows).Error; err != nil {
		return nil, mapped(err)
	}
	sites := make([]ground.Site, len(rows))
	for i, row := range rows {
		var err error
		if sites[i], err = row.site(); err != nil {
			return nil, err
		}
	}
	return sites, nil
}

// SiteByKey implements moderation.SiteTx.
func (t *tx) SiteByKey(key string) (ground.Site, error) {
	var row siteRow
	if err := t.db.Where("key = ?", key).Take(&row).Error; err != nil {
		return ground.Site{}, found(err)
	}
	return row.site()
}

// InsertSite implements moderation.SiteTx.
func (t *tx) InsertSite(s *ground.Site) error {
	row, err := siteRowOf(*s)
	if err != nil {
		return err
	}
	row.ID = 0 // the database's to give
	done := t.db.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error != nil {
		return mapped(done.Error)
	}
	if done.RowsAffected == 0 {
		return ground.ErrTaken
	}
	s.ID = row.ID
	_, err = t.exec("INSERT INTO heads (site_id, seq) VALUES (?, 0)", s.ID)
	return err
}

// UpdateSite implements moderation.SiteTx.
func (t *tx) UpdateSite(s ground.Site) error {
	row, err := siteRowOf(s)
	if err != nil {
		return err
	}
	return changed(t.db.Model(&siteRow{}).Where("id = ?", s.ID).
		Updates(map[string]any{"name": row.Name, "origins": row.Origins, "settings": row.Settings}))
}

// belowSites are the tables with rows of a site, each before those that it refers to.
var belowSites = []string{
	"model_snapshots", "lessons", "decisions", "heads", "comments", "pages", "grants", "idempotency_keys", "events",
}

// DeleteSite implements moderation.SiteTx.
func (t *tx) DeleteSite(id int64) error {
	for _, table := range belowSites {
		if _, err := t.exec("DELETE FROM "+table+" WHERE site_id = ?", id); err != nil {
			return fmt.Errorf("delete from %s: %w", table, err)
		}
	}
	return t.one("DELETE FROM sites WHERE id = ?", id)
}

// Meta implements moderation.SiteTx.
func (t *tx) Meta(name string) ([]byte, error) {
	return first(t, func(r *sql.Rows, value *[]byte) error { return r.Scan(value) },
		"SELECT value FROM meta WHERE name = ?", name)
}

// SetMeta implements moderation.SiteTx.
func (t *tx) SetMeta(name string, value []byte) error {
	_, err := t.exec(`
		INSERT INTO meta (name, value) VALUES (?, ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, notNil(value))
	return err
}
