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
	callLimit = 50 * time.Millisecond  // of one call within a request
	pingLimit = 500 * time.Millisecond // of a call that nobody waits for; it may dial
	pingEvery = 500 * time.Millisecond

	gatherTries = 5
)

var errDown = errors.New("redis is down")

// shared is the link to Redis. The first failure opens it: nothing is asked of Redis, and so
// nothing waits for it, until a ping comes through again.
type shared struct {
	client  *redis.Client
	limiter *redis_rate.Limiter
	log     *slog.Logger
	id      string // of this process, so that it does not hear itself
	channel string
	up      atomic.Bool
	down    bool // "redis is down" was logged; only ping uses it
	ringing chan struct{}
	limit   time.Duration // of one call within a request

	stop context.CancelFunc
	done sync.WaitGroup
}

// What go-redis says for itself goes to standard error past our log; a change of health is
// logged here instead.
var quiet = sync.OnceFunc(logging.Disable)

// CheckURL refuses a URL that Open would refuse.
func CheckURL(s string) error {
	_, err := parse(s)
	return err
}

func parse(s string) (*redis.Options, error) {
	opt, err := redis.ParseURL(s)
	if bad, ok := errors.AsType[*url.Error](err); ok {
		err = bad.Err // without the URL, which may hold a password
	}
	if err != nil {
		return nil, fmt.Errorf("read the URL of redis: %w", err)
	}
	return opt, nil
}

func dial(ctx context.Context, o Options, channel string, heard func()) (*shared, error) {
	quiet()
	opt, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	opt.ContextTimeoutEnabled = true
	opt.MaxRetries = -1
	opt.DialerRetries = 1
	opt.DialTimeout = pingLimit
	opt.MinIdleConns = 2
	opt.DisableIdentity = true
	opt.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(opt)
	s := &shared{
		client:  client,
		limiter: redis_rate.NewLimiter(client),
		log:     o.Log,
		id:      rand.Text(),
		channel: channel,
		ringing: make(chan struct{}, 1),
		limit:   callLimit,
	}
	s.up.Store(true)
	s.ping(ctx)
	ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	sub := client.Subscribe(ctx, channel)
	s.done.Go(func() { s.run(ctx) })
	s.done.Go(func() { s.listen(sub, heard) })
	context.AfterFunc(ctx, func() { _ = sub.Close() }) // nothing is lost with a subscription
	return s, nil
}

func (s *shared) close() error {
	s.stop()
	s.done.Wait()
	return s.client.Close()
}

// run pings, so that health is known when nobody calls, and sends the rings.
func (s *shared) run(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s.ping(ctx)
		case <-s.ringing:
			// A ring that is lost is made up for by those who look every second.
			_ = s.call(ctx, func(ctx context.Context) error {
				return s.client.Publish(ctx, s.channel, s.id).Err()
			})
		}
	}
}

// listen tells of the rings of other processes. The subscription renews itself.
func (s *shared) listen(sub *redis.PubSub, heard func()) {
	for m := range sub.Channel() {
		if m.Payload != s.id {
			heard()
		}
	}
}

// ping records whether Redis answers. It ignores a single late call or ping: "redis is down" is logged when the next
// ping fails too.
func (s *shared) ping(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	err := s.client.Ping(ctx).Err()
	if errors.Is(err, context.Canceled) {
		return // we are closing
	}
	was := s.up.Swap(err == nil)
	switch {
	case err != nil && !was && !s.down:
		s.down = true
		s.log.Warn("redis is down; this process goes on alone", "err", err)
	case err == nil && s.down:
		s.down = false
		s.log.Info("redis is back")
	}
}

// call makes one short call. A caller who goes away does not end it: that would look like a
// failure of Redis.
func (s *shared) call(ctx context.Context, fn func(context.Context) error) error {
	if !s.up.Load() {
		return errDown
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limit)
	defer cancel()
	err := fn(ctx)
	if err != nil && !errors.Is(err, context.Canceled) { // canceled by Close
		s.up.Store(false)
	}
	return err
}

// allow also says how long it takes until all that was allowed is earned.
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

// giveBack is an event of the opposite sign. One that Redis does not hear of is earned back in time.
func (s *shared) giveBack(ctx context.Context, name string, perMinute, burst int) {
	_ = s.call(ctx, func(ctx context.Context) error {
		_, err := s.limiter.AllowN(ctx, name, redis_rate.Limit{Rate: perMinute, Burst: burst, Period: time.Minute}, -1)
		return err
	})
}

func (s *shared) claim(ctx context.Context, name string, ttl time.Duration) (got bool, err error) {
	err = s.call(ctx, func(ctx context.Context) error {
		err := s.client.SetArgs(ctx, name, s.id, redis.SetArgs{Mode: "NX", TTL: ttl}).Err()
		if errors.Is(err, redis.Nil) {
			return nil // somebody has it
		}
		got = err == nil
		return err
	})
	return got, err
}

// gather replaces what is kept under a name. errDown and redis.TxFailedErr say that it was not: nobody was asked, or
// somebody else did so at each try. Of another failure nobody knows whether it came before or after.
func (s *shared) gather(
	ctx context.Context, name string, with func([]site.Knock) []site.Knock,
) (all []site.Knock, err error) {
	var failed error
	err = s.call(ctx, func(ctx context.Context) error {
		for range gatherTries {
			failed = s.client.Watch(ctx, func(tx *redis.Tx) error {
				raw, err := tx.Get(ctx, name).Bytes()
				if err != nil && !errors.Is(err, redis.Nil) {
					return err
				}
				var kept []site.Knock
				_ = json.Unmarshal(raw, &kept) // what cannot be read is begun anew
				all = with(kept)
				b, err := json.Marshal(all)
				if err != nil {
					return err
				}
				_, err = tx.TxPipelined(ctx, func(p redis.Pipeliner) error {
					return p.Set(ctx, name, b, knocksFor).Err()
				})
				return err
			}, name)
			if !errors.Is(failed, redis.TxFailedErr) {
				return failed
			}
		}
		return nil // Redis is well
	})
	return all, cmp.Or(err, failed)
}

// appear keeps one presence of those under a name, and the name for as long as somebody is there.
func (s *shared) appear(ctx context.Context, name string, p presence.Presence) {
	_ = s.call(ctx, func(ctx context.Context) error {
		b, err := json.Marshal(p)
		if err != nil {
			return err
		}
		_, err = s.client.Pipelined(ctx, func(all redis.Pipeliner) error {
			all.HSet(ctx, name, p.Account, b)
			all.Expire(ctx, name, presentFor)
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
			if json.Unmarshal([]byte(raw), &p) == nil { // else it is another version's
				all = append(all, p)
			}
		}
		return err
	})
	return all, err
}

func (s *shared) ring() {
	select {
	case s.ringing <- struct{}{}:
	default: // one is on its way, which comes after this one's commit too
	}
}
