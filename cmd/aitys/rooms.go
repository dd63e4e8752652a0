package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aitys/aitys/api"
	"github.com/aitys/aitys/coord"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/checker"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/complaint"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/guest"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/inquiry"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/neighbour"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/reaction"
	"github.com/aitys/aitys/moderation/register"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/signet"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/subscription"
	"github.com/aitys/aitys/notify"
	"github.com/aitys/aitys/store"
	"github.com/aitys/aitys/store/file"
	"github.com/aitys/aitys/transfer"
	"github.com/aitys/aitys/transfer/static"
	"github.com/aitys/aitys/widget"
	"github.com/aitys/aitys/words"
)

// need says what a command does with the database.
type need uint8

const (
	reads    need = iota // never makes one
	writes               // makes a missing SQLite file and migrates it; Postgres is asked for
	migrates             // brings any database up to date: a server
)

// rooms are what a command works with.
type rooms struct {
	store         *store.DB
	coord         *coord.Coord
	process       *ground.Process
	identity      *identity.Service
	learning      *learning.Models
	alike         *campaign.Service
	service       *moderation.Service
	reactions     *reaction.Service
	complaints    *complaint.Service
	guests        *guest.Service
	subscriptions *subscription.Service
	privacy       *privacy.Service
	inquiries     *inquiry.Service
	register      *register.Service
	signet        *signet.Service
	neighbours    *neighbour.Service
	checkers      *checker.Service
	rules         *rules.Service
	sites         *sites.Service
	transfer      *transfer.Service
	copies        *static.Service
	secret        secret.Secret
	mail          *notify.Service // nil: none is sent
	hooks         *notify.Hooks   // of servers
	providers     *identity.Providers
}

// Close closes in the order opposite to opening.
func (r *rooms) Close() error { return errors.Join(r.coord.Close(), r.store.Close()) }

// open opens the database, the secret, the coordination and the service over them. What is
// refused leaves no file behind that was not there.
func (a *app) open(ctx context.Context, n need, clock ground.Clock, log *slog.Logger) (_ *rooms, err error) {
	if err := a.prepare(n); err != nil {
		return nil, err
	}
	db, err := a.openStore(ctx, n)
	if err != nil {
		return nil, err
	}
	r := &rooms{store: db}
	defer func() {
		if err != nil {
			_ = db.Close() // why it is closed is what counts
		}
	}()
	made := false
	if n != reads {
		if err = a.makeFolder(a.base.SecretFile); err != nil {
			return nil, err
		}
		if made, err = makeSecret(a.base.SecretFile); err != nil {
			return nil, err
		}
	}
	secret, err := readSecret(a.base.SecretFile)
	if err != nil {
		return nil, err
	}
	if r.coord, err = a.openCoord(ctx, secret, clock, log); err != nil {
		return nil, err
	}
	if err = ground.KeepSecret(ctx, store.For[ground.MetaTx](db), secret); err != nil {
		_ = r.coord.Close() // as above
		if made && errors.Is(err, ground.ErrSecret) {
			_ = os.Remove(a.base.SecretFile) // the database has another one, and this is nobody's
		}
		if errors.Is(err, ground.ErrSecret) {
			err = fmt.Errorf("%s: %w; `aitys secret new` replaces one that is lost", a.base.SecretFile, err)
		}
		return nil, err
	}
	if n != reads {
		if err = privacy.Upgrade(ctx, store.For[privacy.UpgradeTx](db), secret, clock.Now()); err != nil {
			_ = r.coord.Close() // as above
			return nil, err
		}
	}
	r.furnish(secret, ground.Options{Clock: clock, Bell: r.coord, Claims: r.coord, Knocks: r.coord, Presences: r.coord,
		Log: log})
	if path, ok := a.base.sqlitePath(); ok {
		r.learning.OnErase(func(m learning.Mark) error { return addErased(erasedBeside(path), m) })
	}
	return r, nil
}

// furnish makes what is domain of the rooms over an open database that knows the secret.
func (r *rooms) furnish(secret secret.Secret, o ground.Options) {
	r.secret = secret
	o.Store, o.Storage = store.For[ground.EventTx](r.store), r.store.Storage
	r.process = ground.NewProcess(o)
	r.identity = identity.New(r.process, store.For[identity.Tx](r.store), secret)
	r.learning = learning.New(r.process, store.For[learning.Tx](r.store), secret)
	r.rules = rules.New(r.process, store.For[rules.Tx](r.store))
	r.reactions = reaction.New(r.process, store.For[reaction.Tx](r.store), secret)
	r.complaints = complaint.New(r.process, store.For[complaint.Tx](r.store), secret)
	r.guests = guest.New(r.process, store.For[guest.Tx](r.store), secret, r.identity)
	r.subscriptions = subscription.New(r.process, store.For[subscription.Tx](r.store), secret)
	r.register = register.New(r.process, store.For[register.Tx](r.store))
	r.signet = signet.New(r.process, store.For[signet.Tx](r.store), secret)
	prints := &campaign.Prints{}
	r.neighbours = neighbour.New(neighbour.Options{Process: r.process, Store: store.For[neighbour.Tx](r.store),
		Signer: r.signet, Prints: prints})
	r.rules.Heed(r.neighbours)
	r.checkers = checker.New(r.process, store.For[checker.Tx](r.store), secret)
	r.alike = campaign.New(r.process, store.For[campaign.Tx](r.store), r.learning, r.rules, r.neighbours, prints)
	r.inquiries = inquiry.New(inquiry.Options{Process: r.process, Store: store.For[inquiry.Tx](r.store), Secret: secret,
		Judge: r.learning, Rules: r.rules, Campaigns: r.alike})
	r.service = moderation.New(moderation.Options{Process: r.process, Store: store.For[moderation.Tx](r.store),
		Secret: secret, Judge: r.learning, Rules: r.rules, Campaigns: r.alike, Complaints: r.complaints,
		Staff: r.identity.StaffNames, Namesake: r.guests.Namesake, Forgets: r.learning.NoteForgotten})
	r.learning.OnChange(r.service.ModelChanged)
	r.privacy = privacy.New(r.process, store.For[privacy.Tx](r.store), secret, r.service, r.learning)
	r.sites = sites.New(r.process, store.For[sites.Tx](r.store))
	r.copies = r.copier()
	r.transfer = transfer.New(transfer.Options{Process: r.process, Store: store.For[transfer.Tx](r.store),
		Secret: secret, Judge: r.learning, Rules: r.rules, Tables: file.ForeignRows})
}

// copier makes copies of sites that say what readers are told over HTTP.
func (r *rooms) copier() *static.Service {
	o := static.Options{Process: r.process, Store: store.For[static.Tx](r.store), Signer: r.signet,
		Comment:  func(c comment.Comment, pageURL string) any { return api.PublicComment(c, pageURL) },
		Settings: func(site ground.Site, w *words.Catalog) any { return api.PublicSettings(site, w, "", false) }}
	for _, f := range widget.Files() {
		o.Files = append(o.Files, static.File{Path: f.Path, Body: f.Body})
	}
	return static.New(o)
}

// run keeps the rooms at work until ctx ends, or one of them fails.
func (r *rooms) run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error)
	watch := func(ctx context.Context) error { return r.store.Watch(ctx, r.process.Logger()) }
	works := []func(context.Context) error{
		watch, r.process.Run, r.identity.Run, r.learning.Run, r.alike.Run, r.service.Run, r.reactions.Run,
		r.complaints.Run, r.guests.Run, r.inquiries.Run, r.register.Run, r.neighbours.Run,
		r.hooks.Run, r.checkers.Run,
	}
	if r.mail != nil {
		works = append(works, r.mail.Run)
	}
	for _, work := range works {
		go func() {
			err := work(ctx)
			if errors.Is(err, ground.ErrCorrupt) { // readyz says so, and readers are served what can be read
				<-ctx.Done()
				err = nil
			}
			ended <- err
		}()
	}
	var all error
	for range works {
		all = errors.Join(all, <-ended)
		stop() // none goes on alone
	}
	return all
}

func (a *app) openCoord(ctx context.Context, s secret.Secret, c ground.Clock, log *slog.Logger) (*coord.Coord, error) {
	return coord.Open(ctx, coord.Options{URL: a.base.Redis, Secret: s, Clock: c, Log: log})
}

// prepare refuses what can be refused before anything is opened or made.
func (a *app) prepare(n need) error {
	if _, err := os.Stat(a.base.SecretFile); err == nil || n == reads {
		if path, ok := a.base.sqlitePath(); ok && n == reads && !exists(path) {
			return noDatabase(path)
		}
		if _, err := readSecret(a.base.SecretFile); err != nil {
			return err
		}
	}
	folders := []string{filepath.Dir(a.base.SecretFile)}
	if path, ok := a.base.sqlitePath(); ok {
		folders = append(folders, filepath.Dir(path))
	}
	for _, f := range folders {
		if f != filepath.Clean(a.base.Data) && !exists(f) {
			return fmt.Errorf("there is no folder %s", f)
		}
	}
	return nil
}

// noDatabase refuses a command that makes none.
func noDatabase(path string) error {
	return fmt.Errorf("there is no database at %s: are you in the right folder, or give --data", path)
}

// makeFolder makes the data folder for a file that is to be in it.
func (a *app) makeFolder(file string) error {
	if filepath.Dir(file) == filepath.Clean(a.base.Data) {
		if err := os.MkdirAll(a.base.Data, 0o700); err != nil {
			return fmt.Errorf("make the data folder: %w", err)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (a *app) openStore(ctx context.Context, n need) (*store.DB, error) {
	if path, ok := a.base.sqlitePath(); ok && n != reads {
		if err := a.makeFolder(path); err != nil {
			return nil, err
		}
	}
	db, err := store.Open(ctx, a.base.Database, store.Options{KeepEarlier: func(path string) {
		a.logger(slog.LevelInfo).Info("the database is copied before its upgrade: a million comments take about two minutes",
			"copy", path)
	}})
	if err != nil {
		return nil, a.base.unreached(err)
	}
	if err := a.migrate(ctx, db, n); err != nil {
		_ = db.Close() // the error before it counts
		return nil, a.base.unreached(err)
	}
	return db, nil
}

func (a *app) migrate(ctx context.Context, db *store.DB, n need) error {
	_, isSQLite := a.base.sqlitePath()
	if n == migrates || n == writes && isSQLite {
		return db.Migrate(ctx)
	}
	list, err := db.MigrationStatus(ctx)
	if err != nil {
		return err
	}
	missing := 0
	for _, m := range list {
		if m.Applied.IsZero() {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("the database lacks %d of %d migrations: run `aitys migrate up`", missing, len(list))
	}
	return nil
}

// with runs one command of the operator's.
func (a *app) with(n need, do func(ctx context.Context, r *rooms) error) (err error) {
	r, err := a.open(a.ctx, n, wall{}, a.logger(slog.LevelError))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return do(a.ctx, r)
}
