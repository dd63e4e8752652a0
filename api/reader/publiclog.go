package reader

import (
	"context"
	"io"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/ledger"
	"github.com/aitys/aitys/moderation/problem"
)

// publicLog answers with the public side of a site's log, a line of JSON an entry, from the first one, or from
// behind the one that who asks has already, to the newest.
func (h *plainPages) publicLog(c echo.Context) error {
	site, err := h.kit.Process.Site(c.Request().Context(), c.Param("site"))
	if err != nil {
		return err
	}
	var after uint64
	if given := c.QueryParam("after"); given != "" {
		if after, err = strconv.ParseUint(given, 10, 63); err != nil {
			return problem.Query("after", "What the log goes on after is the number of an entry.")
		}
	}
	out := web.Stream(c, "application/x-ndjson", "")
	return out.Cut(h.writeLog(c, out, site, after))
}

func (h *plainPages) writeLog(c echo.Context, out io.Writer, site ground.Site, after uint64) error {
	for {
		list, err := h.entries(c, site, after)
		if err != nil {
			return err
		}
		var lines []byte
		for _, p := range list {
			lines, after = append(lines, p.Line()...), p.Seq
		}
		if _, err := out.Write(lines); err != nil || len(list) < logChunk {
			return err
		}
	}
}

const logChunk = 1_000

func (h *plainPages) entries(c echo.Context, site ground.Site, after uint64) ([]ledger.Public, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(c.Request().Context()), web.RequestTime)
	defer stop()
	return h.service.PublicLog(ctx, site, after, logChunk)
}
