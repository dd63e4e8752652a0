// Package mail writes and sends mail: notifications to moderators and owners, and to readers the notifications, sign-in
// codes and links that they asked for.
//
// It follows the events, keeps a queue in the database and sends it over SMTP, so that no request waits for a mail
// server. It decides nothing about comments: a link in a mail identifies an account and opens a page. Subscriptions of
// readers and limits of mail per address are in moderation/readermail and moderation/mailbox.
//
// Invariants: suspected comments cause no mail. Accounts get mail only if they asked for it and may decide on the site;
// the exception is an owner whose queue stalled for three days. Text that a commenter typed never becomes a header, a
// link or an image. An event goes into one mail per account. If a process is killed after it began to send the text
// (SMTP DATA), the mail is not sent again. If the process lives and got no response, it sends the mail again with the
// same Message-ID.
package mail

import (
	"context"
	"fmt"
	"log/slog"
	netmail "net/mail"
	"net/url"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

// Options of a Service. If From has no name, mails have the name of the site. Public is the URL of the
// service. Zone decides when it is night.
type Options struct {
	Process *txn.Process
	Store   txn.Store[Tx]
	Secret  secret.Secret
	Server  Server
	From    netmail.Address
	Public  *url.URL
	Zone    *time.Location
}

// A Service collects and sends mail while Run runs. Several processes on one database share the work.
type Service struct {
	work   txn.Work[Tx]
	log    *slog.Logger
	secret secret.Secret
	server Server
	from   netmail.Address
	public *url.URL
	zone   *time.Location

	pollInterval time.Duration // how often it looks for due mails
	failures     int           // consecutive failed connections
	nextConnect  time.Time     // earliest time of the next connection; zero: at once
}

// New returns a Service.
func New(o Options) *Service {
	return &Service{
		work:         txn.NewWork(o.Process, o.Store),
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
	follower       = "mail"
	pollInterval   = time.Second
	batchSize      = 50                  // mails
	endedRetention = 30 * 24 * time.Hour // of sent mails
)

// Run follows the events and sends mail until ctx ends. It returns nil.
func (s *Service) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { s.work.Sweep(ctx, "mail", s.sweep) })
	wg.Go(func() { txn.FollowIn(ctx, s.work, follower, s.gather) })
	s.checkServer(ctx)
	poll := time.NewTicker(s.pollInterval)
	defer poll.Stop()
	for {
		if err := s.send(ctx); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "mails not sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-poll.C:
		}
	}
}

// checkServer logs whether the mail server can be reached.
func (s *Service) checkServer(ctx context.Context) {
	line, err := s.server.open(ctx)
	if err != nil {
		s.connectFailed(ctx, err)
		return
	}
	line.close()
	s.log.InfoContext(ctx, "mail server is reachable", "server", s.server.String())
}

// sweep notifies owners of stalled sites, and deletes old mails.
func (s *Service) sweep(ctx context.Context) error {
	if err := s.notifyStalled(ctx); err != nil {
		return err
	}
	before := s.work.Now().Add(-endedRetention)
	if err := s.work.Update(ctx, func(tx Tx) error { return tx.PruneMails(before) }); err != nil {
		return fmt.Errorf("prune mails: %w", err)
	}
	return nil
}
