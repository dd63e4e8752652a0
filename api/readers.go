package api

import (
	"net/http"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/vote"
)

// readers handles the requests of the widget.
type readers struct {
	kit *web.Kit
	ReaderServices
	pages *cache
}

// ReaderServices are the services that readers calls.
type ReaderServices struct {
	Moderation *moderation.Service
	Votes      *vote.Service
	Signing    *signing.Service
	Takedowns  *takedown.Service
	ReaderAuth *readerauth.Service
	ReaderMail *readermail.Service
	Reports    *report.Service
	Privacy    *privacy.Service
}

type postComment struct {
	Page   postPage   `json:"page"`
	Parent string     `json:"parent"`
	Author postAuthor `json:"author"`
	Body   *string    `json:"body"`
	Form   *postForm  `json:"form"`
}

type postPage struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

type postAuthor struct {
	Name    string `json:"name"`
	Email   string `json:"email"`
	Website string `json:"website"`

	Identity string `json:"identity"` // instead of the other fields
}

type postForm struct {
	Trap  string `json:"trap"`
	Token string `json:"token"`
}

// postedOut is the response to a new comment. For a duplicate it has no HTML and no token.
type postedOut struct {
	ID        string         `json:"id"`
	Version   int64          `json:"version,omitempty"`
	State     string         `json:"state"`
	HTML      *string        `json:"html,omitempty"`
	CreatedAt *web.Timestamp `json:"created_at,omitempty"`
	Duplicate bool           `json:"duplicate"`
	EditToken string         `json:"edit_token,omitempty"`
	EditUntil *web.Timestamp `json:"edit_until,omitempty"`
}

func (h *readers) post(c *web.Request) error {
	var in postComment
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	body, err := requireBody(in.Body)
	if err != nil {
		return err
	}
	hashed := in
	hashed.Form = nil // its token differs in each form, also for the same comment
	key, err := c.Key(hashed)
	if err != nil {
		return err
	}
	sub := moderation.Submission{
		PageURL:   in.Page.URL,
		PageTitle: in.Page.Title,
		Parent:    in.Parent,
		Name:      in.Author.Name,
		Email:     in.Author.Email,
		Website:   in.Author.Website,
		Body:      body,
		Address:   h.kit.Address(c.Request()),
		Key:       key,
		Limiter:   c.Limiter,
	}
	if in.Author.Identity != "" {
		if sub.Writer, err = h.writer(c, in.Author); err != nil {
			return err
		}
	}
	if in.Form != nil {
		sub.Form = &moderation.Form{Trap: in.Form.Trap, Token: in.Form.Token}
	}
	got, err := h.Moderation.Submit(c.Request().Context(), c.Site, sub)
	if err != nil {
		return err
	}
	web.MarkReplayed(c, got.Replayed)
	return writePosted(c, got)
}

func writePosted(c *web.Request, got moderation.Submitted) error {
	out := postedOut{ID: got.ID, State: got.State.String(), Duplicate: got.Duplicate}
	if got.Duplicate {
		return c.JSON(http.StatusOK, out)
	}
	out.Version, out.HTML, out.EditToken = got.Version, &got.HTML, got.EditToken
	out.CreatedAt, out.EditUntil = web.At(got.CreatedAt), web.At(got.EditUntil)
	return c.JSON(http.StatusCreated, out)
}

// readBody reads a request whose only field is body.
func readBody(c *web.Request) (string, error) {
	var in struct {
		Body *string `json:"body"`
	}
	if err := c.ReadJSON(&in); err != nil {
		return "", err
	}
	return requireBody(in.Body)
}

// requireBody returns the text, or an error if the field is missing. The text may be empty.
func requireBody(body *string) (string, error) {
	if body == nil {
		return "", problem.Field("/body", "A comment needs a text.")
	}
	return *body, nil
}

func (h *readers) form(c *web.Request) error {
	web.NoStore(c)
	return c.JSON(http.StatusOK, struct {
		Token string `json:"token"`
	}{h.Moderation.FormToken(c.Site)})
}

func (h *readers) preview(c *web.Request) error {
	body, err := readBody(c)
	if err != nil {
		return err
	}
	html, err := comment.Preview(body)
	if err != nil {
		return err
	}
	out := previewOut{HTML: html}
	if l := h.Moderation.RefusalHint(c.Request().Context(), c.Site, body); l != nil {
		out.Likely = &likelyOut{l.Reason.String(), web.List(l.Words)}
	}
	return c.JSON(http.StatusOK, out)
}

// previewOut is a comment's rendered text, and the reason for which it is likely to be refused, if there is one.
type previewOut struct {
	HTML   string     `json:"html"`
	Likely *likelyOut `json:"likely"`
}

type likelyOut struct {
	Reason string   `json:"reason"`
	Words  []string `json:"words"`
}

func (h *readers) counts(c *web.Request) error {
	counts, err := h.Moderation.CountPages(c.Request().Context(), c.Site, c.QueryParams()["page"])
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.JSON(http.StatusOK, struct {
		Counts map[string]int `json:"counts"`
	}{counts})
}
