package store

import (
	"fmt"
	"time"

	"gorm.io/gorm/clause"

	"github.com/aitys/aitys/internal/store/rows"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/txn"
)

// accountRow is a row of the accounts table. It stores an authz.Account.
type accountRow struct {
	ID        string `gorm:"primaryKey"`
	Email     string
	Name      string
	Password  string
	Disabled  bool
	AllSites  authz.Role
	Roles     map[int64]authz.Role `gorm:"-"` // stored in grants
	CreatedAt time.Time            `gorm:"serializer:micros;autoCreateTime:false"`
	SeenAt    time.Time            `gorm:"serializer:micros"`
	Mail      authz.Mail
	MailFrom  float64
	MailLang  string
}

func (accountRow) TableName() string { return "accounts" }

// grantRow is a row of the grants table: the role of an account on one site.
type grantRow struct {
	AccountID string `gorm:"primaryKey"`
	SiteID    int64  `gorm:"primaryKey;autoIncrement:false"`
	Role      authz.Role
}

func (grantRow) TableName() string { return "grants" }

var (
	accountColumns = rows.Of[accountRow]()
	grantColumns   = rows.Of[grantRow]()
)

func grantRows(a authz.Account) []grantRow {
	var rows []grantRow
	for site, role := range a.Roles {
		if role != authz.NoRole {
			rows = append(rows, grantRow{AccountID: a.ID, SiteID: site, Role: role})
		}
	}
	return rows
}

func (t *tx) CountAccounts() (int, error) {
	return rows.Get(t.Tx, rows.Value[int], "SELECT COUNT(*) FROM accounts")
}

func (t *tx) Accounts() ([]authz.Account, error) { return t.accounts("TRUE", " ORDER BY email") }

// accounts returns the accounts that where selects. It runs the same queries for existing and missing accounts, so that
// its duration does not reveal whether an account exists.
func (t *tx) accounts(where, order string, args ...any) ([]authz.Account, error) {
	grants, err := rows.All(t.Tx, grantColumns.Targets, "SELECT "+grantColumns.Names+`
		FROM   grants
		WHERE  account_id IN (SELECT id FROM accounts WHERE `+where+")", args...)
	if err != nil {
		return nil, err
	}
	of := map[string][]grantRow{}
	for _, g := range grants {
		of[g.AccountID] = append(of[g.AccountID], g)
	}
	return rows.AllAs(t.Tx, accountColumns.Targets, func(r *accountRow) authz.Account {
		r.Roles = map[int64]authz.Role{}
		for _, g := range of[r.ID] {
			r.Roles[g.SiteID] = g.Role
		}
		return authz.Account(*r)
	}, "SELECT "+accountColumns.Names+" FROM accounts WHERE "+where+order, args...)
}

func (t *tx) AccountNames(ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	type row struct {
		id, name string
		here     bool
	}
	list := rows.ArrayOf(t.Array, ids)
	rows, err := rows.All(t.Tx, func(r *row) []any { return []any{&r.id, &r.name, &r.here} }, `
		SELECT id, name, TRUE
		FROM   accounts
		WHERE  id `+t.In+`
		UNION  ALL
		SELECT id, MIN(name), FALSE
		FROM   former_staff
		WHERE  id `+t.In+`
		GROUP  BY id`, list, list)
	for _, r := range rows {
		if _, known := names[r.id]; r.here || !known {
			names[r.id] = r.name
		}
	}
	return names, err
}

// formerRow is a row of the former_staff table: a moderator in the log of a site that was imported from another
// installation.
type formerRow struct {
	Site int64 `gorm:"column:site_id"`
	ID   string
	Name string
}

func (formerRow) TableName() string { return "former_staff" }

var formerColumns = rows.Of[formerRow]()

func (t *tx) PutName(site int64, id, name string) error {
	_, err := t.Exec(formerColumns.Insert(1), formerColumns.Values(formerRow{site, id, name})...)
	return err
}

func (t *tx) StaffNames(site int64) ([]string, error) {
	return rows.All(t.Tx, rows.Value[string], `
		SELECT name
		FROM   accounts
		WHERE  NOT disabled
		  AND  (all_sites <> 0 OR id IN (SELECT account_id FROM grants WHERE site_id = ?))
		LIMIT  1000`, site)
}

func (t *tx) AccountByID(id string) (authz.Account, error) {
	return rows.First(t.accounts("id = ?", "", id))
}

func (t *tx) AccountByEmail(email string) (authz.Account, error) {
	return rows.First(t.accounts("email = ?", "", email))
}

func (t *tx) InsertAccount(a authz.Account) error {
	row := accountRow(a)
	done := t.DB.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error != nil {
		return mapError(done.Error)
	}
	if done.RowsAffected == 0 {
		return txn.ErrTaken
	}
	return t.grant(a)
}

func (t *tx) UpdateAccount(a authz.Account) error {
	err := requireChange(t.DB.Model(&accountRow{}).Where("id = ?", a.ID).
		Select("name", "password", "disabled", "all_sites", "mail", "mail_from", "mail_lang").
		Updates(accountRow(a)))
	if err != nil {
		return err
	}
	if err := t.DB.Where("account_id = ?", a.ID).Delete(&grantRow{}).Error; err != nil {
		return fmt.Errorf("remove the roles: %w", mapError(err))
	}
	return t.grant(a)
}

func (t *tx) grant(a authz.Account) error {
	rows := grantRows(a)
	if len(rows) == 0 {
		return nil
	}
	if err := t.DB.Create(&rows).Error; err != nil {
		return fmt.Errorf("add the roles: %w", mapError(err))
	}
	return nil
}

func (t *tx) SetEmail(account, email string) error {
	n, err := t.Exec(`
		UPDATE accounts
		SET    email = ?
		WHERE  id = ?
		  AND  NOT EXISTS (SELECT 1 FROM accounts WHERE email = ?)`, email, account, email)
	if err == nil && n == 0 {
		return txn.ErrTaken
	}
	return err
}

func (t *tx) TouchAccount(id string, seen time.Time) error {
	return requireChange(t.DB.Model(&accountRow{}).Where("id = ?", id).
		Select("seen_at").Updates(accountRow{SeenAt: seen}))
}

// DeleteAccount deletes an account. The schema cascades to the rows that refer to it.
func (t *tx) DeleteAccount(id string) error {
	return requireChange(t.DB.Where("id = ?", id).Delete(&accountRow{}))
}

// tokenRow is a row of the tokens table. It stores an authz.Token.
type tokenRow struct {
	ID        string `gorm:"primaryKey"`
	Hash      []byte
	Account   string `gorm:"column:account_id"`
	Name      string
	Sites     []int64 `gorm:"serializer:list"`
	Scope     authz.Scope
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
	UsedAt    time.Time `gorm:"serializer:micros"`
	ExpiresAt time.Time `gorm:"serializer:micros"`
	Parent    string    `gorm:"column:parent_id;serializer:null"`
}

func (tokenRow) TableName() string { return "tokens" }

var tokenColumns = rows.Of[tokenRow]()

func (t *tx) InsertToken(k authz.Token) error {
	row := tokenRow(k)
	return mapError(t.DB.Create(&row).Error)
}

func (t *tx) TokenByHash(hash []byte) (authz.Token, error) {
	return rows.First(t.tokens("WHERE hash = ?", hash))
}

func (t *tx) TokenByID(id string) (authz.Token, error) {
	return rows.First(t.tokens("WHERE id = ?", id))
}

func (t *tx) Tokens(account string) ([]authz.Token, error) {
	const order = "ORDER BY created_at, id"
	if account == "" {
		return t.tokens(order)
	}
	return t.tokens("WHERE account_id = ? "+order, account)
}

// tokens returns the tokens that rest, the clauses after FROM, selects.
func (t *tx) tokens(rest string, args ...any) ([]authz.Token, error) {
	return rows.AllAs(t.Tx, tokenColumns.Targets, func(r *tokenRow) authz.Token { return authz.Token(*r) },
		"SELECT "+tokenColumns.Names+" FROM tokens "+rest, args...)
}

func (t *tx) UpdateToken(k authz.Token) error {
	return requireChange(t.DB.Model(&tokenRow{}).Where("id = ?", k.ID).
		Select("name", "sites", "scope").Updates(tokenRow(k)))
}

func (t *tx) TouchToken(id string, used time.Time) error {
	return requireChange(t.DB.Model(&tokenRow{}).Where("id = ?", id).Select("used_at").Updates(tokenRow{UsedAt: used}))
}

// DeleteToken deletes a token. The schema cascades to the tokens that it added.
func (t *tx) DeleteToken(id string) error {
	return requireChange(t.DB.Where("id = ?", id).Delete(&tokenRow{}))
}

func (t *tx) DeleteTokensOf(parent string) error {
	return mapError(t.DB.Where("parent_id = ?", parent).Delete(&tokenRow{}).Error)
}

func (t *tx) DeleteTokens(account string) error {
	return mapError(t.DB.Where("account_id = ?", account).Delete(&tokenRow{}).Error)
}

// LockAccounts serializes transactions that change accounts: each of them updates the same row.
func (t *tx) LockAccounts() error { return t.SetMeta("people", []byte{1}) }

// proofRow is a row of the account_proofs table. It stores an authz.LinkedProof.
type proofRow struct {
	Issuer    string `gorm:"primaryKey"`
	Subject   string `gorm:"primaryKey"`
	Account   string `gorm:"column:account_id"`
	Provider  string
	CreatedAt time.Time `gorm:"serializer:micros;autoCreateTime:false"`
}

func (proofRow) TableName() string { return "account_proofs" }

var proofColumns = rows.Of[proofRow]()

func (t *tx) InsertProof(p authz.LinkedIdentity) error {
	row := proofRow{p.Issuer, p.Subject, p.Account, p.Provider, p.CreatedAt}
	done := t.DB.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if done.Error == nil && done.RowsAffected == 0 {
		return txn.ErrTaken
	}
	return mapError(done.Error)
}

func (t *tx) AccountByProof(issuer, subject string) (authz.Account, error) {
	id, err := rows.Get(t.Tx, rows.Value[string], `
		SELECT account_id
		FROM   account_proofs
		WHERE  issuer  = ?
		  AND  subject = ?`, issuer, subject)
	if err != nil {
		return authz.Account{}, err
	}
	return t.AccountByID(id)
}

func (t *tx) Proofs(account string) ([]authz.LinkedIdentity, error) {
	return rows.AllAs(t.Tx, proofColumns.Targets, func(r *proofRow) authz.LinkedIdentity {
		return authz.LinkedIdentity{ExternalIdentity: authz.ExternalIdentity{Issuer: r.Issuer, Subject: r.Subject}, Account: r.Account,
			Provider: r.Provider, CreatedAt: r.CreatedAt}
	}, `
		SELECT `+proofColumns.Names+`
		FROM   account_proofs
		WHERE  account_id = ?
		ORDER  BY created_at, issuer`, account)
}

func (t *tx) DeleteProofs(account, issuer string) error {
	return mapError(t.DB.Where("account_id = ? AND (issuer = ? OR ? = '')", account, issuer, issuer).
		Delete(&proofRow{}).Error)
}
