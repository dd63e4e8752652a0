package desk

import (
	"crypto/sha256"
	"strconv"
	"strings"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/txn"
)

// A redactForm is the submitted redaction form and its error.
type redactForm struct{ Words, From, To, Why, Error string }

// redact removes a part of a comment's text.
func (d *desk) redact(v *Visit) error {
	id, f := v.Param("id"), redactForm{Words: v.Form.Get("words"), From: strings.TrimSpace(v.Form.Get("from")),
		To: strings.TrimSpace(v.Form.Get("to")), Why: v.Form.Get("why")}
	version, _ := strconv.ParseInt(v.Form.Get("version"), 10, 64) // 0 accepts any version
	in := moderation.Redaction{Part: comment.Part{From: -1}, Why: f.Why, Version: version}
	if f.From+f.To != "" {
		for _, n := range []struct {
			typed string
			to    *int
		}{{f.From, &in.From}, {f.To, &in.To}} {
			if at, err := strconv.Atoi(n.typed); err == nil { // not a number: keep a value outside the text
				*n.to = at
			}
		}
	} else {
		in.Words = f.Words
	}
	if value := v.Form.Get("key"); web.ValidKey(value) {
		body := sha256.Sum256([]byte(strings.Join([]string{id, f.Words, f.From, f.To, f.Why}, "\x00")))
		in.Key = &txn.IdempotencyKey{Site: v.Site.ID, Route: "desk/redact", Account: v.Actor.Account.ID, Value: value, Body: body[:]}
	}
	_, err := d.Moderation.Redact(v.Ctx(), v.Actor, v.Site, id, in)
	if err != nil {
		if f.Error, err = v.FormError("redact", err); err != nil {
			return err
		}
		return d.showComment(v, f)
	}
	return d.RedirectWithFlash(v, v.CommentURL(id), Flash{Action: "redacted", Done: 1})
}
