package api

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/people"
)

// An export reads one snapshot, which a client who reads slowly would keep for long: the database could not tidy up
// meanwhile.
const (
	exportTime = 15 * time.Minute
	pieceTime  = 30 * time.Second
)

// export writes a site down while it is read. What fails on the way is cut off: without its last line it is no export.
func (h *moderators) export(c echo.Context, who people.Actor, site ground.Site) error {
	ctx, end := context.WithTimeout(c.Request().Context(), exportTime)
	defer end()
	err := h.write(ctx, who, site, patient{c.Response(), http.NewResponseController(c.Response()), site.Key})
	if err != nil && c.Response().Committed {
		panic(http.ErrAbortHandler)
	}
	return err
}

// A patient writer waits for its reader, for each piece as long.
type patient struct {
	out     *echo.Response
	control *http.ResponseController
	site    string
}

func (p patient) Write(b []byte) (int, error) {
	if !p.out.Committed { // until now it could be refused
		p.out.Header().Set("Content-Disposition", `attachment; filename="`+p.site+`.jsonl"`)
		p.out.Header().Set("Content-Type", "application/x-ndjson")
	}
	if err := p.control.SetWriteDeadline(time.Now().Add(pieceTime)); err != nil {
		return 0, err
	}
	return p.out.Write(b)
}
