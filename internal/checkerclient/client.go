// Package checkerclient is the HTTP client of external spam checkers.
//
// It speaks Akismet's protocol and a JSON protocol of this product. The checker of a site, and the effect of its
// response on a comment, are in moderation/externalcheck. The server side of Akismet's protocol is in api/akismet.
package checkerclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/outbound"
	"github.com/aitys/aitys/moderation/externalcheck"
)

const (
	checkTimeout = 5 * time.Second // for one comment, from the lookup of the name to the end of the response
	maxResponse  = 4 << 10         // bytes
)

// placeholderIP is sent as the commenter's address, which Akismet's protocol requires (RFC 5737).
const placeholderIP = "192.0.2.1"

// The reasons why a response was not usable. Package outbound has the reasons why there was none.
const (
	FailedInvalid = "its response is not valid"
	FailedKey     = "it does not know the key"
)

var errInvalid = errors.New(FailedInvalid)

// A Client implements externalcheck.Client. It is safe for concurrent use.
type Client struct{ http *http.Client }

// New returns a Client that connects only to addresses that r allows.
func New(r outbound.Reach) *Client { return &Client{r.Client(checkTimeout)} }

// Ask implements externalcheck.Client. A URL whose path ends in /comment-check gets a request of Akismet's protocol.
// Any other URL gets JSON, and the response must be {"spam": true} or {"spam": false}.
func (c *Client) Ask(ctx context.Context, address, key string, q externalcheck.Request) (spam bool, err error) {
	ctx, end := context.WithTimeout(ctx, checkTimeout)
	defer end()
	u, err := url.Parse(address)
	if err != nil {
		return false, outbound.ErrAddress
	}
	akismet := strings.HasSuffix(u.Path, "/comment-check")
	kind, body := "application/json", jsonBody(q)
	if akismet {
		kind, body = "application/x-www-form-urlencoded", []byte(akismetForm(key, q).Encode())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, outbound.ErrAddress
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", outbound.UserAgent)
	if key != "" && !akismet {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return false, errors.New(outbound.Reason(err))
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return false, errors.New(outbound.FailedStatus + strconv.Itoa(res.StatusCode))
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxResponse+1))
	if err != nil {
		return false, errors.New(outbound.Reason(err))
	}
	if len(answer) > maxResponse {
		return false, errInvalid
	}
	if akismet {
		switch word := strings.TrimSpace(string(answer)); word {
		case "true", "false":
			return word == "true", nil
		case "invalid":
			return false, errors.New(FailedKey)
		}
		return false, errInvalid
	}
	var out struct{ Spam *bool }
	if json.Unmarshal(answer, &out) != nil || out.Spam == nil {
		return false, errInvalid
	}
	return *out.Spam, nil
}

// akismetForm returns the form of Akismet's comment-check call, without its empty fields.
func akismetForm(key string, q externalcheck.Request) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"api_key": key, "blog": q.Home, "user_ip": placeholderIP, "comment_type": "comment", "permalink": q.PageURL,
		"comment_author": q.Name, "comment_author_email": q.Email, "comment_author_url": q.Website,
		"comment_content": q.Body, "comment_date_gmt": q.At.UTC().Format(time.RFC3339), "blog_lang": q.Lang,
		"blog_charset": "UTF-8",
	} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return v
}

// jsonBody returns the request body for checkers that do not speak Akismet's protocol.
func jsonBody(q externalcheck.Request) []byte {
	type comment struct {
		ID        string    `json:"id"`
		Version   int64     `json:"version"`
		Author    string    `json:"author"`
		Email     string    `json:"email,omitempty"`
		Website   string    `json:"website,omitempty"`
		Body      string    `json:"body"`
		Lang      string    `json:"lang"`
		CreatedAt time.Time `json:"created_at"`
	}
	type page struct {
		URL   string `json:"url"`
		Title string `json:"title"`
	}
	body, _ := json.Marshal(struct { // strings, numbers and times always marshal
		Site    string  `json:"site"`
		Comment comment `json:"comment"`
		Page    page    `json:"page"`
	}{q.Site, comment{q.ID, q.Version, q.Name, q.Email, q.Website, q.Body, q.Lang, q.At}, page{q.PageURL, q.PageTitle}})
	return body
}
