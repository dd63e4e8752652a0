package api

import (
	"net/http"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/rules"
)

type ruleIn struct {
	Kind   string  `json:"kind"`
	Words  string  `json:"words"`
	Limit  int     `json:"limit"`
	Action string  `json:"action"`
	Until  *string `json:"until"`
}

// readRule reads a rule to add or try.
func readRule(c *web.Request) (in ruleIn, d rules.Draft, err error) {
	if err := c.ReadJSON(&in); err != nil {
		return in, d, err
	}
	d = rules.Draft{Kind: rules.Kind(in.Kind), Words: in.Words, Limit: in.Limit, Action: rules.Action(in.Action)}
	d.Until, err = optionalTime("/until", in.Until, untilWrong)
	return in, d, err
}

const untilWrong = "Send a time like 2027-01-01T00:00:00Z, or null for no end."

// optionalTime parses a time in a body. Nil is the zero time; anything else is refused with detail.
func optionalTime(field string, value *string, detail string) (time.Time, error) {
	if value == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, *value)
	if err != nil {
		return time.Time{}, problem.Field(field, detail)
	}
	return t, nil
}

type ruleOut struct {
	ID        string         `json:"id"`
	Kind      string         `json:"kind"`
	Words     string         `json:"words"`
	Limit     int            `json:"limit"`
	Action    string         `json:"action"`
	Until     *web.Timestamp `json:"until"`
	CreatedAt *web.Timestamp `json:"created_at"`
}

func (h *moderators) rules(c *web.Request) error {
	found, err := h.Rules.Rules(c.Request().Context(), c.Actor, c.Site)
	if err != nil {
		return err
	}
	out := struct {
		Rules []ruleOut `json:"rules"`
		Next  *string   `json:"next"`
	}{Rules: []ruleOut{}}
	for _, r := range found {
		out.Rules = append(out.Rules, ruleOut{
			ID:        r.ID,
			Kind:      string(r.Kind),
			Words:     r.Words,
			Limit:     r.Limit,
			Action:    string(r.Action),
			Until:     web.At(r.Until),
			CreatedAt: web.At(r.CreatedAt),
		})
	}
	return c.JSON(http.StatusOK, out)
}

func (h *moderators) addRule(c *web.Request) error {
	in, d, err := readRule(c)
	if err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	id, again, err := h.Rules.AddRule(c.Request().Context(), c.Actor, c.Site, d, key)
	return writeAdded(c, id, again, err)
}

// writeAdded answers 201 with the id of the new object.
func writeAdded(c *web.Request, id string, again bool, err error) error {
	if err != nil {
		return err
	}
	web.MarkReplayed(c, again)
	return c.JSON(http.StatusCreated, struct {
		ID string `json:"id"`
	}{id})
}

func (h *moderators) tryRule(c *web.Request) error {
	_, d, err := readRule(c)
	if err != nil {
		return err
	}
	t, err := h.Rules.TryRule(c.Request().Context(), c.Actor, c.Site, d)
	return h.writeTrial(c, t, err)
}

// writeTrial answers with the result of a trial. Sample comments that were deleted since are left out.
func (h *moderators) writeTrial(c *web.Request, t rules.Trial, err error) error {
	if err != nil {
		return err
	}
	met, err := h.Moderation.ItemHistories(c.Request().Context(), c.Actor, c.Site, t.IDs()...)
	if err != nil {
		return err
	}
	out := struct {
		Looked    int       `json:"looked"`
		Hits      int       `json:"hits"`
		Approved  int       `json:"of_them_approved"`
		Suspected int       `json:"suspected_anyway"`
		Sample    []itemOut `json:"sample"`
	}{t.Compared, t.Hits, t.Approved, t.Suspected, []itemOut{}}
	for _, s := range met {
		out.Sample = append(out.Sample, item(s.Item, web.Catalog(c)))
	}
	return c.JSON(http.StatusOK, out)
}

type blockIn struct {
	Writer      string  `json:"writer"`
	AddressOf   string  `json:"address_of"`
	EmailDomain string  `json:"email_domain"`
	Host        string  `json:"host"`
	Trust       bool    `json:"trust"`
	Until       *string `json:"until"`
}

func readBlock(c *web.Request) (in blockIn, d rules.BlockDraft, err error) {
	if err := c.ReadJSON(&in); err != nil {
		return in, d, err
	}
	d = rules.BlockDraft{Writer: in.Writer, AddressOf: in.AddressOf, EmailDomain: in.EmailDomain, Host: in.Host,
		Trust: in.Trust}
	d.Until, err = optionalTime("/until", in.Until, untilWrong)
	return in, d, err
}

// blockOut is a block. It identifies a commenter by the writer ID of items, and an address by a comment sent from it.
type blockOut struct {
	ID          string         `json:"id"`
	Writer      *string        `json:"writer"`
	AddressOf   *string        `json:"address_of"`
	EmailDomain *string        `json:"email_domain"`
	Host        *string        `json:"host"`
	Name        *string        `json:"name"`
	Trust       bool           `json:"trust"`
	Until       *web.Timestamp `json:"until"`
	CreatedAt   *web.Timestamp `json:"created_at"`
}

func block(b rules.NamedBlock) blockOut {
	out := blockOut{ID: b.ID, Name: web.OrNull(b.Name), Trust: b.Trust, Until: web.At(b.Until),
		CreatedAt: web.At(b.CreatedAt)}
	switch b.Kind {
	case rules.BlockWriter:
		out.Writer = &b.Value
	case rules.BlockAddress:
		out.AddressOf = &b.Comment
	case rules.BlockDomain:
		out.EmailDomain = &b.Value
	case rules.BlockHost:
		out.Host = &b.Value
	}
	return out
}

func (h *moderators) blocks(c *web.Request) error {
	n, err := web.ParseLimit(c)
	if err != nil {
		return err
	}
	found, next, err := h.Rules.Blocks(c.Request().Context(), c.Actor, c.Site, c.QueryParam("after"), n)
	if err != nil {
		return err
	}
	out := struct {
		Blocks []blockOut `json:"blocks"`
		Next   *string    `json:"next"`
	}{Blocks: []blockOut{}, Next: web.OrNull(next)}
	for _, b := range found {
		out.Blocks = append(out.Blocks, block(b))
	}
	return c.JSON(http.StatusOK, out)
}

func (h *moderators) addBlock(c *web.Request) error {
	in, d, err := readBlock(c)
	if err != nil {
		return err
	}
	key, err := c.Key(in)
	if err != nil {
		return err
	}
	id, again, err := h.Rules.AddBlock(c.Request().Context(), c.Actor, c.Site, d, key)
	return writeAdded(c, id, again, err)
}

func (h *moderators) tryBlock(c *web.Request) error {
	_, d, err := readBlock(c)
	if err != nil {
		return err
	}
	t, err := h.Rules.TryBlock(c.Request().Context(), c.Actor, c.Site, d)
	return h.writeTrial(c, t, err)
}

// noteOut is a moderator's note about a commenter.
type noteOut struct {
	ID   string         `json:"id"`
	Text string         `json:"text"`
	By   *string        `json:"by"`
	At   *web.Timestamp `json:"at"`
}

func notes(list []rules.NamedNote) []noteOut {
	out := make([]noteOut, len(list))
	for i, n := range list {
		out[i] = noteOut{n.ID, n.Text, web.OrNull(n.Name), web.At(n.CreatedAt)}
	}
	return out
}

func (h *moderators) addNote(c *web.Request) error {
	in := struct {
		Text string `json:"text"`
	}{}
	if err := c.ReadJSON(&in); err != nil {
		return err
	}
	at := c.Param("id")
	key, err := c.Key([]string{at, in.Text})
	if err != nil {
		return err
	}
	id, again, err := h.Rules.AddNote(c.Request().Context(), c.Actor, c.Site, at, in.Text, key)
	return writeAdded(c, id, again, err)
}
