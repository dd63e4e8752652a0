// Package takedown withholds comments from the public at the request of courts, authorities, companies and persons,
// and publishes statistics about it.
//
// A takedown is not a moderation decision: the comment keeps its state, version and lesson. A comment stays withheld
// until its last active takedown ends. The disclosure decides whether the requester is named in public; a person never
// is. A takedown never changes after it is entered: it is restored, or it expires. Each of these is an entry of the
// site's log.
package takedown

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// pollInterval is the time between searches for expired takedowns. batchSize limits how many one search ends.
const (
	pollInterval = 5 * time.Second
	batchSize    = 100
)

// A Takedown is a request to withhold comments or a page of a site: the requester, the legal basis and the period.
type Takedown struct {
	Site int64
	ID   string
	Seq  uint64 // of its log entry
	Page string // ID of a page; all its comments are withheld, later ones too. "" if the takedown names comments

	By        string
	Kind      Kind
	Law       string
	Country   string
	Reference string
	Public    Disclosure
	Received  time.Time
	Until     time.Time // zero if it does not expire

	Count   int    // comments named, or public comments of the page, at entry
	Salt    string // of the hash in the log
	Account string // ID of the account that entered it
	At      time.Time

	Ended   time.Time // zero while it is active
	EndSeq  uint64
	EndedBy string // account ID; the operator's if it expired
	Why     string // reason of the restoration; "" if it expired or is active
}

// A Status is active, restored or lapsed.
type Status string

// The statuses.
const (
	Active   Status = "standing"
	Restored Status = "restored"
	Lapsed   Status = "lapsed" // its period is over
)

// Status returns the status of d.
func (d Takedown) Status() Status {
	switch {
	case d.Ended.IsZero():
		return Active
	case d.Why != "":
		return Restored
	}
	return Lapsed
}

// Notice returns what readers see in place of the comments.
func (d Takedown) Notice() site.Notice {
	if d.Public == Sealed {
		return site.Notice{Sealed: true}
	}
	n := site.Notice{By: d.By, Kind: string(d.Kind), Law: d.Law, At: d.Received}
	if d.Public != Full {
		n.By = ""
	}
	return n
}

// subject returns the subject of a log entry about d: its ID and the salted SHA-256 hash of the values as JSON.
func (d Takedown) subject(of ...any) (string, error) {
	said, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("encode takedown: %w", err)
	}
	sum := sha256.Sum256(append([]byte(d.Salt), said...))
	return d.ID + " " + hex.EncodeToString(sum[:]), nil
}

// entered returns the subject of the entry that withholds.
func (d Takedown) entered(comments []string) (string, error) {
	return d.subject(d.Site, d.ID, d.Page, comments, d.By, d.Kind, d.Law, d.Country, d.Reference, d.Public,
		d.Received.UnixMicro(), micros(d.Until))
}

// ended returns the subject of the entry that restores.
func (d Takedown) ended() (string, error) { return d.subject(d.Site, d.ID, d.Why) }

// micros returns t in microseconds of Unix time, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// A Scope is a comment and a takedown that withholds it.
type Scope struct {
	Comment  string
	Takedown Takedown
}

// Tx contains the queries that this package needs.
type Tx interface {
	auditlog.Tx
	figuresTx

	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // without unknown IDs; locked in an Update
	PagesByID(site int64, ids []string) ([]site.Page, error)
	PageByURL(site int64, url string) (site.Page, error) // ErrNotFound
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)

	AddTakedown(d Takedown, comments []string) error
	Takedown(site int64, id string) (Takedown, error) // ErrNotFound
	// Takedowns returns a site's takedowns, newest first. It starts before the log entry before, or at the newest if
	// before is 0.
	Takedowns(site int64, before uint64, limit int) ([]Takedown, error)
	// TakedownComments returns the comment IDs that takedowns name, by takedown ID, each list in ascending order.
	TakedownComments(site int64, demands []string) (map[string][]string, error)
	// EndTakedown stores the end of d. It returns ErrNotFound if the takedown is not active.
	EndTakedown(d Takedown) error
	// LapsedTakedowns returns active takedowns of all sites whose Until is before at.
	LapsedTakedowns(at time.Time, limit int) ([]Takedown, error)
	NoticeTx
}

// NoticeTx contains the queries that SetNotices needs.
type NoticeTx interface {
	// ActiveTakedowns returns the active takedowns of comments, ActivePageTakedowns those of a page. Both return them
	// in the order of entry.
	ActiveTakedowns(site int64, comments []string) ([]Scope, error)
	ActivePageTakedowns(site int64, page string) ([]Takedown, error)
	// Withhold stores the notice that readers see in place of comments. If n is nil, they see the comments.
	Withhold(site int64, comments []string, n *site.Notice) error
	WithholdPage(site int64, page string, n *site.Notice) error
}

// Service manages takedowns and counts Figures. It is safe for concurrent use. Takedowns expire only while Run is
// running.
type Service struct {
	work     txn.Work[Tx]
	counting chan struct{}          // semaphore of one; guards figures
	figures  map[figuresKey]Figures // cache

	mu           sync.Mutex
	typicalWaits map[int64]*typicalWait // by site; mu guards the map
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx]) *Service {
	return &Service{
		work: txn.NewWork(p, store), counting: make(chan struct{}, 1), figures: map[figuresKey]Figures{},
		typicalWaits: map[int64]*typicalWait{},
	}
}

// An Outcome is the result of Withhold: the takedown's ID and how many public comments it withholds.
type Outcome struct {
	ID       string
	Withheld int
}

// Withhold enters a takedown and withholds its comments in the same transaction. It needs an owner. again reports that
// the request with this idempotency key was answered before.
func (s *Service) Withhold(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.IdempotencyKey,
) (out Outcome, again bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return out, false, err
	}
	d, comments, err := in.takedown(s.work.Now())
	if err != nil {
		return out, false, err
	}
	d.Site, d.ID, d.Salt, d.Account = site.ID, txn.NewID(), rand.Text(), who.ID()
	pen := auditlog.NewAuthor(site, who.ID(), d.At)
	out, again, err = txn.Idempotent(ctx, s.work, key, func(tx Tx) (Outcome, error) {
		b, err := pen.Open(tx)
		if err != nil {
			return Outcome{}, err
		}
		d, comments := d, comments // the function may run again
		n, err := d.resolve(tx, in.Page, comments)
		if err != nil {
			return Outcome{}, err
		}
		said, err := d.entered(comments)
		if err != nil {
			return Outcome{}, err
		}
		d.Seq = b.Append(auditlog.Entry{Kind: auditlog.Withholding, Teaching: auditlog.Teaching{Subject: said}}).Seq
		if err := tx.AddTakedown(d, comments); err != nil {
			return Outcome{}, fmt.Errorf("add takedown: %w", err)
		}
		if err := d.updateNotices(tx, b, comments); err != nil {
			return Outcome{}, err
		}
		return Outcome{d.ID, n}, b.Close()
	})
	if err != nil {
		return Outcome{}, false, fmt.Errorf("withhold: %w", err)
	}
	s.work.Logger().InfoContext(ctx, "withheld", "site", site.Key, "demand", out.ID, "comments", out.Withheld,
		"by", who.ID(), "replayed", again)
	return out, again, nil
}

// A Preview is what a draft would withhold: the comments of Page, or Comments.
type Preview struct {
	Count    int
	Page     site.Page
	Comments []comment.Comment
}

// PreviewWithhold validates a draft like Withhold and returns what it would withhold. It needs an owner.
func (s *Service) PreviewWithhold(ctx context.Context, who authz.Actor, site site.Site, in Draft) (p Preview, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return p, err
	}
	d, comments, err := in.takedown(s.work.Now())
	if err != nil {
		return p, err
	}
	d.Site = site.ID
	err = s.work.View(ctx, func(tx Tx) error {
		if _, err := d.resolve(tx, in.Page, comments); err != nil {
			return err
		}
		p = Preview{Count: d.Count}
		if d.Page == "" {
			p.Comments, err = tx.CommentsByID(d.Site, comments)
			return err
		}
		p.Page, err = comment.PageByID(tx, d.Site, d.Page)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("preview a takedown: %w", err)
	}
	return p, nil
}

// resolve checks that the page or the comments exist. It sets d.Page and d.Count, and returns how many of the comments
// are public.
func (d *Takedown) resolve(tx Tx, page string, comments []string) (seen int, err error) {
	if page != "" {
		p, err := pageOf(tx, d.Site, page)
		if err != nil {
			return 0, err
		}
		d.Page = p.ID
		n, err := tx.CountByPage(d.Site, []string{p.ID}, comment.Approved)
		if err != nil {
			return 0, fmt.Errorf("count comments: %w", err)
		}
		d.Count = n[p.ID]
		return d.Count, nil
	}
	found, err := tx.CommentsByID(d.Site, comments)
	if err != nil {
		return 0, fmt.Errorf("read comments: %w", err)
	}
	if len(found) < len(comments) {
		return 0, problem.Missing("comment.unknown", "One of these comments is not on this site. Nothing was withheld.")
	}
	d.Count = len(found)
	for _, c := range found {
		if c.IsPublic() {
			seen++
		}
	}
	return seen, nil
}

// pageOf returns the page with an ID or a URL.
func pageOf(tx Tx, site int64, page string) (p site.Page, err error) {
	switch {
	case txn.IsID(page):
		p, err = comment.PageByID(tx, site, page)
	case text.Shorten(page, len(page)) != page: // invalid UTF-8 or NUL; Postgres refuses both
		err = txn.ErrNotFound
	default:
		p, err = tx.PageByURL(site, page)
	}
	if errors.Is(err, txn.ErrNotFound) {
		err = problem.Missing("page.unknown", "There is no such page on this site.")
	}
	return p, err
}

// updateNotices calls SetNotices and emits events for the takedown and for its page or comments.
func (d *Takedown) updateNotices(tx Tx, b *auditlog.Appender, comments []string) error {
	if err := d.SetNotices(tx, comments); err != nil {
		return err
	}
	b.Emit(event.Event{Kind: event.Takedown, Comment: d.ID})
	if d.Page != "" {
		b.Emit(event.Event{Kind: event.Page, Page: d.Page})
		return nil
	}
	found, err := tx.CommentsByID(d.Site, comments)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		b.Emit(event.Event{Kind: event.Withheld, Page: c.Page, Comment: c.ID, Shown: c.Shown})
	}
	return nil
}

// SetNotices stores the notices of d's comments or page according to the takedowns that are active now. It emits no
// events.
func (d *Takedown) SetNotices(tx NoticeTx, comments []string) error {
	if d.Page != "" {
		standing, err := tx.ActivePageTakedowns(d.Site, d.Page)
		if err != nil {
			return fmt.Errorf("read takedowns of a page: %w", err)
		}
		if err := tx.WithholdPage(d.Site, d.Page, noticeOf(standing)); err != nil {
			return fmt.Errorf("withhold page: %w", err)
		}
		return nil
	}
	covers, err := tx.ActiveTakedowns(d.Site, comments)
	if err != nil {
		return fmt.Errorf("read takedowns of comments: %w", err)
	}
	standing := make(map[string][]Takedown, len(comments))
	for _, c := range covers {
		standing[c.Comment] = append(standing[c.Comment], c.Takedown)
	}
	alike := map[site.Notice][]string{}
	var none []string
	for _, id := range comments {
		if n := noticeOf(standing[id]); n != nil {
			alike[*n] = append(alike[*n], id)
		} else {
			none = append(none, id)
		}
	}
	for n, ids := range alike {
		err = errors.Join(err, tx.Withhold(d.Site, ids, &n))
	}
	if len(none) > 0 {
		err = errors.Join(err, tx.Withhold(d.Site, none, nil))
	}
	if err != nil {
		return fmt.Errorf("withhold comments: %w", err)
	}
	return nil
}

// noticeOf returns the notice of active takedowns: that of the last one that is not sealed, or else of the last one.
// Without takedowns it returns nil.
func noticeOf(standing []Takedown) *site.Notice {
	if len(standing) == 0 {
		return nil
	}
	n := standing[len(standing)-1].Notice()
	for _, d := range slices.Backward(standing) {
		if d.Public != Sealed {
			n = d.Notice()
			break
		}
	}
	return &n
}
