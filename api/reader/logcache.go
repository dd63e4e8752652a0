package reader

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/problem"
)

const (
	chunkEntries = 1_000
	maxLogBytes  = 32 << 20 // of all chunks that are kept
)

// A logChunk is the lines of up to 1,000 entries of a log, the first of them after a multiple of 1,000. It is not
// changed once it is made.
type logChunk struct {
	lines  []byte
	n      int
	before []byte // hash of the entry before the first; nil: there is none
	last   []byte // hash of the last entry
}

// between returns the lines after some and up to others, counted from the chunk's first.
func (c *logChunk) between(after, to int) []byte {
	return c.lines[c.end(after):c.end(to)]
}

// end returns where the line of a number ends.
func (c *logChunk) end(line int) (at int) {
	if line == c.n {
		return len(c.lines)
	}
	for range line {
		at += bytes.IndexByte(c.lines[at:], '\n') + 1
	}
	return at
}

// errLogReplaced says that the database has another log than before: a backup was restored under this process.
var errLogReplaced = problem.TryAgain(errors.New("the log is not the one that it was"))

// follows reports whether c goes on where a chunk ends; before may be nil.
func (c *logChunk) follows(before *logChunk) error {
	if before != nil && before.n == chunkEntries && !bytes.Equal(before.last, c.before) {
		return errLogReplaced
	}
	return nil
}

// endsIn reports whether the head of the log is c's last entry, unless c has newer ones.
func (c *logChunk) endsIn(head ledger.Head) error {
	if head.Seq%chunkEntries == uint64(c.n%chunkEntries) && !bytes.Equal(c.last, head.Hash) {
		return errLogReplaced
	}
	return nil
}

type chunkKey struct {
	site int64
	n    uint64
}

// A logCache keeps rendered chunks of logs. One chunk is rendered at a time, so that readers of logs use at most one
// connection of the database however many they are.
type logCache struct {
	entries   func(ctx context.Context, site ground.Site, after uint64, limit int) ([]ledger.Public, error)
	rendering chan struct{} // holds the one that renders

	mu    sync.Mutex
	kept  map[chunkKey]*logChunk
	bytes int
}

func newLogCache(
	entries func(ctx context.Context, site ground.Site, after uint64, limit int) ([]ledger.Public, error),
) *logCache {
	return &logCache{entries: entries, rendering: make(chan struct{}, 1), kept: map[chunkKey]*logChunk{}}
}

// read is chunk with the time of a request for each call, for answers that outlast it.
func (l *logCache) read(c echo.Context, site ground.Site, n uint64, least int) (*logChunk, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request().Context()), web.RequestTime)
	defer stop()
	return l.chunk(ctx, site, n, least)
}

// chunk returns the chunk of a number, from 0, with at least so many entries.
func (l *logCache) chunk(ctx context.Context, site ground.Site, n uint64, least int) (*logChunk, error) {
	key := chunkKey{site.ID, n}
	if c := l.get(key); c != nil && c.n >= least {
		return c, nil
	}
	select {
	case l.rendering <- struct{}{}:
		defer func() { <-l.rendering }()
	case <-ctx.Done():
		return nil, problem.TryAgain(ctx.Err())
	}
	c := l.get(key)
	if c != nil && c.n >= least {
		return c, nil
	}
	if c == nil {
		c = &logChunk{}
	}
	c, err := l.extended(ctx, site, n, c)
	if err == nil && c.n < least {
		err = errLogReplaced
	}
	if err != nil {
		if errors.Is(err, errLogReplaced) {
			l.forget(site.ID)
		}
		return nil, err
	}
	l.put(key, c)
	return c, nil
}

// extended returns c with the entries that came since.
func (l *logCache) extended(ctx context.Context, site ground.Site, n uint64, c *logChunk) (*logChunk, error) {
	next := &logChunk{n: c.n, before: c.before, last: c.last}
	after, limit := n*chunkEntries+uint64(c.n), chunkEntries-c.n
	overlap := min(after, 1) // the entry before is read again, to see that the new ones follow it
	list, err := l.entries(ctx, site, after-overlap, limit+int(overlap))
	if err != nil {
		return nil, err
	}
	if overlap == 1 {
		if len(list) == 0 || c.n > 0 && !bytes.Equal(list[0].Hash, c.last) {
			return nil, errLogReplaced
		}
		if c.n == 0 {
			next.before = list[0].Hash
		}
		list = list[1:]
	}
	var lines []byte
	for _, p := range list {
		lines = append(lines, p.Line()...)
		next.last = p.Hash
	}
	next.n += len(list)
	next.lines = slices.Concat(c.lines, lines)
	return next, nil
}

func (l *logCache) get(key chunkKey) *logChunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept[key]
}

// put keeps c. It drops others above maxLogBytes, in no order: dropping the longest unused would keep nothing of a log
// that is larger and read from its beginning to its end.
func (l *logCache) put(key chunkKey, c *logChunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(key)
	for other := range l.kept {
		if l.bytes+len(c.lines) <= maxLogBytes {
			break
		}
		l.drop(other)
	}
	l.kept[key] = c
	l.bytes += len(c.lines)
}

// drop forgets a chunk; the lock is held.
func (l *logCache) drop(key chunkKey) {
	if c := l.kept[key]; c != nil {
		l.bytes -= len(c.lines)
		delete(l.kept, key)
	}
}

// forget drops all chunks of a site.
func (l *logCache) forget(site int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key := range l.kept {
		if key.site == site {
			l.drop(key)
		}
	}
}
