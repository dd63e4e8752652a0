// Package transfer brings in the comments of other services, and writes a site down so that others can take it: dumps
// are read, and what is in them is written as ordinary comments of a site, each through the same markup, judge and
// rows as one that is posted.
//
// What reads files is in package dump: a format tells of its comments, one by one, and knows no database. A file is
// read at least twice: first to learn what is in it, so that nothing is written of one that is cut short, and then
// to write it, parents before their replies, some at a time. The id of a comment is made of what the dump says of
// it: what was imported already is known by that, after a kill -9 too. Nobody is notified.
package transfer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// Tx is what an import asks of a transaction.
type Tx interface {
	auditlog.Tx

	// EnsurePage returns the page with p.URL, inserting p first where there is none.
	EnsurePage(p site.Page) (site.Page, error)
	CommentByID(site int64, id string) (comment.Comment, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PutComments(list []comment.Comment) error // parents before their answers; none of them is there
	SetShown(site int64, id string, shownReplies int, shown bool) error
	Records(site int64, writers [][]byte) (map[string]comment.History, error)

	// Pages returns the newest pages after one, "" from the beginning.
	Pages(site int64, after string, limit int) ([]site.Page, error)
	Answers(site int64, page string) ([]Answer, error) // each comment of a page, by its id
	// CommentsAlone is CommentsByID, without what their page is withheld for, and locks none.
	CommentsAlone(site int64, ids []string) ([]comment.Comment, error)
	Reports(site int64, comments []string) ([]report.Report, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error)
	Rules(site int64) ([]rules.Rule, error)
	Blocks(site int64) ([]rules.Block, error)
	Notes(site int64) ([]rules.Note, error)
	// Takedowns returns demands of a site, newest first, from before an entry of its log; 0: from the newest.
	Takedowns(site int64, before uint64, limit int) ([]takedown.Demand, error)
	TakenDown(site int64, demands []string) (map[string][]string, error) // ids of comments, in their order

	// What writes down a site that comes as a whole, each row as it stands elsewhere.
	UpdateSite(s site.Site) error
	PutVotes(comments []comment.Comment) error
	PutReports(list []report.Report) error
	PutAppeals(list []report.Appeal) error
	PutRule(r rules.Rule) error
	PutBlock(b rules.Block) error
	PutNote(n rules.Note) error
	AddTakedown(d takedown.Demand, comments []string) error
	PutName(site int64, id, name string) error // of somebody who acted there, and has no account here
	takedown.Showing
}

// An Answer is the id of a comment, and of the one that it answers, or "".
type Answer struct{ ID, To string }

// A Judge says what a site's model thinks of a comment; package learning's Models do.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Judged
}

// Rules say what a site's own rules find of comments; package rules' Service does.
type Rules interface {
	Look(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// Options are what a Service is made of; all of them are required.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Secret  secret.Secret
	Judge   Judge
	Rules   Rules
	Tables  dump.Tables
}

// Service imports and exports. It is safe for concurrent use.
type Service struct {
	work   txn.Work[Tx]
	secret secret.Secret
	judge  Judge
	rules  Rules
	tables dump.Tables

	exporting sync.Mutex
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{work: txn.NewWork(o.Process, o.Store), secret: o.Secret, judge: o.Judge, rules: o.Rules,
		tables: o.Tables}
}

// A Request names what is to be imported. Progress, if there is one, is told of how many of the comments of the file
// have been dealt with.
type Request struct {
	Format  string // one of Formats
	Path    string // of the file: as it is, or packed by gzip or alone in a zip
	Base    string // completes addresses that name no host; ""
	Map     Map    // addresses of pages that are others now
	DryRun  bool   // say what would be done, and do nothing
	NoLearn bool   // teach the filter nothing
	// WithPrivate imports comments that the source did not show to every reader, as rejected. Else they are left out.
	WithPrivate bool
	Progress    func(done, of uint64)
}

// A Report says what an import did or, with DryRun, would do. Approved to Removed say how Comments stand that can
// be imported; of them Added were not there already.
type Report struct {
	Pages    int      `json:"pages"`
	Comments int      `json:"comments"`
	Approved int      `json:"approved"`
	Pending  int      `json:"pending"`
	Rejected int      `json:"rejected"`
	Spam     int      `json:"spam"`
	Removed  int      `json:"removed"`
	Added    int      `json:"added"`
	Private  int      `json:"private"` // comments that the source did not show to every reader
	Skipped  []Skip   `json:"skipped"`
	Lessons  Lessons  `json:"lessons"`
	Notes    []string `json:"notes"`
}

// A Skip says of how many things of a kind something was left out, and why.
type Skip struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Lessons are how many the filter was taught.
type Lessons struct {
	Ham  int `json:"ham"`
	Spam int `json:"spam"`
}

// Import brings the comments of a file into a site. It needs an owner. What it did before it failed stays, and it
// goes on from there when it is asked again.
func (s *Service) Import(ctx context.Context, who authz.Actor, site site.Site, in Request) (Report, error) {
	if err := who.May(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Report{}, err
	}
	if in.Format == ownFormat {
		return s.carry(ctx, site, in)
	}
	at := slices.IndexFunc(dump.Formats, func(f dump.Format) bool { return f.Name == in.Format })
	if at < 0 {
		return Report{}, problem.Field("/format", "Import "+problem.Among(Formats())+".")
	}
	r := &run{
		Service: s,
		site:    site,
		in:      in,
		format:  dump.Formats[at],
		now:     s.work.Now(),
		survey:  newSurvey(),
		file:    &dump.File{Path: in.Path, Tables: s.tables},
	}
	if err := r.look(ctx); err != nil {
		return Report{}, fmt.Errorf("read %s: %w", in.Path, err)
	}
	do := r.write
	if in.DryRun {
		do = r.count
	}
	if err := do(ctx); err != nil {
		return Report{}, fmt.Errorf("import: %w", err)
	}
	return r.report(), nil
}

// Formats are the names of what can be imported.
func Formats() []string {
	names := make([]string, len(dump.Formats))
	for i, f := range dump.Formats {
		names[i] = f.Name
	}
	return append(names, ownFormat)
}
