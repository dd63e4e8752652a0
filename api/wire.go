package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/problem"
)

// A timestamp is a time as the contract writes it: RFC 3339 in UTC.
type timestamp time.Time

// MarshalJSON writes the time with as many digits of a second as it has.
func (s timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(s).UTC().Format(`"` + time.RFC3339Nano + `"`)), nil
}

// at is nil for the zero time, which is written as null.
func at(t time.Time) *timestamp {
	if t.IsZero() {
		return nil
	}
	s := timestamp(t)
	return &s
}

// orNull is nil for "", which is written as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// list is never nil, because a list is written as [] when it is empty.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// commentOut is a comment as readers see it.
type commentOut struct {
	ID        string     `json:"id"`
	Version   int64      `json:"version"`
	Parent    *string    `json:"parent"`
	Depth     int        `json:"depth"`
	State     string     `json:"state"`
	Author    *authorOut `json:"author"`
	HTML      *string    `json:"html"`
	Lang      string     `json:"lang"`
	CreatedAt *timestamp `json:"created_at"`
	EditedAt  *timestamp `json:"edited_at"`
	Redacted  *timestamp `json:"redacted_at"`
	Votes     int        `json:"votes"`
	Replies   int        `json:"replies"`
	Permalink string     `json:"permalink"`
}

type authorOut struct {
	Name     *string `json:"name"`
	Badge    *string `json:"badge"`
	URL      *string `json:"url"`
	Verified bool    `json:"verified"`
}

// publicComment is what anybody sees: of one that is gone, the place that the domain left of it.
func publicComment(m comment.Comment, pageURL string) commentOut {
	out := wholeComment(m, pageURL)
	if m.State != comment.Approved {
		out.Author, out.HTML = nil, nil
	}
	return out
}

// wholeComment is the comment itself, for those who may see it in any state.
func wholeComment(m comment.Comment, pageURL string) commentOut {
	return commentOut{
		ID: m.ID, Version: m.Version, Parent: orNull(m.Parent), Depth: m.Depth, State: m.State.String(),
		Author: &authorOut{Name: orNull(m.Name), Badge: orNull(m.Badge), URL: orNull(m.Website), Verified: m.Verified},
		HTML:   &m.HTML, Lang: m.Lang, CreatedAt: at(m.CreatedAt), EditedAt: at(m.EditedAt),
		Redacted: at(m.RedactedAt), Votes: m.Votes, Replies: m.ShownReplies, Permalink: permalink(pageURL, m.ID),
	}
}

func permalink(pageURL, id string) string { return pageURL + "#aitys-" + id }

// noStore keeps an answer out of every cache.
func noStore(c echo.Context) { c.Response().Header().Set("Cache-Control", "no-store") }

// replayed says that an answer repeats an earlier one.
func replayed(c echo.Context, again bool) {
	if again {
		c.Response().Header().Set("Idempotency-Replayed", "true")
	}
}

// idempotencyKey reads the header; nil without one. The route is the very address, so that a
// key used for two comments names two requests. in is the body as it was understood.
func idempotencyKey(c echo.Context, site int64, account string, in any) (*ground.Key, error) {
	values, sent := c.Request().Header["Idempotency-Key"]
	if !sent {
		return nil, nil
	}
	if len(values) != 1 || !web.GoodKey(values[0]) {
		return nil, problem.Field("Idempotency-Key",
			"An Idempotency-Key has 16 to 128 random characters, letters and digits.")
	}
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("hash the body: %w", err)
	}
	sum := sha256.Sum256(body)
	route := c.Request().Method + " " + c.Request().URL.Path
	return &ground.Key{Site: site, Route: route, Account: account, Value: values[0], Body: sum[:]}, nil
}

// limit reads how many entries are wanted; 0 when it is left to the list.
func limit(c echo.Context) (int, error) {
	given := c.QueryParam("limit")
	if given == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n == 0 {
		return 0, problem.Query("limit", "A limit is a number, 1 or more.")
	}
	return n, nil
}
