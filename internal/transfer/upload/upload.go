// Package upload keeps files that owners upload, while they check and import them.
//
// Its invariants:
//
//   - A file is in a temporary folder of one process. Other processes do not have it.
//   - Only the account that uploaded a file sees it, and only while it owns the site.
//   - One check or import runs at a time. Others wait.
//   - Uploaded files are not trusted: their unpacked size, their number of comments and the time are limited.
//   - The format "aitys" is refused. Such a file brings badges, accounts and log entries unchanged, and its import locks
//     a SQLite database. It is left to the operator.
package upload

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// MaxSize is the maximum size of an uploaded file in bytes.
const MaxSize = 50 << 20

// Limits of what an upload may cost.
const (
	maxUnpacked = 200 << 20 // bytes
	maxRecords  = 200_000   // comments, pages and authors each
	maxUploads  = 10        // files of a process
	maxOwn      = 3         // files of an account
	maxMoves    = 20        // moved addresses
	maxName     = 100       // characters of a file's name

	checkTime  = 5 * time.Minute
	importTime = time.Hour
	lifetime   = time.Hour // of a file that is not used
	stale      = 24 * time.Hour
)

// folderPrefix begins the names of the temporary folders.
const folderPrefix = "aitys-import-"

// A State is the stage of an upload.
type State uint8

// The states. A failed check leads back to Received, and a failed import to Checked; Err is then set.
const (
	Received State = iota
	Checking
	Checked
	Importing
	Imported
)

// Running reports whether a check or an import runs.
func (s State) Running() bool { return s == Checking || s == Importing }

// Options say how a file is imported.
type Options struct {
	Format      string // one of Formats
	Moves       []Move
	WithPrivate bool // see transfer.Request
}

// A Move says that pages whose address begins with From are now at To.
type Move struct{ From, To string }

// equal reports whether two Options are the same.
func (o Options) equal(other Options) bool {
	return o.Format == other.Format && o.WithPrivate == other.WithPrivate && slices.Equal(o.Moves, other.Moves)
}

// An Upload is an uploaded file. Report is that of the last check, or of the import.
type Upload struct {
	ID, Name    string
	Size        int64 // bytes
	Options     Options
	State       State
	Report      transfer.Report
	Err         error  // why the last check or import failed
	Done, Total uint64 // comments that a running import has processed
}

// An upload is an Upload with its owner, folder and running job.
type upload struct {
	Upload
	site    int64
	account string
	folder  string
	changed time.Time
	stop    context.CancelFunc // ends the check or import; nil if none runs
	ended   chan struct{}      // closed when the check or import has ended; nil if none runs
	removed bool
}

func (u *upload) path() string { return filepath.Join(u.folder, "file") }

// Service keeps uploads and imports them. It is safe for concurrent use.
type Service struct {
	transfer *transfer.Service
	process  *txn.Process
	turn     chan struct{} // holds a value while a check or import runs

	mu        sync.Mutex // guards the fields below
	uploads   map[string]*upload
	receiving map[string]int // files that are being received, by account
	closed    bool           // Close was called

	closing sync.WaitGroup // of checks and imports
}

// New returns a Service that imports with t.
func New(p *txn.Process, t *transfer.Service) *Service {
	return &Service{transfer: t, process: p, turn: make(chan struct{}, 1), uploads: map[string]*upload{},
		receiving: map[string]int{}}
}

// Formats returns the names of the formats that can be imported.
func Formats() []string {
	names := make([]string, len(dump.Formats))
	for i, f := range dump.Formats {
		names[i] = f.Name
	}
	return names
}

// AddUpload stores a file of at most MaxSize bytes. The actor must be an owner. It replaces the actor's other idle files
// on the site.
func (s *Service) AddUpload(who authz.Actor, site site.Site, name string, in io.Reader) (Upload, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Upload{}, err
	}
	if err := s.process.CheckSpace(); err != nil {
		return Upload{}, err
	}
	if err := s.reserve(who, site); err != nil {
		return Upload{}, err
	}
	defer s.release(who)
	folder, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		return Upload{}, storeError(err)
	}
	name = text.First(text.CleanLine(strings.ToValidUTF8(filepath.Base(strings.ReplaceAll(name, `\`, "/")), "")), maxName)
	u := &upload{Upload: Upload{ID: rand.Text(), Name: name}, site: site.ID, account: who.ID(), folder: folder}
	if u.Size, err = store(u.path(), in); err != nil {
		_ = os.RemoveAll(folder) // the first error counts
		return Upload{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.deleteFile(u)
		return Upload{}, problem.TryAgain(errors.New("the server is shutting down"))
	}
	for _, other := range s.uploads {
		if s.replaces(other, who, site) {
			s.remove(other)
		}
	}
	u.changed = s.process.Now()
	s.uploads[u.ID] = u
	return u.Upload, nil
}

// replaces reports whether a new file of an actor replaces u.
func (s *Service) replaces(u *upload, who authz.Actor, site site.Site) bool {
	return u.site == site.ID && u.account == who.ID() && !u.State.Running()
}

// reserve counts a file that is being received. It returns an error if there are too many files.
func (s *Service) reserve(who authz.Actor, site site.Site) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	own, all := s.receiving[who.ID()], 0
	for _, n := range s.receiving {
		all += n
	}
	for _, u := range s.uploads {
		if u.State == Imported || s.replaces(u, who, site) {
			continue
		}
		if all++; u.account == who.ID() {
			own++
		}
	}
	if own >= maxOwn || all >= maxUploads {
		return problem.TryAgain(fmt.Errorf("%d files are uploaded, %d by this account", all, own))
	}
	s.receiving[who.ID()]++
	return nil
}

// release ends a reservation.
func (s *Service) release(who authz.Actor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.receiving[who.ID()]--; s.receiving[who.ID()] == 0 {
		delete(s.receiving, who.ID())
	}
}

// store writes a file and returns its size.
func store(path string, in io.Reader) (int64, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return 0, storeError(err)
	}
	n, err := io.Copy(file, io.LimitReader(in, MaxSize+1))
	if n > MaxSize {
		err = problem.OversizedFile("/file", MaxSize)
	}
	return n, storeError(cmp.Or(err, file.Close()))
}

// storeError returns err, as problem.NoRoom if the disk is full.
func storeError(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return problem.NoRoom(err)
	}
	return err
}

// find returns an upload of the actor. The caller holds s.mu.
func (s *Service) find(who authz.Actor, site site.Site, id string) (*upload, error) {
	u := s.uploads[id]
	if u == nil || u.site != site.ID || u.account != who.ID() {
		return nil, problem.Missing("upload.unknown",
			"This file is no longer on this server. Upload it again: comments that were imported are skipped.")
	}
	return u, nil
}

// Upload returns an upload of the actor on a site.
func (s *Service) Upload(who authz.Actor, site site.Site, id string) (Upload, error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Upload{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(who, site, id)
	if err != nil {
		return Upload{}, err
	}
	return u.Upload, nil
}

// CurrentUpload returns the actor's upload on a site, and reports whether there is one. One that runs comes before others.
func (s *Service) CurrentUpload(who authz.Actor, site site.Site) (current Upload, ok bool, err error) {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return Upload{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.uploads {
		if u.site == site.ID && u.account == who.ID() && (!ok || u.State.Running()) {
			current, ok = u.Upload, true
		}
	}
	return current, ok, nil
}

// RemoveUpload deletes an upload. It ends a running import: comments that were imported stay.
func (s *Service) RemoveUpload(who authz.Actor, site site.Site, id string) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(who, site, id)
	if err == nil {
		s.remove(u)
	}
	return err
}

// remove deletes an upload. If it is used, its file is deleted afterwards. The caller holds s.mu.
func (s *Service) remove(u *upload) {
	delete(s.uploads, u.ID)
	u.removed = true
	if u.stop != nil {
		u.stop()
		return
	}
	s.deleteFile(u)
}

func (s *Service) deleteFile(u *upload) {
	if err := os.RemoveAll(u.folder); err != nil {
		s.process.Logger().Warn("uploaded file not deleted", "path", u.folder, "error", err)
	}
}

// CheckUpload starts to check what an import of an upload would do. It changes nothing on the site. WaitUpload waits for
// the result.
func (s *Service) CheckUpload(who authz.Actor, site site.Site, id string, o Options) error {
	return s.begin(who, site, id, o, Checking)
}

// ImportUpload starts to import an upload. If it was not checked with the options o, ImportUpload starts a check instead,
// so that nothing is imported that the actor has not seen.
func (s *Service) ImportUpload(who authz.Actor, site site.Site, id string, o Options) error {
	return s.begin(who, site, id, o, Importing)
}

// begin starts a check or an import. It does nothing if one runs, or if the upload was imported.
func (s *Service) begin(who authz.Actor, site site.Site, id string, o Options, do State) error {
	if err := who.Authorize(site.ID, authz.Owner, authz.ScopeAdmin); err != nil {
		return err
	}
	if !slices.Contains(Formats(), o.Format) {
		return problem.Field("/format", "Choose the program that the file is from.")
	}
	if _, err := o.addresses(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	u, err := s.find(who, site, id)
	if err != nil || u.State.Running() || u.State == Imported {
		return err
	}
	if u.State != Checked || !o.equal(u.Options) {
		do = Checking
	}
	u.Options = o
	s.start(u, who, site, do)
	return nil
}

// addresses returns the moves as a map of addresses.
func (o Options) addresses() (all transfer.Map, err error) {
	if len(o.Moves) > maxMoves {
		return nil, problem.Field("/from", fmt.Sprintf("Enter at most %d moved addresses.", maxMoves))
	}
	for _, m := range o.Moves {
		for field, address := range map[string]string{"/from": m.From, "/to": m.To} {
			if _, ok := text.ParseWebURL(address); !ok {
				return nil, problem.Field(field, "An origin is an address like https://blog.example.")
			}
		}
		old, now := strings.TrimRight(m.From, "/*"), strings.TrimRight(m.To, "/*")
		all = append(all, transfer.Mapping{Old: old + "/", New: now + "/", Rest: true}, transfer.Mapping{Old: old, New: now + "/"})
	}
	return all, nil
}

// WaitUpload waits until an upload is idle, or until ctx is done.
func (s *Service) WaitUpload(ctx context.Context, id string) {
	s.mu.Lock()
	var ended chan struct{}
	if u := s.uploads[id]; u != nil {
		ended = u.ended
	}
	s.mu.Unlock()
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-ctx.Done():
	}
}

// start starts a check or an import. The caller holds s.mu.
func (s *Service) start(u *upload, who authz.Actor, site site.Site, do State) {
	most := checkTime
	if do == Importing {
		most = importTime
	}
	ctx, stop := context.WithCancel(context.Background())
	u.State, u.Err, u.Done, u.Total = do, nil, 0, 0
	u.stop, u.ended = stop, make(chan struct{})
	if do == Importing {
		s.log(u, site).Info("import started")
	}
	in := s.request(u, do == Checking)
	s.closing.Go(func() {
		defer stop()
		report, err := s.run(ctx, most, who, site, in)
		s.end(u, site, do, report, err)
	})
}

// request returns the request to import u.
func (s *Service) request(u *upload, dry bool) transfer.Request {
	moved, _ := u.Options.addresses() // CheckUpload has checked them
	return transfer.Request{Format: u.Options.Format, Path: u.path(), Map: moved, DryRun: dry,
		WithPrivate: u.Options.WithPrivate, MaxUnpacked: maxUnpacked, MaxRecords: maxRecords,
		Progress: func(done, of uint64) {
			s.mu.Lock()
			defer s.mu.Unlock()
			u.Done, u.Total = done, of
		}}
}

// run imports a file when it is its turn, for at most most. It returns a panic as an error.
func (s *Service) run(
	ctx context.Context, most time.Duration, who authz.Actor, site site.Site, in transfer.Request,
) (r transfer.Report, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return r, ctx.Err()
	}
	defer func() { <-s.turn }()
	ctx, stop := context.WithTimeout(ctx, most)
	defer stop()
	in.Base = site.Origins[0]
	return s.transfer.Import(ctx, who, site, in)
}

// end records the result of a check or an import.
func (s *Service) end(u *upload, site site.Site, did State, report transfer.Report, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(u.ended)
	log := s.log(u, site)
	u.stop, u.ended, u.Err, u.changed = nil, nil, err, s.process.Now()
	switch {
	case err == nil && did == Importing:
		u.State, u.Report = Imported, report
		log.Info("import finished", "comments", report.Added)
	case err == nil:
		u.State, u.Report = Checked, report
	default:
		u.State = Received
		if did == Importing {
			u.State = Checked
		}
		logFailure(log, did, err)
	}
	if u.removed || u.State == Imported {
		s.deleteFile(u)
	}
}

// log returns the logger of an upload.
func (s *Service) log(u *upload, site site.Site) *slog.Logger {
	return s.process.Logger().With("site", site.Key, "account", u.account, "format", u.Options.Format)
}

// logFailure logs why a check or an import ended. It does not log a check that the file or the actor ended.
func logFailure(log *slog.Logger, did State, err error) {
	_, file := errors.AsType[transfer.FileError](err)
	_, known := errors.AsType[*problem.Error](err)
	expected := file || known || errors.Is(err, context.Canceled)
	switch {
	case !expected:
		log.Error("import failed", "check", did == Checking, "error", err)
	case did == Importing:
		log.Info("import stopped", "error", err)
	}
}

// Run deletes files that are not used, until ctx ends. It then ends all imports and deletes all files.
func (s *Service) Run(ctx context.Context) error {
	s.deleteStale()
	defer s.Close()
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			s.expire()
		}
	}
}

// expire deletes uploads that were not used for their lifetime.
func (s *Service) expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.uploads {
		if !u.State.Running() && s.process.Now().Sub(u.changed) > lifetime {
			s.remove(u)
		}
	}
}

// Close ends all imports, deletes all files and refuses new ones. A repeated import continues where it was ended.
func (s *Service) Close() {
	s.mu.Lock()
	s.closed = true
	for _, u := range s.uploads {
		s.remove(u)
	}
	s.mu.Unlock()
	s.closing.Wait()
}

// deleteStale deletes folders that a killed process left.
func (s *Service) deleteStale() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*")) // the pattern is valid
	for _, folder := range left {
		if info, err := os.Lstat(folder); err == nil && info.IsDir() && time.Since(info.ModTime()) > stale {
			_ = os.RemoveAll(folder) // it may be another user's
		}
	}
}
