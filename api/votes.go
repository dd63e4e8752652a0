package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/vote"
)

// voteOut is a comment's number of votes, and the token that removes the reader's own vote.
type voteOut struct {
	Votes     int     `json:"votes"`
	VoteToken *string `json:"vote_token"`
}

// vote adds or removes a reader's vote. It is idempotent.
func (h *readers) vote(c *web.Request) error {
	var in struct {
		Value *int   `json:"value"`
		Token string `json:"vote_token"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if in.Value == nil {
		return problem.Field("/value", "A vote is 1; 0 takes it back.")
	}
	r := c.Request()
	got, err := h.Votes.Vote(r.Context(), c.Site, c.Param("id"), h.kit.Address(r),
		vote.Change{Value: *in.Value, Token: in.Token})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, voteOut{Votes: got.Votes, VoteToken: web.OrNull(got.Token)})
}
