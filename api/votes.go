package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/vote"
)

// voteOut is how many votes a comment has, and what takes back the reader's own.
type voteOut struct {
	Votes     int     `json:"votes"`
	VoteToken *string `json:"vote_token"`
}

// vote casts or takes back a reader's vote. To send it again is to say the same.
func (h *readers) vote(c echo.Context, site site.Site) error {
	if err := h.kit.LimitVotes(c, site.ID); err != nil {
		return err
	}
	var in struct {
		Value *int   `json:"value"`
		Token string `json:"vote_token"`
	}
	if err := web.ReadJSON(c, &in); err != nil {
		return err
	}
	if in.Value == nil {
		return problem.Field("/value", "A vote is 1; 0 takes it back.")
	}
	r := c.Request()
	got, err := h.Reactions.Vote(r.Context(), site, c.Param("id"), h.kit.Address(r),
		vote.Ballot{Value: *in.Value, Token: in.Token})
	if err != nil {
		return err
	}
	web.NoStore(c)
	return c.JSON(http.StatusOK, voteOut{Votes: got.Votes, VoteToken: web.OrNull(got.Token)})
}
