package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/outbound"
)

// FailedSealed is the failure reason if the URL of a webhook cannot be decrypted. Package outbound has the others.
const FailedSealed = "its address was sealed with another secret: add it again"

const (
	postTimeout = 10 * time.Second // for one message, from the lookup of the name to the end of the response
	maxDrain    = 4 << 10          // bytes of a response that are read, so that the connection can be reused
)

// A request is how a message is sent to a kind of receiver.
type request struct {
	method, url, bearer string
	chat                string // Telegram's chat_id
}

// target returns the request for a receiver. If the URL lacks a part, lacks shows the expected form; otherwise it is
// "".
func target(kind string, u *url.URL, id string) (c request, lacks string) {
	c = request{method: http.MethodPost, url: u.String()}
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
		to = *to.JoinPath(url.PathEscape(id)) // Matrix drops another message with this ID
	}
	c.url = to.String()
	return c, ""
}

// A failure is the error of a message that was not delivered. Its text does not contain the URL, which may be secret.
type failure struct {
	reason   string
	rejected bool // the receiver responded with a status below 500 that does not ask to retry
	offline  bool // there was no connection to the receiver
}

func (f failure) Error() string { return f.reason }

// post sends a message. It returns nil if the receiver responded with a 2xx status, or else a failure.
func (s *Service) post(ctx context.Context, h Endpoint, m message) error {
	u, err := s.address(h)
	if err != nil {
		return failure{reason: FailedSealed}
	}
	to, _ := target(h.Kind, u, m.id) // AddWebhook checked the address
	if to.chat != "" {
		chat, _ := json.Marshal(to.chat) // a string always marshals
		m.body = slices.Concat([]byte(`{"chat_id":`), chat, []byte(","), m.body[1:])
	}
	ctx, end := context.WithTimeout(ctx, postTimeout)
	defer end()
	req, err := http.NewRequestWithContext(ctx, to.method, to.url, bytes.NewReader(m.body))
	if err != nil {
		return failure{reason: outbound.ErrAddress.Error()}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", outbound.UserAgent)
	if to.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+to.bearer)
	}
	if h.Kind == Standard {
		stamp := strconv.FormatInt(m.at.Unix(), 10)
		req.Header.Set("webhook-id", m.id)
		req.Header.Set("webhook-timestamp", stamp)
		req.Header.Set("webhook-signature", "v1,"+signature(s.signingSecret(h.Site, h.ID), m.id, stamp, m.body))
	}
	res, err := s.client.Do(req)
	if err != nil {
		reason := outbound.Reason(err)
		return failure{reason: reason, offline: reason != outbound.FailedTimeout}
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, maxDrain)
	if res.StatusCode >= 200 && res.StatusCode < 300 {
		return nil
	}
	busy := res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout ||
		res.StatusCode == http.StatusTooEarly
	return failure{reason: outbound.FailedStatus + strconv.Itoa(res.StatusCode), rejected: res.StatusCode < 500 && !busy}
}

// signature returns the signature of Standard Webhooks: HMAC-SHA256 of ID, time and body. The key follows whsec_ in
// the signing secret.
func signature(signing, id, stamp string, body []byte) string {
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(signing, "whsec_")) // signing made it
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", id, stamp, body) // a hash never fails
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
