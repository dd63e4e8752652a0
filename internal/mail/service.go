// Package notify sends mails: it tells moderators that comments wait for them, and readers what they asked for.
//
// It follows what happens from a position of its own and keeps what is to be sent in the database, so that nothing
// waits for a mail server and none is forgotten. It decides nothing: a link in a mail stands for an account (package
// identity keeps it) and opens a page. Its invariants: what is suspected is told to nobody; nobody is told who did
// not ask or may not decide there, but for an owner whose site stood still for three days; nothing that a stranger
// wrote becomes a header, a link or a picture; an event goes into one mail to an account. Once its text began to
// leave, a mail is never sent by another process, so that after a kill it comes at most once; a process that lives
// and got no answer sends it again under the same Message-ID.
package mail

import (
	"context"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/secret"
)

// Options of a Service. Server is the mail server. From is the sender; if it has no name, mails have the name of the
// site. Public is the address of the service as its users see it, Zone is the time zone of nights.
type Options struct {
	Process *ground.Process
	Store   ground.Store[Tx]
	Secret  secret.Secret
	Server  Server
	From    netmail.Address
	Public  *url.URL
	Zone    *time.Location
}

// Service gathers and sends mails while Run runs. Of several processes one sends a mail.
type Service struct {
	work   ground.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	server Server
	from   netmail.Address
	public *url.URL
	zone   *time.Location

	pollInterval time.Duration // how often it looks for due mails
	failed       int           // connections to the server in a row that failed
	again        time.Time     // when the next is tried
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{
		work:         ground.NewWork(o.Process, o.Store),
		log:          o.Process.Logger(),
		secret:       o.Secret,
		server:       o.Server,
		from:         o.From,
		public:       o.Public,
		zone:         o.Zone,
		pollInterval: pollInterval,
	}
}

const (
	follower     = "mail"
	pollInterval = time.Second
	batchSize    = 50 // mails
	// endedFor is how long it is remembered that a mail was sent.
	endedRetention = 30 * 24 * time.Hour
)

// Run follows and sends until ctx ends. It returns nil when ctx ends.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { s.work.Sweep(ctx, "mail", s.sweep) })
	beside.Go(func() { ground.FollowIn(ctx, s.work, follower, s.gather) })
	s.greet(ctx)
	look := time.NewTicker(s.pollInterval)
	defer look.Stop()
	for {
		if err := s.send(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "mails not sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// greet says once whether the mail server answers.
func (s *Service) greet(ctx context.Context) {
	line, err := s.server.open(ctx)
	if err != nil {
		s.down(ctx, err)
		return
	}
	line.close()
	s.log.InfoContext(ctx, "the mail server answers", "server", s.server.String())
}

// sweep tells owners whose site stands still, and forgets old mails.
func (s *Service) sweep(ctx context.Context) error {
	if err := s.notifyStalled(ctx); err != nil {
		return err
	}
	before := s.work.Now().Add(-endedRetention)
	if err := s.work.Update(ctx, func(tx Tx) error { return tx.PruneMails(before) }); err != nil {
		return fmt.Errorf("forget old mails: %w", err)
	}
	return nil
}
