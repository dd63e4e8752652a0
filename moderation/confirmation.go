package moderation

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// Without JavaScript, a commenter submits each text twice: the second submission confirms the first. The time between
// them slows down bots too. A first submission is valid for a day.
const (
	confirmAfter  = 10 * time.Second
	confirmWithin = 24 * time.Hour
)

// A Confirmation asks the commenter to submit the text again; nothing was stored. HTML is the text as it will be shown.
// Token proves the time of the first submission. The second one is accepted after Wait, in whole seconds.
type Confirmation struct {
	HTML  string
	Token string
	Wait  time.Duration
}

// confirmation returns nil if token confirms the text in time, else what the commenter has to confirm.
func (s *Service) confirmation(c comment.Comment, token string) *Confirmation {
	age := time.Duration(s.secret.ConfirmAge(c.Site, c.Source, token, c.CreatedAt)) * time.Second
	switch {
	case age >= confirmAfter && age <= confirmWithin:
		return nil
	case age >= 0 && age < confirmAfter:
		return &Confirmation{HTML: c.HTML(), Token: token, Wait: confirmAfter - age}
	}
	return &Confirmation{HTML: c.HTML(), Token: s.secret.ConfirmToken(c.Site, c.Source, c.CreatedAt), Wait: confirmAfter}
}
