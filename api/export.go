package api

import (
	"context"
	"io"

	"github.com/aitys/aitys/api/web"
)

// export streams a site's data. An export without its last line is invalid.
func (h *moderators) export(c *web.Request) error {
	if _, _, err := h.Sites.Pages(c.Request().Context(), c.Actor, c.Site, "", 1); err != nil {
		return err // a database that does not respond fails within the request's timeout
	}
	return web.Download(c, "application/x-ndjson", c.Site.Key+".jsonl", func(ctx context.Context, to io.Writer) error {
		return h.write(ctx, c.Actor, c.Site, to)
	})
}
