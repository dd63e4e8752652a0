package coord

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/aitys/aitys/moderation/presence"
	"github.com/aitys/aitys/moderation/site"
)

const (
	callTimeout  = 50 * time.Millisecond  // timeout of a call within a request
	pingTimeout  = 500 * time.Millisecond // timeout of a ping, which no request waits for; it may dial
	pingInterval = 500 * time.Millisecond

	missedWhenDown = 2 // failed pings in a row after which Redis is down; one may be late on a busy machine

	updateTries = 5
)

var errDown = errors.New("redis is down")

// shared is the state in Redis, behind a circuit breaker. The first failed call opens it: calls fail immediately until
// a ping succeeds.
type shared struct {
	client      *redis.Client
	limiter     *redis_rate.Limiter
	log         *slog.Logger
	id          string // of this process, which ignores its own rings
	channel     string
	up          atomic.Bool
	missed      atomic.Int32 // number of pings that failed in a row
	pendingRing chan struct{}
	callTimeout time.Duration // timeout of a call within a request

	stop context.CancelFunc
	done sync.WaitGroup
}

// disableClientLog disables the log of go-redis, which writes to standard error. ping logs changes of health instead.
var disableClientLog = sync.OnceFunc(logging.Disable)

// CheckURL returns an error if Open cannot parse the URL s.
func CheckURL(s string) error {
	_, err := parse(s)
	return err
}

func parse(s string) (*redis.Options, error) {
	opt, err := redis.ParseURL(s)
	if bad, ok := errors.AsType[*url.Error](err); ok {
		err = bad.Err // omit the URL, which may contain a password
	}
	if err != nil {
		return nil, fmt.Errorf("read the URL of redis: %w", err)
	}
	return opt, nil
}

// dial connects to Redis and calls heard for each ring of another process. An unreachable Redis is not an error.
func dial(ctx context.Context, o Options, channel string, heard func()) (*shared, error) {
	disableClientLog()
	opt, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	opt.ContextTimeoutEnabled = true
	opt.MaxRetries = -1
	opt.DialerRetries = 1
	opt.DialTimeout = pingTimeout
	opt.MinIdleConns = 2
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(opt)
	s := &shared{
		client:      client,
		limiter:     redis_rate.NewLimiter(client),
		log:         o.Log,
		id:          rand.Text(),
		channel:     channel,
		pendingRing: make(chan struct{}, 1),
		callTimeout: callTimeout,
	}
	s.up.Store(true)
	if s.ping(ctx); !s.up.Load() {
		s.ping(ctx) // so that Health is right from the start
	}
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	sub := client.Subscribe(ctx, channel)
	s.done.Go(func() { s.run(ctx) })
	s.done.Go(func() { s.listen(sub, heard) })
	context.AfterFunc(ctx, func() { _ = sub.Close() }) // closing a subscription loses no data
	return s, nil
}

func (s *shared) close() error {
	s.stop()
	s.done.Wait()
	return s.client.Close()
}

// run pings Redis every pingInterval, so that health is known without calls, and publishes rings.
func (s *shared) run(ctx context.Context) {
	tick := time.NewTicker(pingInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.ping(ctx)
		case <-s.pendingRing:
			// Ignore a lost ring: waiting goroutines also poll every second.
			_ = s.call(ctx, func(ctx context.Context) error {
				return s.client.Publish(ctx, s.channel, s.id).Err()
			})
		}
	}
}

// listen calls heard for each ring of another process. The subscription reconnects by itself.
func (s *shared) listen(sub *redis.PubSub, heard func()) {
	for m := range sub.Channel() {
		if m.Payload != s.id {
			heard()
		}
	}
}

// ping records whether Redis responds, and logs when Redis goes down and comes back.
func (s *shared) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	err := s.client.Ping(ctx).Err()
	if errors.Is(err, context.Canceled) {
		return // we are closing
	}
	s.up.Store(err == nil)
	switch {
	case err != nil:
		if s.missed.Add(1) == missedWhenDown {
			s.log.Warn("redis is down; this process goes on alone", "error", err)
		}
	case s.missed.Swap(0) >= missedWhenDown:
		s.log.Info("redis is back")
	}
}

// call runs fn with a timeout, or returns errDown. It ignores cancellation of ctx, which would look like a failure of
// Redis.
func (s *shared) call(ctx context.Context, fn func(context.Context) error) error {
	if !s.up.Load() {
		return errDown
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.callTimeout)
	defer cancel()
	err := fn(ctx)
	if err != nil && !errors.Is(err, context.Canceled) { // canceled by Close
		s.up.Store(false)
	}
	return err
}

// allow takes one event of a limit in Redis. until is how long it takes until the full burst is available again.
func (s *shared) allow(
	ctx context.Context, name string, perMinute, burst int,
) (ok bool, retryAfter, until time.Duration, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		res, err := s.limiter.Allow(ctx, name, redis_rate.Limit{Rate: perMinute, Burst: burst, Period: time.Minute})
		if err != nil {
			return fmt.Errorf("limit: %w", err)
		}
		ok, retryAfter, until = res.Allowed > 0, max(0, res.RetryAfter), res.ResetAfter
		return nil
	})
	return ok, retryAfter, until, err
}

// refund returns one event of a limit in Redis. A failure is ignored: the limit recovers with time.
func (s *shared) refund(ctx context.Context, name string, perMinute, burst int) {
	_ = s.call(ctx, func(ctx context.Context) error {
		_, err := s.limiter.AllowN(ctx, name, redis_rate.Limit{Rate: perMinute, Burst: burst, Period: time.Minute}, -1)
		return err
	})
}

func (s *shared) claim(ctx context.Context, name string, ttl time.Duration) (got bool, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		err := s.client.SetArgs(ctx, name, s.id, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
		if errors.Is(err, redis.Nil) {
			return nil // another process has it
		}
		got = err == nil
		return err
	})
	return got, err
}

// update replaces the origin requests under a name by the result of with. errDown and redis.TxFailedErr mean that they
// were not replaced: Redis is down, or another process changed them at each of updateTries tries. After any other error
// the outcome is unknown.
func (s *shared) update(
	ctx context.Context, name string, with func([]site.OriginRequest) []site.OriginRequest,
) (all []site.OriginRequest, err error) {
	var failed error
	err = s.call(ctx, func(ctx context.Context) error {
		for range updateTries {
			failed = s.client.Watch(ctx, func(tx *redis.Tx) error {
				raw, err := tx.Get(ctx, name).Bytes()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				var kept []site.OriginRequest
				_ = json.Unmarshal(raw, &kept) // start from an empty list if it cannot be parsed
				all = with(kept)
				b, err := json.Marshal(all)
				if err != nil {
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					return p.Set(ctx, name, b, originRetention).Err()
				})
				return err
			}, name)
			if !errors.Is(failed, redis.TxFailedErr) {
				return failed
			}
		}
		return nil // a conflict is not a failure of Redis
	})
	return all, cmp.Or(err, failed)
}

// appear stores a presence in the hash under a name, which expires when all of its moderators have timed out.
func (s *shared) appear(ctx context.Context, name string, p presence.Presence) {
	_ = s.call(ctx, func(ctx context.Context) error {
		b, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = s.client.Pipelined(ctx, func(all redis.Pipeliner) error {
			all.HSet(ctx, name, p.Account, b)
			all.Expire(ctx, name, presenceTimeout)
			return nil
		})
		return err
	})
}

func (s *shared) leave(ctx context.Context, name, account string) {
	_ = s.call(ctx, func(ctx context.Context) error { return s.client.HDel(ctx, name, account).Err() })
}

func (s *shared) present(ctx context.Context, name string) (all []presence.Presence, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		kept, err := s.client.HGetAll(ctx, name).Result()
		for _, raw := range kept {
			var p presence.Presence
			if json.Unmarshal([]byte(raw), &p) == nil { // otherwise it comes from another version
				all = append(all, p)
			}
		}
		return err
	})
	return all, err
}

func (s *shared) ring() {
	select {
	case s.pendingRing <- struct{}{}:
	default: // a pending ring will be sent after this commit too
	}
}
