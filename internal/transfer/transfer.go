// Package transfer imports comments from dumps of other services, and exports and imports whole sites.
//
// An imported comment passes the same markup, classifier and verdict as a posted one, and has the same rows. Package
// dump reads the files; it knows neither sites nor the database. Invariants of an import:
//
//   - It reads the file at least twice: first to check and survey it, so that a truncated file changes nothing, and
//     then to write it in batches, parents before replies.
//   - A comment's ID is derived from the format, and the comment's ID and time in the dump. A repeated import skips
//     existing comments, also after a kill -9.
//   - It sends no notifications. It emits one event per page, and one per pending comment.
//
// The format "aitys" is the export of a whole site. It is imported into an empty site in one transaction, which fails
// unless an export of the result equals the file.
package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// Tx is a transaction of this package.
type Tx interface {
	auditlog.Tx

	// EnsurePage returns the page with p.URL. It inserts p if there is none.
	EnsurePage(p site.Page) (site.Page, error)
	CommentByID(site int64, id string) (comment.Comment, error)
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PutComments(list []comment.Comment) error // inserts new comments; parents come before replies
	SetShown(site int64, id string, shownReplies int, shown bool) error
	Records(site int64, writers [][]byte) (map[string]comment.History, error)

	// Pages returns a site's pages, newest first, after the page with an ID. An empty ID starts with the newest.
	Pages(site int64, after string, limit int) ([]site.Page, error)
	Answers(site int64, page string) ([]Reply, error) // all comments of a page, in order of ID
	// CommentsAlone is CommentsByID without locks and without the takedown notices of pages.
	CommentsAlone(site int64, ids []string) ([]comment.Comment, error)
	Reports(site int64, comments []string) ([]report.Report, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error)
	Rules(site int64) ([]rules.Rule, error)
	Blocks(site int64) ([]rules.Block, error)
	Notes(site int64) ([]rules.Note, error)
	// Takedowns returns takedowns of a site, newest first, entered before a log entry; 0 means from the newest.
	Takedowns(site int64, before uint64, limit int) ([]takedown.Takedown, error)
	TakedownComments(site int64, demands []string) (map[string][]string, error) // sorted IDs of comments, by takedown

	// The methods below write the rows of an export of a whole site unchanged.
	UpdateSite(s site.Site) error
	PutVotes(comments []comment.Comment) error
	PutReports(list []report.Report) error
	PutAppeals(list []report.Appeal) error
	PutRule(r rules.Rule) error
	PutBlock(b rules.Block) error
	PutNote(n rules.Note) error
	AddTakedown(d takedown.Takedown, comments []string) error
	PutName(site int64, id, name string) error // the name of an account of the source that has none here
	takedown.NoticeTx
}

// A Reply holds the ID of a comment and of its parent, or "".
type Reply struct{ ID, Parent string }

// A Judge scores comments by a site's model. Models of package learning implement it.
type Judge interface {
	Judge(ctx context.Context, c comment.Comment) comment.Prediction
}

// Rules matches comments against a site's rules. Service of package rules implements it.
type Rules interface {
	Find(ctx context.Context, site int64, comments ...comment.Comment) ([]comment.Findings, error)
}

// Options are the dependencies of a Service. All are required.
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

// A Request describes an import.
type Request struct {
	Format  string // one of Formats
	Path    string // the file: plain, compressed by gzip, or the only file in a zip
	Base    string // resolves page addresses without a host; optional
	Map     Map    // replaces page addresses that changed
	DryRun  bool   // report and write nothing
	NoLearn bool   // do not train the filter
	// WithPrivate imports comments that the source did not show to every reader, as rejected. Else they are skipped.
	WithPrivate bool
	Progress    func(done, of uint64) // called with the number of processed comments; optional

	// Limits for untrusted files; 0 means none. The format "aitys" has none.
	MaxUnpacked int64 // maximum size of the unpacked file in bytes
	MaxRecords  int   // maximum number of its comments, of its pages and of its authors
}

// A Report says what an import did or, with DryRun, would do. Comments is the number of comments that can be imported.
// Approved to Removed divide it by state. Added is the number that the site did not have.
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

	// Parts of Notes, for other interfaces than the command.
	FileNotes  []string `json:"-"` // about the format and the encoding of the file
	Foreign    string   `json:"-"` // the first origin of a skipped page that is no origin of the site; or ""
	Exposed    int      `json:"-"` // private comments that an earlier import published
	ExposedURL string   `json:"-"` // address of a page with one of them, or ""
}

// A FileError is an error in a file to import. Its text is a clause about the file, such as "it has no text".
type FileError struct{ Err error }

func (e FileError) Error() string { return e.Err.Error() }
func (e FileError) Unwrap() error { return e.Err }

// fileError returns an error of reading a file as a FileError, unless its cause is the disk or the context.
func fileError(err error) error {
	if _, disk := errors.AsType[*fs.PathError](err); disk || errors.Is(err, context.Canceled) ||
		errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return FileError{err}
}

// A Skip counts things of one kind that were skipped or changed for one reason.
type Skip struct {
	What  string `json:"what"`
	Why   string `json:"why"`
	Count int    `json:"count"`
}

// Lessons are the numbers of lessons for the filter.
type Lessons struct {
	Ham  int `json:"ham"`
	Spam int `json:"spam"`
}

// Import imports a file into a site. The actor must be an owner. After an error, batches that were written stay, and a
// repeated import continues. An import of the format "aitys" is one transaction.
func (s *Service) Import(ctx context.Context, who authz.Actor, site site.Site, in Request) (Report, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Report{}, err
	}
	if in.Format == ownFormat {
		return s.importOwn(ctx, site, in)
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
		file:    &dump.File{Path: in.Path, Tables: s.tables, MaxBytes: in.MaxUnpacked, MaxRecords: in.MaxRecords},
	}
	if err := r.scan(ctx); err != nil {
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

// Formats returns the names of the formats that can be imported.
func Formats() []string {
	names := make([]string, len(dump.Formats))
	for i, f := range dump.Formats {
		names[i] = f.Name
	}
	return append(names, ownFormat)
}
