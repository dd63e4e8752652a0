// Package takedown is what courts, authorities, companies and persons demand to be withheld from the public, and what
// became of it.
//
// To withhold is no decision: the state of a comment, its version and what it taught stay as they are underneath, and
// a comment that several demands are about stays withheld until the last of them has ended. Whoever demands is named
// as far as the demand allows, and a person never is. A demand is not changed once it is entered: it is restored, or
// its time ends, and each of these is an entry of the site's log.
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

// lookEvery is how often it is looked whether the time of a demand has ended, and lapseMost how many are ended at once.
const (
	lookEvery = 5 * time.Second
	lapseMost = 100
)

// A Demand is who demands that something of a site be withheld, under which law, and how long.
type Demand struct {
	Site int64
	ID   string
	Seq  uint64 // its entry of the log
	Page string // the id of a page whose comments are meant, later ones too; "": single comments are

	By        string
	Kind      Kind
	Law       string
	Country   string
	Reference string
	Public    Public
	Received  time.Time
	Until     time.Time // zero: for good

	Count   int    // comments that were meant when it was entered
	Salt    string // of the proof in the log
	Account string // who entered it
	At      time.Time

	Ended   time.Time // zero: it stands
	EndSeq  uint64
	EndedBy string // an account; aitys itself when its time was over
	Why     string // it was restored; "": it was not, or its time was over
}

// A Status says whether a demand stands.
type Status string

// The statuses.
const (
	Standing Status = "standing"
	Restored Status = "restored"
	Lapsed   Status = "lapsed" // its time is over
)

// Status says whether d stands.
func (d Demand) Status() Status {
	switch {
	case d.Ended.IsZero():
		return Standing
	case d.Why != "":
		return Restored
	}
	return Lapsed
}

// Notice is what readers are told of d.
func (d Demand) Notice() site.Notice {
	if d.Public == Sealed {
		return site.Notice{Sealed: true}
	}
	n := site.Notice{By: d.By, Kind: string(d.Kind), Law: d.Law, At: d.Received}
	if d.Public != Full {
		n.By = ""
	}
	return n
}

// subject is what an entry of the log says of d: its id, and a hash of all that was entered, or of how it ended.
func (d Demand) subject(of ...any) (string, error) {
	said, err := json.Marshal(of)
	if err != nil {
		return "", fmt.Errorf("encode a demand: %w", err)
	}
	sum := sha256.Sum256(append([]byte(d.Salt), said...))
	return d.ID + " " + hex.EncodeToString(sum[:]), nil
}

// entered is the subject of the entry by which d began.
func (d Demand) entered(comments []string) (string, error) {
	return d.subject(d.Site, d.ID, d.Page, comments, d.By, d.Kind, d.Law, d.Country, d.Reference, d.Public,
		d.Received.UnixMicro(), micros(d.Until))
}

// ended is the subject of the entry by which d ended.
func (d Demand) ended() (string, error) { return d.subject(d.Site, d.ID, d.Why) }

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// A Cover is that a comment is withheld under a demand.
type Cover struct {
	Comment string
	Demand  Demand
}

// Tx is what the room asks of a transaction.
type Tx interface {
	auditlog.Tx
	registered

	CommentsByID(site int64, ids []string) ([]comment.Comment, error) // unknown ids are left out; locked, in an Update
	PagesByID(site int64, ids []string) ([]site.Page, error)
	PageByURL(site int64, url string) (site.Page, error) // ErrNotFound
	CountByPage(site int64, pages []string, state comment.State) (map[string]int, error)

	AddTakedown(d Demand, comments []string) error
	Takedown(site int64, id string) (Demand, error) // ErrNotFound
	// Takedowns returns demands of a site, newest first, from before an entry of its log; 0: from the newest.
	Takedowns(site int64, before uint64, limit int) ([]Demand, error)
	// TakenDown returns which comments demands are about, by the demands' ids, in the order of ids.
	TakenDown(site int64, demands []string) (map[string][]string, error)
	// EndTakedown writes how d ended: ErrNotFound where it does not stand.
	EndTakedown(d Demand) error
	// LapsedTakedowns returns demands of all sites that stand although their time was over before a time.
	LapsedTakedowns(at time.Time, limit int) ([]Demand, error)
	Showing
}

// Showing is what it takes to have readers see, or be told, what demands say.
type Showing interface {
	// Covers returns the demands that stand against comments; PageCovers those against a page. Both in the order in
	// which they were entered.
	Covers(site int64, comments []string) ([]Cover, error)
	PageCovers(site int64, page string) ([]Demand, error)
	// Withhold sets what readers are told in the place of comments; nil: they see them.
	Withhold(site int64, comments []string, n *site.Notice) error
	WithholdPage(site int64, page string, n *site.Notice) error
}

// Service keeps the registers of sites. It is safe for concurrent use. Run must be running for demands to lapse.
type Service struct {
	work     txn.Work[Tx]
	counting chan struct{}       // holds whoever counts, and guards:
	figures  map[counted]Figures // as they were last counted

	mu    sync.Mutex
	usual map[int64]*usual // by site
}

// New returns a Service.
func New(p *txn.Process, store txn.Store[Tx]) *Service {
	return &Service{
		work: txn.NewWork(p, store), counting: make(chan struct{}, 1), figures: map[counted]Figures{},
		usual: map[int64]*usual{},
	}
}

// An Outcome is what a demand came to: how many comments it withholds that readers saw.
type Outcome struct {
	ID       string
	Withheld int
}

// Withhold enters a demand, and withholds what it is about at once. It needs an owner. again says that the POST of
// the key was answered before.
func (s *Service) Withhold(
	ctx context.Context, who authz.Actor, site site.Site, in Draft, key *txn.Key,
) (out Outcome, again bool, err error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return out, false, err
	}
	d, comments, err := in.demand(s.work.Now())
	if err != nil {
		return out, false, err
	}
	d.Site, d.ID, d.Salt, d.Account = site.ID, txn.NewID(), rand.Text(), who.ID()
	pen := auditlog.NewPen(site, who.ID(), d.At)
	out, again, err = txn.Answered(ctx, s.work, key, func(tx Tx) (Outcome, error) {
		b, err := pen.Open(tx)
		if err != nil {
			return Outcome{}, err
		}
		d, comments := d, comments // this may run again
		n, err := d.meets(tx, in.Page, comments)
		if err != nil {
			return Outcome{}, err
		}
		said, err := d.entered(comments)
		if err != nil {
			return Outcome{}, err
		}
		d.Seq = b.Put(auditlog.Entry{Kind: auditlog.Withholding, Teaching: auditlog.Teaching{Subject: said}}).Seq
		if err := tx.AddTakedown(d, comments); err != nil {
			return Outcome{}, fmt.Errorf("add takedown: %w", err)
		}
		if err := d.show(tx, b, comments); err != nil {
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

// meets finds what d is about, notes how much that is, and returns how much of it readers see so far.
func (d *Demand) meets(tx Tx, page string, comments []string) (seen int, err error) {
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

// pageOf finds a page by its id or its address.
func pageOf(tx Tx, site int64, page string) (p site.Page, err error) {
	switch {
	case txn.IsID(page):
		p, err = comment.PageByID(tx, site, page)
	case text.Shorten(page, len(page)) != page: // no text, which a database may refuse to look for
		err = txn.ErrNotFound
	default:
		p, err = tx.PageByURL(site, page)
	}
	if errors.Is(err, txn.ErrNotFound) {
		err = problem.Missing("page.unknown", "There is no such page on this site.")
	}
	return p, err
}

// show has readers see, or be told, what the demands say that stand now against what d is about.
func (d *Demand) show(tx Tx, b *auditlog.Book, comments []string) error {
	if err := d.Show(tx, comments); err != nil {
		return err
	}
	b.Tell(event.Event{Kind: event.Demand, Comment: d.ID})
	if d.Page != "" {
		b.Tell(event.Event{Kind: event.Page, Page: d.Page})
		return nil
	}
	found, err := tx.CommentsByID(d.Site, comments)
	if err != nil {
		return fmt.Errorf("read comments: %w", err)
	}
	for _, c := range found {
		b.Tell(event.Event{Kind: event.Withheld, Page: c.Page, Comment: c.ID, Shown: c.Shown})
	}
	return nil
}

// Show writes what readers are told in the place of what d is about, by the demands that stand now: the comments, or
// a page. It tells nobody of it.
func (d *Demand) Show(tx Showing, comments []string) error {
	if d.Page != "" {
		standing, err := tx.PageCovers(d.Site, d.Page)
		if err != nil {
			return fmt.Errorf("read demands against a page: %w", err)
		}
		if err := tx.WithholdPage(d.Site, d.Page, told(standing)); err != nil {
			return fmt.Errorf("withhold page: %w", err)
		}
		return nil
	}
	covers, err := tx.Covers(d.Site, comments)
	if err != nil {
		return fmt.Errorf("read demands against comments: %w", err)
	}
	standing := make(map[string][]Demand, len(comments))
	for _, c := range covers {
		standing[c.Comment] = append(standing[c.Comment], c.Demand)
	}
	alike := map[site.Notice][]string{}
	var none []string
	for _, id := range comments {
		if n := told(standing[id]); n != nil {
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

// told is what readers are told of demands, of which the last that is not sealed speaks; nil: there is none.
func told(standing []Demand) *site.Notice {
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
