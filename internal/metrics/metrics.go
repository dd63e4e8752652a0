// Package metrics serves the metrics of a process to Prometheus: counters that other packages increase through small
// interfaces of their own, and gauges that each scrape reads from the database and the process.
//
// A scrape is bounded. It reads the database once, with a timeout, and one collection runs at a time. While the
// database is down, the metrics that need it are missing and aitys_database_up is 0. Label values come from route
// patterns, stored sites and constants, never from a request. It is the only package that imports client_golang.
package metrics

import (
	"database/sql"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/txn"
)

const (
	scrapeTimeout = 8 * time.Second // Prometheus waits 10 seconds by default
	maxScrapes    = 4               // concurrent requests; all of them share one collection
)

// A Build identifies the program.
type Build struct{ Version, Commit, Go string }

// A Registry holds the metrics of a process. It is safe for concurrent use.
type Registry struct {
	registry *prometheus.Registry

	requests, transactions   *prometheus.HistogramVec
	posts, decisions, undone *prometheus.CounterVec
}

// New returns a Registry with the counters of this package and the metrics of the Go runtime and the process.
func New(b Build) *Registry {
	seconds := func(d definition, buckets ...float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: d.name, Help: d.help, Buckets: buckets}, d.labels)
	}
	counter := func(d definition) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: d.name, Help: d.help}, d.labels)
	}
	r := &Registry{
		registry:     prometheus.NewRegistry(),
		requests:     seconds(requestSeconds, .005, .025, .1, .25, 1, 2.5, 10),
		transactions: seconds(transactionSeconds, .001, .005, .025, .1, .5, 2.5, 10),
		posts:        counter(posts),
		decisions:    counter(decisions),
		undone:       counter(undone),
	}
	info := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: buildInfo.name, Help: buildInfo.help}, buildInfo.labels)
	info.WithLabelValues(b.Version, b.Commit, b.Go).Set(1)
	r.registry.MustRegister(r.requests, r.transactions, r.posts, r.decisions, r.undone, info,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Watch adds the gauges that are read from s at each scrape. It is called once.
func (r *Registry) Watch(s Sources) {
	for name, pool := range s.Pools {
		r.registry.MustRegister(collectors.NewDBStatsCollector(pool, name))
	}
	r.registry.MustRegister(&collector{s})
}

// Handler returns the handler of GET /metrics.
func (r *Registry) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(r.registry, promhttp.HandlerOpts{
		CoalesceGather: true, MaxRequestsInFlight: maxScrapes, Timeout: scrapeTimeout, EnableOpenMetrics: true,
	}))
	return mux
}

// Request counts an answered request. Route is the pattern that matched, or "".
func (r *Registry) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	r.requests.WithLabelValues(method, route, class(status)).Observe(took.Seconds())
}

// class returns the class of a status: "2xx" for 200.
func class(status int) string { return strconv.Itoa(status/100) + "xx" }

// Post counts the answer to a new comment on a stored site.
func (r *Registry) Post(site string, status int) {
	r.posts.WithLabelValues(site, strconv.Itoa(status)).Inc()
}

// Decided counts comments that were decided.
func (r *Registry) Decided(site, action, source string, comments int) {
	r.decisions.WithLabelValues(site, action, source).Add(float64(comments))
}

// Undone counts decisions that were undone.
func (r *Registry) Undone(site, source string, comments int) {
	r.undone.WithLabelValues(site, source).Add(float64(comments))
}

// A definition describes a metric. A shared one has the same value in every process on a database.
type definition struct {
	name, help string
	labels     []string
	shared     bool
	desc       *prometheus.Desc
}

func define(name, labels, help string) definition {
	d := definition{name: "aitys_" + name, help: help, labels: strings.Fields(labels)}
	d.desc = prometheus.NewDesc(d.name, d.help, d.labels, nil)
	return d
}

func defineShared(name, labels, help string) definition {
	d := define(name, labels, help)
	d.shared = true
	return d
}

// The metrics of this package, apart from those of the Go runtime, the process and the connection pools.
var (
	pending     = defineShared("pending_comments", "site", "Pending comments, at most 100,000.")
	suspected   = defineShared("suspected_comments", "site", "Pending comments from the site's score for Suspected up, at most 100,000.")
	reported    = defineShared("reported_comments", "site", "Comments with open reports, at most 100,000.")
	appealed    = defineShared("appealed_comments", "site", "Refused comments with an open appeal, at most 100,000.")
	oldest      = defineShared("oldest_pending_age_seconds", "site", "Age of the oldest pending comment; 0 without one.")
	posts       = define("posts_total", "site code", "Answers to new comments: 201 stored, 200 duplicate, 422 invalid, 429 too many, 503 busy, 507 disk full.")
	decisions   = define("decisions_total", "site action source", "Comments that moderators approved, rejected, marked as spam or held. Sources: desk, api, mail, command.")
	undone      = define("undone_decisions_total", "site source", "Decisions that moderators undid.")
	followerLag = defineShared("follower_lag_seconds", "follower", "Age of the oldest event that a background job has not handled. For learning: of the oldest decision that the filters in memory of this process do not include.")
	messages    = defineShared("queued_messages", "queue", "Messages that are due or being retried, at most 100,000. Queues: mail, webhook.")
	oldestQueue = defineShared("oldest_queued_message_age_seconds", "queue", "How long the longest of these messages has waited; 0 without one.")
	newer       = define("schema_newer", "", "1 if a newer program has migrated the database, else 0.")
	lastBackup  = defineShared("last_backup_timestamp_seconds", "", "When aitys backup last succeeded. Missing before the first, and on Postgres.")

	requestSeconds     = define("http_request_duration_seconds", "method route code", "Time to answer requests, by route pattern and class of status. A request that its client canceled counts as 4xx.")
	transactionSeconds = define("database_transaction_duration_seconds", "kind", "Time of database transactions. Kinds: view, update.")
	databaseUp         = define("database_up", "", "1 if the database answered this scrape within 3 seconds, else 0.")
	redisUp            = define("redis_up", "", "1 if Redis answers, else 0. Missing without --redis.")
	streams            = define("open_streams", "audience", "Open live streams. Audiences: readers, moderators.")
	models             = define("models", "state", "Filters in memory. States: warm, cold (too few examples for a score), loading.")
	modelBytes         = define("model_memory_bytes", "", "Approximate memory of the filters.")
	walBytes           = define("sqlite_wal_bytes", "", "Size of SQLite's write-ahead log. Missing on Postgres.")
	freeBytes          = define("disk_free_bytes", "", "Free space on the disk of the SQLite file. Missing on Postgres.")
	reserveHeld        = define("disk_reserve_held", "", "1 while 8 MiB of disk are reserved for moderators, 0 while the disk is too full. Missing on Postgres.")
	buildInfo          = define("build_info", "version commit goversion", "Always 1.")
)

// definitions lists them in the order of the documentation.
var definitions = []definition{
	pending, suspected, reported, appealed, oldest, posts, decisions, undone, requestSeconds, followerLag, messages,
	oldestQueue, models, modelBytes, streams, redisUp, databaseUp, transactionSeconds, newer, walBytes, freeBytes, reserveHeld,
	lastBackup, buildInfo,
}

// Sources are what a scrape reads.
type Sources struct {
	Store     txn.Store[Tx]
	Now       func() time.Time
	Outdated  func() bool     // a newer program has migrated the database
	Followers func() []string // the background jobs that this process runs or stands by for
	Models    func() []learning.ModelState
	Streams   func() (readers, moderators int)
	Redis     func() string               // "up", "down", or "" if Redis is not configured
	Disk      func() (disk Disk, ok bool) // false on Postgres
	Pools     map[string]*sql.DB
	Queues    []string // the queues that this process sends: MailQueue, WebhookQueue
}

// A Disk is the state of the disk of a SQLite file. Free is -1 if it is unknown.
type Disk struct {
	WAL, Free   int64
	ReserveHeld bool
}
