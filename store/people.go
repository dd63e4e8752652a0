package store

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

type accountRow struct {
	ID       string `gorm:"primaryKey"`
	Email    string
	Name     string
	Password string
	Disabled bool
	AllSites people.Role
	Created  micros     `gorm:"column:created_at"`
	Grants   []grantRow `gorm:"foreignKey:AccountID"`
}

func (accountRow) TableName() string { return "accounts" }

type grantRow struct {
	AccountID string `gorm:"primaryKey"`
	SiteID    int64  `gorm:"primaryKey;autoIncrement:false"`
	Role      people.Role
}

func (grantRow) TableName() string { return "grants" }

func (r accountRow) account() people.Account {
	a := people.Account{
		ID: r.ID, Email: r.Email, Name: r.Name, Password: r.Password, Disabled: r.Disabled,
		AllSites: r.AllSites, Roles: map[int64]people.Role{}, CreatedAt: r.Created.time(),
	}
	for _, g := range r.Grants {
		a.Roles[g.SiteID] = g.Role
	}
	return a
}

func grantRows(a people.Account) []grantRow {
	var rows []grantRow
	for site, role := range a.Roles {
		if role != people.NoRole {
			rows = append(rows, grantRow{AccountID: a.ID, SiteID: site, Role: role})
		}
	}
	return rows
}

// CountAccounts implements moderation.PeopleTx.
func (t *tx) CountAccounts() (int, error) {
	var n int64
	err := t.db.Model(&accountRow{}).Count(&n).Error
	return int(n), mapped(err)
}

// Accounts implements moderation.PeopleTx.
func (t *tx) Accounts() ([]people.Account, error) {
	var rows []accountRow
	if err := t.db.Preload("Grants").Order("email").Find(&rows).Error; err != nil {
		return nil, mapped(err)
	}
	accounts := make([]people.Account, len(rows))
	for i, row := range rows {
		accounts[i] = row.account()
	}
	return accounts, nil
}

// AccountByID implements moderation.PeopleTx.
func (t *tx) AccountByID(id string) (people.Account, error) {
	return t.account("id = ?", id)
}

// AccountByEmail implements moderation.PeopleTx.
func (t *tx) AccountByEmail(email string) (people.Account, error) {
	return t.account("email = ?", email)
}

func (t *tx) account(where, value string) (people.Account, error) {
	var row accountRow
	if err := t.db.Preload("Grants").Where(where, value).Take(&row).Error; err != nil {
		return people.Account{}, found(err)
	}
	return row.account(), nil
}

// InsertAccount implements moderation.PeopleTx.
func (t *tx) InsertAccount(a people.Account) error {
	row := accountRow{
		ID: a.ID, Email: a.Email, Name: a.Name, Password: a.Password, Disabled: a.Disabled,
		AllSites: a.AllSites, Created: stamp(a.CreatedAt),
	}
	done := t.db.Omit(clause.Associations).Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error != nil {
		return mapped(done.Error)
	}
	if done.RowsAffected == 0 {
		return ground.ErrTaken
	}
	return t.grant(a)
}

// UpdateAccount implements moderation.PeopleTx.
func (t *tx) UpdateAccount(a people.Account) error {
	err := changed(t.db.Model(&accountRow{}).Where("id = ?", a.ID).Updates(map[string]any{
		"name": a.Name, "password": a.Password, "disabled": a.Disabled, "all_sites": a.AllSites,
	}))
	if err != nil {
		return err
	}
	if err := t.db.Where("account_id = ?", a.ID).Delete(&grantRow{}).Error; err != nil {
		return fmt.Errorf("take the roles: %w", mapped(err))
	}
	return t.grant(a)
}

func (t *tx) grant(a people.Account) error {
	rows := grantRows(a)
	if len(rows) == 0 {
		return nil
	}
	if err := t.db.Create(&rows).Error; err != nil {
		return fmt.Errorf("give the roles: %w", mapped(err))
	}
	return nil
}

// DeleteAccount implements moderation.PeopleTx. The schema takes the rest with it.
func (t *tx) DeleteAccount(id string) error {
	return changed(t.db.Where("id = ?", id).Delete(&accountRow{}))
}

type tokenRow struct {
	ID        string `gorm:"primaryKey"`
	Hash      []byte
	AccountID string
	Name      string
	Sites     string
	Scope     people.Scope
	Created   micros `gorm:"column:created_at"`
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token() (people.Token, error) {
	k := people.Token{
		ID: r.ID, Hash: r.Hash, Account: r.AccountID, Name: r.Name, Scope: r.Scope, CreatedAt: r.Created.time(),
	}
	if err := json.Unmarshal([]byte(r.Sites), &k.Sites); err != nil {
		return k, fmt.Errorf("read the sites of token %s: %w", r.ID, err)
	}
	return k, nil
}

// siteList writes the sites that a token is bound to. Nil and none are alike: all.
func siteList(sites []int64) (string, error) {
	if len(sites) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(sites)
	return string(b), err
}

// InsertToken implements moderation.PeopleTx.
func (t *tx) InsertToken(k people.Token) error {
	sites, err := siteList(k.Sites)
	if err != nil {
		return err
	}
	return mapped(t.db.Create(&tokenRow{
		ID: k.ID, Hash: k.Hash, AccountID: k.Account, Name: k.Name, Sites: sites, Scope: k.Scope, Created: stamp(k.CreatedAt),
	}).Error)
}

// TokenByHash implements moderation.PeopleTx.
func (t *tx) TokenByHash(hash []byte) (people.Token, error) { return t.token("hash = ?", hash) }

// TokenByID implements moderation.PeopleTx.
func (t *tx) TokenByID(id string) (people.Token, error) { return t.token("id = ?", id) }

func (t *tx) token(where string, value any) (people.Token, error) {
	var row tokenRow
	if err := t.db.Where(where, value).Take(&row).Error; err != nil {
		return people.Token{}, found(err)
	}
	return row.token()
}

// Tokens implements moderation.PeopleTx.
func (t *tx) Tokens(account string) ([]people.Token, error) {
	var rows []tokenRow
	of := t.db.Order("created_at, id")
	if account != "" {
		of = of.Where("account_id = ?", account)
	}
	if err := of.Find(&rows).Error; err != nil {
		return nil, mapped(err)
	}
	tokens := make([]people.Token, len(rows))
	for i, row := range rows {
		var err error
		if tokens[i], err = row.token(); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// UpdateToken implements moderation.PeopleTx.
func (t *tx) UpdateToken(k people.Token) error {
	sites, err := siteList(k.Sites)
	if err != nil {
		return err
	}
	return changed(t.db.Model(&tokenRow{}).Where("id = ?", k.ID).
		Updates(map[string]any{"name": k.Name, "sites": sites, "scope": k.Scope}))
}

// DeleteToken implements moderation.PeopleTx.
func (t *tx) DeleteToken(id string) error {
	return changed(t.db.Where("id = ?", id).Delete(&tokenRow{}))
}

// LockPeople implements identity.Tx: a row that every such transaction writes.
func (t *tx) LockPeople() error { return t.SetMeta("people", []byte{1}) }
