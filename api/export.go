package api

import (
	"context"
	"time"

	"github.com/aitys/aitys/api/web"
)

// exportTime limits an export. It reads one snapshot, and the database cannot vacuum while a slow client holds it.
const exportTime = 15 * time.Minute

// export streams a site's data. If it fails after the response has begun, it aborts the connection. An export without
// its last line is invalid.
func (h *moderators) export(c *web.Request) error {
	if _, _, err := h.Sites.Pages(c.Request().Context(), c.Actor, c.Site, "", 1); err != nil {
		return err // a database that does not respond fails within the request's timeout
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(c.Request().Context()), exportTime)
	defer end()
	out := web.NewStream(c, "application/x-ndjson", c.Site.Key+".jsonl")
	return out.Finish(h.write(ctx, c.Actor, c.Site, out))
}
