package api

import (
	"context"
	"time"

	"github.com/aitys/aitys/api/web"
)

// An export reads one snapshot, which a client who reads slowly would keep for long: the database could not tidy up
// meanwhile.
const exportTime = 15 * time.Minute

// export writes a site down while it is read. What fails on the way is cut off: without its last line it is no export.
func (h *moderators) export(c *web.Request) error {
	if _, _, err := h.Sites.Pages(c.Request().Context(), c.Who, c.Site, "", 1); err != nil {
		return err // a database that is stuck is found out in the time of any request
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(c.Request().Context()), exportTime)
	defer end()
	out := web.Stream(c, "application/x-ndjson", c.Site.Key+".jsonl")
	return out.Cut(h.write(ctx, c.Who, c.Site, out))
}
