package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// siteOut is a site. Its settings are named as in `aitys site set`. Queue is set in lists.
type siteOut struct {
	site.Site
	Queue *QueueOut
}

// QueueOut is the JSON form of the comments of a site that need a moderator. The API and the command use it.
type QueueOut struct {
	Pending   int            `json:"pending"`
	Suspected int            `json:"suspected"`
	Reported  int            `json:"reported"`
	Appealed  int            `json:"appealed"`
	OldestAt  *web.Timestamp `json:"oldest_at"`
}

// NewQueueOut returns the JSON form of counts.
func NewQueueOut(c comment.QueueCounts) QueueOut {
	return QueueOut{c.Pending, c.Suspected, c.Reported, c.Appealed, web.At(c.Oldest)}
}

// MarshalJSON writes the key, the settings in site.Fields, the time of creation and the queue.
func (s siteOut) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	var err error
	put := func(name string, value any) {
		text, e := json.Marshal(value)
		err = errors.Join(err, e)
		fmt.Fprintf(&out, `,%q:%s`, name, text)
	}
	put("key", s.Key)
	for _, f := range site.Fields {
		switch own := f.Value(s.Site); {
		case f.Kind == site.KindOrigins:
			put(f.Name, web.List(s.Origins))
		case f.Kind.Numeric() && own == "":
			put(f.Name, nil)
		case f.Kind.Numeric():
			put(f.Name, json.Number(own))
		case f.Kind == site.KindText && own == "":
			put(f.Name, web.DefaultRules(s.Site, i18n.In(f.Lang)))
		default:
			put(f.Name, own)
		}
	}
	put("created_at", web.At(s.CreatedAt))
	if s.Queue != nil {
		put("queue", s.Queue)
	}
	out.WriteByte('}')
	text := out.Bytes()
	text[0] = '{' // in place of the first comma
	return text, err
}

func (h *admins) sites(c *web.Request) error {
	sites, err := h.kit.Process.Sites(c.Request().Context(), c.Actor)
	if err != nil {
		return err
	}
	counts, err := h.Sites.CountQueues(c.Request().Context(), c.Actor, sites)
	if err != nil {
		return err
	}
	out := struct {
		Sites []siteOut `json:"sites"`
		Next  *string   `json:"next"`
	}{Sites: []siteOut{}}
	for i, s := range sites {
		queue := NewQueueOut(counts[i])
		out.Sites = append(out.Sites, siteOut{s, &queue})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *admins) addSite(c *web.Request) error {
	var in struct {
		Key    string   `json:"key"`
		Name   string   `json:"name"`
		Origin []string `json:"origin"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	site := site.Site{Key: in.Key, Name: in.Name, Origins: in.Origin}
	site, again, err := h.Sites.AddSite(c.Request().Context(), c.Actor, site, key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.JSON(http.StatusCreated, siteOut{Site: site})
}

func (h *admins) setSite(c *web.Request) error {
	var in map[string]any
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	settings := make(map[string]string, len(in))
	for name, value := range in {
		text, err := settingText(name, value)
		if err != nil {
			return err
		}
		if value != nil { // null means unchanged
			settings[name] = text
		}
	}
	site, err := h.Sites.SetSite(c.Request().Context(), c.Actor, c.Param("site"), settings)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, siteOut{Site: site})
}

func (h *admins) removeSite(c *web.Request) error {
	if err := h.Sites.RemoveSite(c.Request().Context(), c.Actor, c.Param("site")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// endEditTokens revokes all edit tokens of a site.
func (h *admins) endEditTokens(c *web.Request) error {
	key, err := c.Key(nil)
	if err != nil {
		return err
	}
	again, err := h.Sites.EndEditTokens(c.Request().Context(), c.Actor, c.Site, key)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.NoContent(http.StatusNoContent)
}

// settingText returns the text form of a JSON setting: a number, a string or a list of strings.
func settingText(name string, value any) (string, error) {
	i := slices.IndexFunc(site.Fields, func(f site.Field) bool { return f.Name == name })
	if i < 0 {
		return "", problem.UnknownField("/" + name)
	}
	kind := site.Fields[i].Kind
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		if !kind.Numeric() && kind != site.KindOrigins {
			return v, nil
		}
	case float64:
		if kind.Numeric() {
			return strconv.FormatFloat(v, 'f', -1, 64), nil
		}
	case []any:
		if kind == site.KindOrigins {
			return originsText(v)
		}
	}
	return "", problem.Field("/"+name, "The value has the wrong type.")
}

func originsText(list []any) (string, error) {
	origins := make([]string, len(list))
	for i, v := range list {
		origin, ok := v.(string)
		if !ok || strings.ContainsAny(origin, ", ") {
			return "", problem.Field("/origin", "An origin is an address like https://blog.example.")
		}
		origins[i] = origin
	}
	return strings.Join(origins, " "), nil
}
