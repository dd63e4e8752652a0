package reader

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// publicLogs serves the public part of a site's log, one line of JSON per entry.
type publicLogs struct {
	kit        *web.Kit
	Moderation *moderation.Service
	cache      *logCache
}

// A logRange is the entries after one sequence number up to and including another. A final range is a full chunk and
// never changes.
type logRange struct {
	after, to uint64
	final     bool
}

// lines serves the whole log, the entries after one (after), or one chunk. Entries never change, and an erasure only
// empties private fields, so a full chunk is immutable. The hash of the last entry covers all entries before it, so it
// is the ETag.
func (h *publicLogs) lines(c *web.Request) (err error) {
	ctx, header := c.Request().Context(), c.Response().Header()
	defer func() {
		if err != nil { // an error is not cacheable
			header.Del("Cache-Control")
			header.Del("ETag")
		}
	}()
	head, err := h.Moderation.PublicHead(ctx, c.Site)
	if err != nil {
		return err
	}
	asked, err := parseLogRange(c, head)
	if err != nil {
		return err
	}
	header.Set("Cache-Control", "no-cache")
	last := head.Hash
	if asked.final {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		chunk, err := h.cache.chunk(ctx, c.Site, asked.after/chunkEntries, chunkEntries)
		if err != nil {
			return err
		}
		last = chunk.last
	}
	header.Set("ETag", `"`+hex.EncodeToString(last)+`"`)
	if known := c.Request().Header.Get("If-None-Match"); known != "" && web.Matches(known, header.Get("ETag")) {
		return c.NoContent(http.StatusNotModified)
	}
	rate := web.Logs
	if asked.final || c.QueryParam("chunk") != "" {
		rate = web.Reads
	}
	if err := h.kit.Allow(c, rate, c.Site.ID); err != nil {
		return err
	}
	return h.send(c, c.Site, head, asked)
}

// send writes the lines of a range. It holds no database connection while it writes to the client.
func (h *publicLogs) send(c echo.Context, site site.Site, head auditlog.Head, asked logRange) error {
	out := web.NewStream(c, "application/x-ndjson", "")
	if asked.after >= asked.to {
		_, err := out.Write(nil)
		return err
	}
	var err error
	var before *logChunk
	for n := asked.after / chunkEntries; err == nil && n*chunkEntries < asked.to; n++ {
		first := n * chunkEntries
		to := min(asked.to, first+chunkEntries)
		var chunk *logChunk
		if chunk, err = h.cache.read(c, site, n, int(to-first)); err != nil {
			break
		}
		if err = chunk.follows(before); err == nil && to == head.Seq {
			err = chunk.endsIn(head)
		}
		if err != nil {
			h.cache.forget(site.ID)
			break
		}
		_, err = out.Write(chunk.between(int(max(asked.after, first)-first), int(to-first)))
		before = chunk
	}
	return out.Finish(err)
}

// parseLogRange parses the requested range.
func parseLogRange(c echo.Context, head auditlog.Head) (logRange, error) {
	asked := logRange{to: head.Seq}
	number := func(name, wrong string) (uint64, bool, error) {
		given := c.QueryParam(name)
		if given == "" {
			return 0, false, nil
		}
		n, err := strconv.ParseUint(given, 10, 63)
		if err != nil {
			err = problem.Query(name, wrong)
		}
		return n, true, err
	}
	after, hasAfter, err := number("after", "after must be the number of an entry.")
	chunk, hasChunk, wrong := number("chunk", "chunk must be a number, 1 or more.")
	last := max(1, (head.Seq+chunkEntries-1)/chunkEntries)
	switch {
	case err != nil || wrong != nil:
		return asked, errors.Join(err, wrong)
	case hasAfter && hasChunk:
		return asked, problem.Query("chunk", "Use either after or chunk.")
	case hasChunk && (chunk == 0 || chunk > last):
		return asked, problem.Query("chunk", fmt.Sprintf("The chunks of this log are 1 to %d.", last))
	case hasChunk:
		asked.after = (chunk - 1) * chunkEntries
		asked.final = chunk*chunkEntries <= head.Seq
		asked.to = min(head.Seq, chunk*chunkEntries)
	case hasAfter:
		asked.after = min(after, head.Seq)
	}
	return asked, nil
}

// index serves the number of entries and chunks, and the hash of the last entry.
func (h *publicLogs) index(c *web.Request) error {
	head, err := h.Moderation.PublicHead(c.Request().Context(), c.Site)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	c.Response().Header().Set("ETag", `"`+hex.EncodeToString(head.Hash)+`"`)
	if known := c.Request().Header.Get("If-None-Match"); known != "" && web.Matches(known, c.Response().Header().Get("ETag")) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSON(http.StatusOK, struct {
		Entries uint64  `json:"entries"`
		Head    *string `json:"head"`
		Size    uint64  `json:"chunk_entries"`
		Chunks  uint64  `json:"chunks"`
	}{head.Seq, web.OrNull(hex.EncodeToString(head.Hash)), chunkEntries, (head.Seq + chunkEntries - 1) / chunkEntries})
}
