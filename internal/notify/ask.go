package notify

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

	"github.com/aitys/aitys/moderation/externalcheck"
)

// askFor is how long a checker may take for one comment, from the look-up of its name to the end of its answer.
const askFor = 5 * time.Second

// nobody is what a checker by Akismet's protocol, which asks for one, is told for an address (RFC 5737).
const nobody = "192.0.2.1"

// An Asker asks checkers about comments.
type Asker struct{ client *http.Client }

// Asker returns one that calls no address that may not be called.
func (r Reach) Asker() *Asker {
	client := r.client()
	client.Timeout = askFor
	return &Asker{client}
}

// What is written down of a checker that did not answer as it should, besides what is of receivers.
const (
	FailedGarbage = "what it answered is no answer"
	FailedKey     = "it does not know the key"
)

var errGarbage = errors.New(FailedGarbage)

// Ask implements externalcheck.Asker: an address that ends in /comment-check is asked by Akismet's protocol, any other is
// sent JSON and has to answer {"spam": true} or false.
func (a *Asker) Ask(ctx context.Context, address, key string, q externalcheck.Question) (spam bool, err error) {
	ctx, end := context.WithTimeout(ctx, askFor)
	defer end()
	u, err := url.Parse(address)
	if err != nil {
		return false, errors.New("its address cannot be called")
	}
	akismet := strings.HasSuffix(u.Path, "/comment-check")
	kind, body := "application/json", hooked(q)
	if akismet {
		kind, body = "application/x-www-form-urlencoded", []byte(form(key, q).Encode())
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false, errors.New("its address cannot be called")
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("User-Agent", "Aitys")
	if key != "" && !akismet {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := a.client.Do(req)
	if err != nil {
		return false, unreached(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return false, errors.New(FailedWith + strconv.Itoa(res.StatusCode))
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return false, unreached(err)
	}
	if len(said) > maxAnswer {
		return false, errGarbage
	}
	if akismet {
		switch word := strings.TrimSpace(string(said)); word {
		case "true", "false":
			return word == "true", nil
		case "invalid":
			return false, errors.New(FailedKey)
		}
		return false, errGarbage
	}
	var out struct{ Spam *bool }
	if json.Unmarshal(said, &out) != nil || out.Spam == nil {
		return false, errGarbage
	}
	return *out.Spam, nil
}

// form is a question by Akismet's protocol.
func form(key string, q externalcheck.Question) url.Values {
	v := url.Values{}
	for name, value := range map[string]string{
		"api_key": key, "blog": q.Home, "user_ip": nobody, "comment_type": "comment", "permalink": q.PageURL,
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

// hooked is a question to any other checker.
func hooked(q externalcheck.Question) []byte {
	type of struct {
		ID        string    `json:"id"`
		Version   int64     `json:"version"`
		Author    string    `json:"author"`
		Email     string    `json:"email,omitempty"`
		Website   string    `json:"website,omitempty"`
		Body      string    `json:"body"`
		Lang      string    `json:"lang"`
		CreatedAt time.Time `json:"created_at"`
	}
	body, _ := json.Marshal(struct { // of strings, numbers and times it never fails
		Site    string   `json:"site"`
		Comment of       `json:"comment"`
		Page    toldPage `json:"page"`
	}{q.Site, of{q.ID, q.Version, q.Name, q.Email, q.Website, q.Body, q.Lang, q.At}, toldPage{q.PageURL, q.PageTitle}})
	return body
}
