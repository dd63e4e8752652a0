package webhook

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

const excerptLength = 300 // characters

// A message is the content of a request to a receiver.
type message struct {
	id   string
	at   time.Time // when it is sent
	body []byte
}

// A subject holds the current comment or takedown of a message, and its page. Fields are zero if the rows are gone.
type subject struct {
	comment  comment.Comment
	takedown takedown.Takedown
	page     site.Page
}

// payload is the data of a message by Standard Webhooks.
type payload struct {
	Site     string           `json:"site"`
	Comment  *payloadComment  `json:"comment"`
	Page     *payloadPage     `json:"page"`
	Takedown *payloadTakedown `json:"takedown,omitempty"`
	Seq      *uint64          `json:"seq"`   // the log entry; null if there is none
	Order    *uint64          `json:"order"` // the number of the message; null in a test
	Desk     string           `json:"desk"`
	Note     string           `json:"note,omitempty"`
}

type payloadComment struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	Lang      string    `json:"lang"`
	CreatedAt time.Time `json:"created_at"`
}

// A payloadTakedown holds the public facts of a takedown. A sealed one has only the ID and the status.
type payloadTakedown struct {
	ID       string     `json:"id"`
	Status   string     `json:"status"` // the current one
	Sealed   bool       `json:"sealed"`
	By       string     `json:"by,omitempty"`
	Kind     string     `json:"kind,omitempty"`
	Law      string     `json:"law,omitempty"`
	Country  string     `json:"country,omitempty"`
	Received *time.Time `json:"received_at,omitempty"`
	Comments int        `json:"comments,omitempty"`
}

func takedownPayload(d takedown.Takedown) *payloadTakedown {
	n := d.Notice()
	t := &payloadTakedown{ID: d.ID, Status: string(d.Status()), Sealed: n.Sealed, By: n.By, Kind: n.Kind, Law: n.Law}
	if !n.Sealed {
		t.Country, t.Received, t.Comments = d.Country, &d.Received, d.Count
	}
	return t
}

type payloadPage struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// serviceURL returns a URL of the service.
func (s *Service) serviceURL(path string) string { return s.public.JoinPath(path).String() }

// compose returns the message of a delivery.
func (s *Service) compose(h Endpoint, site site.Site, d Delivery, st subject, lang string) message {
	m := message{id: d.ID, at: s.work.Now()}
	if c := &st.comment; c.State == comment.Removed || c.Withheld != nil {
		c.Name, c.Source = "", "" // only moderators may see them
	}
	desk := s.serviceURL("/moderate/" + site.Key + "/queue")
	if st.comment.ID != "" {
		desk = s.serviceURL("/moderate/" + site.Key + "/comments/" + st.comment.ID)
	}
	if st.takedown.ID != "" {
		desk = s.serviceURL("/moderate/" + site.Key + "/demands")
	}
	if h.Kind != Standard {
		m.body = chat(h, i18n.In(lang), site, d, st, desk)
		return m
	}
	data := payload{Site: site.Key, Desk: desk}
	if d.Seq > 0 {
		data.Seq = &d.Seq
	}
	if d.Number > 0 {
		data.Order = &d.Number
	}
	if c := st.comment; c.ID != "" {
		data.Comment = &payloadComment{
			ID:        c.ID,
			Version:   c.Version,
			State:     c.PublicState(),
			Reason:    c.Reason.String(),
			Author:    c.Name,
			Body:      c.Source,
			Lang:      c.Lang,
			CreatedAt: c.CreatedAt,
		}
	}
	if st.takedown.ID != "" {
		data.Takedown = takedownPayload(st.takedown)
	}
	if st.page.ID != "" {
		data.Page = &payloadPage{URL: st.page.URL, Title: st.page.Title}
	}
	m.body, _ = json.Marshal(struct { // strings, numbers and times always marshal
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      payload   `json:"data"`
	}{d.Event, d.At, data})
	return m
}

// chat returns the body for a chat: a line of text and a link to the desk.
func chat(h Endpoint, w *i18n.Catalog, site site.Site, d Delivery, st subject, desk string) []byte {
	_, what, _ := strings.Cut(d.Event, ".")
	line := w.T("chat."+what, "site", text.BreakLinks(site.Name))
	if c := st.comment; c.ID != "" {
		if line += "\n"; c.Source != "" {
			line += text.BreakLinks(cmp.Or(c.Name, w.T("read.anonymous"))) + ", "
		}
		if line += text.BreakLinks(st.page.Name()); c.Source != "" {
			line += ": " + text.BreakLinks(text.Excerpt(c.Source, excerptLength))
		}
	}
	if n := st.takedown.Notice(); st.takedown.ID != "" && !n.Sealed {
		line += "\n" + text.BreakLinks(cmp.Or(n.By, w.T("withheld.who."+n.Kind)))
		if n.Law != "" {
			line += ", " + text.BreakLinks(n.Law)
		}
	}
	line += "\n" + desk
	fields := map[string]any{"text": line}
	switch h.Kind {
	case Telegram:
		fields["link_preview_options"] = map[string]any{"is_disabled": true}
	case Matrix:
		fields = map[string]any{"msgtype": "m.text", "body": line}
	case Slack:
		fields["text"] = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(line)
		fields["unfurl_links"] = false
	}
	body, _ := json.Marshal(fields) // strings and booleans always marshal
	return body
}
