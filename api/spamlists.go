package api

import (
	"net/http"
	"strconv"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/spamlist"
)

// publishedList serves the latest version of the spam list that a site publishes.
func (h *admins) publishedList(c *web.Request) error {
	site, err := h.kit.Process.Site(c.Request().Context(), c.Param("site"))
	if err != nil {
		return err
	}
	list, err := h.SpamLists.PublishedSpamList(c.Request().Context(), site)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-cache")
	header.Set("ETag", `"`+strconv.FormatInt(list.Generated.UnixMicro(), 36)+`"`)
	if c.Request().Header.Get("If-None-Match") == header.Get("ETag") {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSONBlob(http.StatusOK, list.Body)
}

// spamListOut is a spam list of another site that this site reads.
type spamListOut struct {
	ID          string         `json:"id"`
	URL         string         `json:"url"`
	Name        string         `json:"name"`
	Key         string         `json:"key"`
	Fingerprint string         `json:"fingerprint"`
	Weight      float64        `json:"weight"`
	AddedAt     *web.Timestamp `json:"added_at"`
	GeneratedAt *web.Timestamp `json:"generated_at"`
	TakenAt     *web.Timestamp `json:"taken_at"`
	TriedAt     *web.Timestamp `json:"tried_at"`
	Campaigns   int            `json:"campaigns"`
	Hosts       int            `json:"hosts"`
	Failure     *string        `json:"failure"`
	Met         matchesOut     `json:"met"`
}

// matchesOut counts the comments that matched a list.
type matchesOut struct {
	Waiting  int `json:"waiting"`
	Decided  int `json:"decided"`
	Approved int `json:"approved"`
}

// ownListOut is the state of the list that the site publishes.
type ownListOut struct {
	On          bool           `json:"on"`
	GeneratedAt *web.Timestamp `json:"generated_at"`
	Campaigns   int            `json:"campaigns"`
	Hosts       int            `json:"hosts"`
}

func (h *admins) spamLists(c *web.Request) error {
	found, err := h.SpamLists.SpamListSources(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	met, err := h.SpamLists.SpamListTallies(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	own, err := h.SpamLists.OwnSpamList(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	out := struct {
		Neighbours []spamListOut `json:"neighbours"`
		Own        ownListOut    `json:"own"`
		Next       *string       `json:"next"` // always null: sites read few lists
	}{Neighbours: []spamListOut{}, Own: ownListOut{own.On, web.At(own.Generated), own.Campaigns, own.Hosts}}
	for _, n := range found {
		out.Neighbours = append(out.Neighbours, spamListOut{
			ID:          n.ID,
			URL:         n.URL,
			Name:        n.Name(),
			Key:         n.Key,
			Fingerprint: signing.Fingerprint(n.Key),
			Weight:      n.Weight,
			AddedAt:     web.At(n.At),
			GeneratedAt: web.At(n.Generated),
			TakenAt:     web.At(n.TakenAt),
			TriedAt:     web.At(n.TriedAt),
			Campaigns:   n.Campaigns,
			Hosts:       n.Hosts,
			Failure:     web.OrNull(n.Failure),
			Met:         matchesOut(met[n.Name()]),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addSpamList(c *web.Request) error {
	var in struct {
		URL    string   `json:"url"`
		Key    string   `json:"key"`
		Weight *float64 `json:"weight"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	d := spamlist.Draft{URL: in.URL, Key: in.Key, Weight: 1}
	if in.Weight != nil {
		d.Weight = *in.Weight
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	id, again, err := h.SpamLists.AddSpamListSource(c.Request().Context(), c.Actor, c.Site, d, key)
	return writeAdded(c, id, again, err)
}

// previewListOut describes the list at a URL. Failure says why it could not be read.
type previewListOut struct {
	Failure     *string        `json:"failure"`
	Site        *string        `json:"site"`
	Key         *string        `json:"key"`
	Fingerprint *string        `json:"fingerprint"`
	GeneratedAt *web.Timestamp `json:"generated_at"`
	Campaigns   int            `json:"campaigns"`
	Hosts       int            `json:"hosts"`
	LastSeen    *web.Timestamp `json:"last_seen"`
}

func (h *admins) previewSpamList(c *web.Request) error {
	var in struct {
		URL string `json:"url"`
		Key string `json:"key"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	offer, err := h.SpamLists.PreviewSpamList(c.Request().Context(), c.Actor, c.Site,
		spamlist.Draft{URL: in.URL, Key: in.Key})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, previewListOut{
		Failure:     web.OrNull(offer.Failure),
		Site:        web.OrNull(offer.Site),
		Key:         web.OrNull(offer.Key),
		Fingerprint: web.OrNull(signing.Fingerprint(offer.Key)),
		GeneratedAt: web.At(offer.Generated),
		Campaigns:   offer.Campaigns,
		Hosts:       offer.Hosts,
		LastSeen:    web.At(offer.LastSeen),
	})
}
