package notify

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
)

// What a receiver, or one that is read, fails for, as it is written down and told.
const (
	FailedWith   = "it answered " // and a status
	FailedLate   = "it did not answer in time"
	FailedName   = "its name is not found"
	FailedInner  = "its address is inside a network that must not be reached"
	FailedLong   = "it is longer than may be read"
	FailedSealed = "its address was sealed with another secret: add it again"
)

// A message is what a receiver is sent.
type message struct {
	id   string
	at   time.Time // when it is sent
	body []byte
}

// A story is the comment or the demand, and the page, that a message tells of, as they are now. All are zero where they
// are gone.
type story struct {
	comment comment.Comment
	demand  takedown.Demand
	page    site.Page
}

// told is the data of a message by Standard Webhooks.
type told struct {
	Site    string      `json:"site"`
	Comment *toldOf     `json:"comment"`
	Page    *toldPage   `json:"page"`
	Demand  *toldDemand `json:"takedown,omitempty"`
	Seq     *uint64     `json:"seq"`   // the log entry; null if there is none
	Order   *uint64     `json:"order"` // the number of the message; null in a test
	Desk    string      `json:"desk"`
	Note    string      `json:"note,omitempty"`
}

type toldOf struct {
	ID        string    `json:"id"`
	Version   int64     `json:"version"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	Author    string    `json:"author"`
	Body      string    `json:"body"`
	Lang      string    `json:"lang"`
	CreatedAt time.Time `json:"created_at"`
}

// A toldDemand is as much of a demand as everybody may know: of a sealed one that there is one.
type toldDemand struct {
	ID       string     `json:"id"`
	Status   string     `json:"status"` // by now
	Sealed   bool       `json:"sealed"`
	By       string     `json:"by,omitempty"`
	Kind     string     `json:"kind,omitempty"`
	Law      string     `json:"law,omitempty"`
	Country  string     `json:"country,omitempty"`
	Received *time.Time `json:"received_at,omitempty"`
	Comments int        `json:"comments,omitempty"`
}

func tellDemand(d takedown.Demand) *toldDemand {
	n := d.Notice()
	t := &toldDemand{ID: d.ID, Status: string(d.Status()), Sealed: n.Sealed, By: n.By, Kind: n.Kind, Law: n.Law}
	if !n.Sealed {
		t.Country, t.Received, t.Comments = d.Country, &d.Received, d.Count
	}
	return t
}

type toldPage struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

// at is an address of the service.
func (s *Hooks) at(path string) string { return s.public.JoinPath(path).String() }

// say writes a message.
func (s *Hooks) say(h Hook, site site.Site, d Delivery, st story, lang string) message {
	m := message{id: d.ID, at: s.work.Now()}
	if c := &st.comment; c.State == comment.Removed || c.Withheld != nil {
		c.Name, c.Source = "", "" // only the desk may show them
	}
	desk := s.at("/moderate/" + site.Key + "/queue")
	if st.comment.ID != "" {
		desk = s.at("/moderate/" + site.Key + "/comments/" + st.comment.ID)
	}
	if st.demand.ID != "" {
		desk = s.at("/moderate/" + site.Key + "/demands")
	}
	if h.Kind != Standard {
		m.body = chat(h, i18n.In(lang), site, d, st, desk)
		return m
	}
	data := told{Site: site.Key, Desk: desk}
	if d.Seq > 0 {
		data.Seq = &d.Seq
	}
	if d.Number > 0 {
		data.Order = &d.Number
	}
	if c := st.comment; c.ID != "" {
		data.Comment = &toldOf{
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
	if st.demand.ID != "" {
		data.Demand = tellDemand(st.demand)
	}
	if st.page.ID != "" {
		data.Page = &toldPage{URL: st.page.URL, Title: st.page.Title}
	}
	m.body, _ = json.Marshal(struct { // of strings, numbers and times it never fails
		Type      string    `json:"type"`
		Timestamp time.Time `json:"timestamp"`
		Data      told      `json:"data"`
	}{d.Event, d.At, data})
	return m
}

// chat is a line of text for people, with a link to the desk, which alone decides.
func chat(h Hook, w *i18n.Catalog, site site.Site, d Delivery, st story, desk string) []byte {
	_, what, _ := strings.Cut(d.Event, ".")
	line := w.T("chat."+what, "site", unlinked(site.Name))
	if c := st.comment; c.ID != "" {
		if line += "\n"; c.Source != "" {
			line += unlinked(cmp.Or(c.Name, w.T("read.anonymous"))) + ", "
		}
		if line += unlinked(st.page.Name()); c.Source != "" {
			line += ": " + unlinked(oneLine(c.Source, quoted))
		}
	}
	if n := st.demand.Notice(); st.demand.ID != "" && !n.Sealed {
		line += "\n" + unlinked(cmp.Or(n.By, w.T("withheld.who."+n.Kind)))
		if n.Law != "" {
			line += ", " + unlinked(n.Law)
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
	body, _ := json.Marshal(fields) // as above
	return body
}

// A call is how a message is handed to a kind of receiver.
type call struct {
	method, url, bearer string
	chat                string // of Telegram
}

// target says how a receiver of a kind at an address is called, and to a person what the address lacks, if anything.
func target(kind string, u *url.URL, id string) (c call, lacks string) {
	c = call{method: http.MethodPost, url: u.String()}
	to, q := *u, u.Query()
	to.Fragment = ""
	switch kind {
	case Telegram:
		if c.chat = q.Get("chat_id"); c.chat == "" || !strings.HasSuffix(u.Path, "/sendMessage") {
			return c, "Telegram's address is https://api.telegram.org/botTOKEN/sendMessage?chat_id=CHAT."
		}
		to.RawQuery = ""
	case Matrix:
		if c.bearer = q.Get("access_token"); c.bearer == "" || !strings.HasSuffix(u.Path, "/send/m.room.message") {
			return c, "Matrix's address is " +
				"https://SERVER/_matrix/client/v3/rooms/ROOM/send/m.room.message?access_token=TOKEN."
		}
		c.method, to.RawQuery = http.MethodPut, ""
		to = *to.JoinPath(url.PathEscape(id)) // sent twice it is one message there
	}
	c.url = to.String()
	return c, ""
}

// A failure says why a message was not taken, without saying where it was to go.
type failure struct {
	says     string
	rejected bool // the receiver answered, and does not want this message
	away     bool // there was no connection to the receiver
}

func (f failure) Error() string { return f.says }

// post hands a message in; nil: it was taken.
func (s *Hooks) post(ctx context.Context, h Hook, m message) error {
	u, err := s.address(h)
	if err != nil {
		return failure{says: FailedSealed}
	}
	to, _ := target(h.Kind, u, m.id) // it lacked nothing when it was added
	if to.chat != "" {
		chat, _ := json.Marshal(to.chat) // marshalling a string cannot fail
		m.body = slices.Concat([]byte(`{"chat_id":`), chat, []byte(","), m.body[1:])
	}
	ctx, end := context.WithTimeout(ctx, postFor)
	defer end()
	req, err := http.NewRequestWithContext(ctx, to.method, to.url, bytes.NewReader(m.body))
	if err != nil {
		return failure{says: "its address cannot be called"}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Aitys")
	if to.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+to.bearer)
	}
	if h.Kind == Standard {
		stamp := strconv.FormatInt(m.at.Unix(), 10)
		req.Header.Set("webhook-id", m.id)
		req.Header.Set("webhook-timestamp", stamp)
		req.Header.Set("webhook-signature", "v1,"+signature(s.signing(h.Site, h.ID), m.id, stamp, m.body))
	}
	res, err := s.client.Do(req)
	if err != nil {
		return unreached(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // so that the connection may serve again
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout ||
		res.StatusCode == http.StatusTooEarly
	return failure{says: FailedWith + strconv.Itoa(res.StatusCode), rejected: res.StatusCode < 500 && !busy}
}

// signature is that of Standard Webhooks: HMAC-SHA256 over id, time and body, with what is behind whsec_.
func signature(signing, id, stamp string, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(signing, "whsec_")) // we made it
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body) // a hash takes everything
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// unreached describes a connection error. The error of net/http contains the URL, which may be secret.
func unreached(err error) failure {
	var dns *net.DNSError
	switch {
	case errors.Is(err, errInner):
		return failure{says: FailedInner, away: true}
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return failure{says: FailedLate}
	case errors.As(err, &dns):
		return failure{says: FailedName, away: true}
	}
	return failure{says: "it cannot be reached", away: true}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}
