package reader

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

const (
	chunkEntries = 1_000
	maxLogBytes  = 32 << 20 // of all cached chunks
)

// A logChunk contains the rendered lines of up to 1,000 entries. Chunk n starts after entry n·1,000. It is immutable.
type logChunk struct {
	lines  []byte
	n      int
	before []byte // hash of the entry before the first; nil: there is none
	last   []byte // hash of the last entry
}

// between returns the lines after+1 to to, counted from 1.
func (c *logChunk) between(after, to int) []byte {
	return c.lines[c.end(after):c.end(to)]
}

// end returns the offset at which a line ends. Lines count from 1.
func (c *logChunk) end(line int) (at int) {
	if line == c.n {
		return len(c.lines)
	}
	for range line {
		at += bytes.IndexByte(c.lines[at:], '\n') + 1
	}
	return at
}

// errLogReplaced reports that the log was replaced while this process runs, as by restoring a backup.
var errLogReplaced = problem.TryAgain(errors.New("the log was replaced"))

// follows returns errLogReplaced unless c continues the chunk before; before may be nil.
func (c *logChunk) follows(before *logChunk) error {
	if before != nil && before.n == chunkEntries && !bytes.Equal(before.last, c.before) {
		return errLogReplaced
	}
	return nil
}

// endsIn returns errLogReplaced if c should end with the head of the log but has another last entry.
func (c *logChunk) endsIn(head auditlog.Head) error {
	if head.Seq%chunkEntries == uint64(c.n%chunkEntries) && !bytes.Equal(c.last, head.Hash) {
		return errLogReplaced
	}
	return nil
}

type chunkKey struct {
	site int64
	n    uint64
}

// A logCache caches rendered chunks. It renders one chunk at a time, so that readers of logs use at most one database
// connection.
type logCache struct {
	entries   func(ctx context.Context, site site.Site, after uint64, limit int) ([]auditlog.Public, error)
	rendering chan struct{} // semaphore of size 1

	mu    sync.Mutex
	kept  map[chunkKey]*logChunk
	bytes int
}

func newLogCache(
	entries func(ctx context.Context, site site.Site, after uint64, limit int) ([]auditlog.Public, error),
) *logCache {
	return &logCache{entries: entries, rendering: make(chan struct{}, 1), kept: map[chunkKey]*logChunk{}}
}

// read calls chunk with a fresh request timeout, for responses that outlast the timeout of their request.
func (l *logCache) read(c echo.Context, site site.Site, n uint64, least int) (*logChunk, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request().Context()), web.RequestTimeout)
	defer stop()
	return l.chunk(ctx, site, n, least)
}

// chunk returns chunk n, counted from 0, with least entries or more.
func (l *logCache) chunk(ctx context.Context, site site.Site, n uint64, least int) (*logChunk, error) {
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

// extended returns a copy of c with the entries added since.
func (l *logCache) extended(ctx context.Context, site site.Site, n uint64, c *logChunk) (*logChunk, error) {
	next := &logChunk{n: c.n, before: c.before, last: c.last}
	after, limit := n*chunkEntries+uint64(c.n), chunkEntries-c.n
	overlap := min(after, 1) // reread the last known entry, to check that the new ones follow it
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

// put stores c, and evicts arbitrary chunks above maxLogBytes. LRU would evict every chunk of a larger log that is read
// from beginning to end.
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

// drop deletes a chunk. The caller holds the lock.
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
