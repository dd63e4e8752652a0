package metrics

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// The queues of messages.
const (
	MailQueue    = "mail"
	WebhookQueue = "webhook"
)

const (
	readTimeout = 3 * time.Second
	maxCount    = 100_000 // limits the time of a scrape during a flood
)

// Tx is what scrapes need of a transaction.
type Tx interface {
	Sites() ([]site.Site, error)
	// CountQueues counts the comments of sites that need attention, each kind up to a limit, in the order of the sites.
	CountQueues(sites []site.Site, limit int) ([]comment.QueueCounts, error)
	// UnreadSince returns when the first unread event of each follower happened. Followers without one are left out.
	UnreadSince() (map[string]time.Time, error)
	// UnlearnedSince returns when the first entry of a log after a model's Seq was made; zero: there is none.
	UnlearnedSince(models []learning.ModelState) (time.Time, error)
	// MailBacklog counts mails that are due or being retried, up to a limit.
	MailBacklog(now time.Time, limit int) (Backlog, error)
	// WebhookBacklog counts messages to active webhooks that were not delivered yet, up to a limit.
	WebhookBacklog(limit int) (Backlog, error)
	txn.MetaTx
}

// A Backlog counts waiting messages. Since is when the oldest was queued; zero if there is none.
type Backlog struct {
	Messages int
	Since    time.Time
}

// A collector reads its sources at each scrape.
type collector struct{ Sources }

// Describe sends no descriptions, because the metrics of a scrape depend on what can be read.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect sends the gauges. It takes at most readTimeout for the database.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	s := sample{to}
	c.collectProcess(s)
	ctx, end := context.WithTimeout(context.Background(), readTimeout)
	defer end()
	r, err := c.read(ctx)
	s.set(databaseUp, flag(err == nil))
	if err == nil {
		c.collectDatabase(s, r)
	}
}

// collectProcess sends what the process knows by itself.
func (c *collector) collectProcess(s sample) {
	s.set(newer, flag(c.Outdated()))
	if redis := c.Redis(); redis != "" {
		s.set(redisUp, flag(redis == "up"))
	}
	readers, moderators := c.Streams()
	s.set(streams, float64(readers), "readers")
	s.set(streams, float64(moderators), "moderators")
	states, bytes := map[string]float64{"warm": 0, "cold": 0, "loading": 0}, 0.0
	for _, m := range c.Models() {
		bytes += float64(m.Bytes)
		switch {
		case !m.Loaded:
			states["loading"]++
		case m.Warm:
			states["warm"]++
		default:
			states["cold"]++
		}
	}
	for state, n := range states {
		s.set(models, n, state)
	}
	s.set(modelBytes, bytes)
	if disk, ok := c.Disk(); ok {
		s.set(walBytes, float64(disk.WAL))
		s.set(reserveHeld, flag(disk.ReserveHeld))
		if disk.Free >= 0 {
			s.set(freeBytes, float64(disk.Free))
		}
	}
}

// A reading is what one scrape reads from the database, on one snapshot.
type reading struct {
	sites     []site.Site
	counts    []comment.QueueCounts
	unread    map[string]time.Time
	unlearned time.Time
	backlogs  map[string]Backlog
	backup    time.Time
}

func (c *collector) read(ctx context.Context) (r reading, err error) {
	loaded := slices.DeleteFunc(c.Models(), func(m learning.ModelState) bool { return !m.Loaded })
	err = c.Store.View(ctx, func(tx Tx) (err error) {
		r = reading{backlogs: map[string]Backlog{}}
		if r.sites, err = tx.Sites(); err != nil {
			return err
		}
		if r.counts, err = tx.CountQueues(r.sites, maxCount); err != nil {
			return err
		}
		if r.unread, err = tx.UnreadSince(); err != nil {
			return err
		}
		if r.unlearned, err = tx.UnlearnedSince(loaded); err != nil {
			return err
		}
		for _, queue := range c.Queues {
			if r.backlogs[queue], err = c.backlog(tx, queue); err != nil {
				return err
			}
		}
		r.backup, err = txn.BackupTime(tx)
		return err
	})
	return r, err
}

func (c *collector) backlog(tx Tx, queue string) (Backlog, error) {
	if queue == MailQueue {
		return tx.MailBacklog(c.Now(), maxCount)
	}
	return tx.WebhookBacklog(maxCount)
}

func (c *collector) collectDatabase(s sample, r reading) {
	now := c.Now()
	age := func(since time.Time) float64 {
		if since.IsZero() {
			return 0
		}
		return max(0, now.Sub(since).Seconds())
	}
	for i, site := range r.sites {
		n := r.counts[i]
		s.set(pending, float64(n.Pending), site.Key)
		s.set(suspected, float64(n.Suspected), site.Key)
		s.set(reported, float64(n.Reported), site.Key)
		s.set(appealed, float64(n.Appealed), site.Key)
		s.set(oldest, age(n.Oldest), site.Key)
	}
	for _, name := range c.Followers() {
		s.set(followerLag, age(r.unread[name]), name)
	}
	s.set(followerLag, age(r.unlearned), "learning")
	for queue, b := range r.backlogs {
		s.set(messages, float64(b.Messages), queue)
		s.set(oldestQueue, age(b.Since), queue)
	}
	if !r.backup.IsZero() {
		s.set(lastBackup, float64(r.backup.Unix()))
	}
}

// A sample receives the values of one scrape.
type sample struct{ to chan<- prometheus.Metric }

func (s sample) set(d definition, value float64, labels ...string) {
	s.to <- prometheus.MustNewConstMetric(d.desc, prometheus.GaugeValue, value, labels...)
}

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
