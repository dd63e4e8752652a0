package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
)

// setPresence stores which comment the moderator looks at. Clients repeat the request to stay present.
func (h *moderators) setPresence(c *web.Request) error {
	var in struct {
		Comment *string `json:"comment"`
		Split   int     `json:"split"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	if err := h.kit.Presence.LookAt(c.Request().Context(), c.Actor, c.Site, orEmpty(in.Comment), in.Split); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leave removes the moderator's presence.
func (h *moderators) leave(c *web.Request) error {
	if err := h.kit.Presence.Leave(c.Request().Context(), c.Actor, c.Site); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// setPresenceOfAny is setPresence in the queue of all sites. Without a site and a comment, the moderator leaves.
func (h *moderators) setPresenceOfAny(c *web.Request) error {
	var in struct {
		Site    *string `json:"site"`
		Comment *string `json:"comment"`
		Split   int     `json:"split"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	ctx, key, comment := c.Request().Context(), orEmpty(in.Site), orEmpty(in.Comment)
	if key == "" && comment == "" {
		return h.leaveAll(c)
	}
	if key == "" {
		return problem.Field("/site", "Name the site of the comment.")
	}
	site, err := h.kit.Process.Site(ctx, key)
	if err != nil {
		return err
	}
	if err := h.kit.Presence.LookAtOfAny(ctx, c.Actor, site, comment, in.Split); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// leaveAll removes the moderator's presence from the queue of all sites.
func (h *moderators) leaveAll(c *web.Request) error {
	if err := h.kit.Presence.LeaveAll(c.Request().Context(), c.Actor); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
