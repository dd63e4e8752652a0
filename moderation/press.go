package moderation

import (
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// Who writes without a script presses twice, with a time between that a program has to wait as well, for each text
// anew. A first press is good for a day.
const (
	pressApart = 10 * time.Second
	pressLasts = 24 * time.Hour
)

// A Press is the first of two presses, by which nothing was stored: HTML is the text as it will be shown, and Token
// says when it was pressed. A second press is taken after Wait, a number of seconds.
type Press struct {
	HTML  string
	Token string
	Wait  time.Duration
}

// pressed returns what a press on a text comes to; nil: it is the second, and in time.
func (s *Service) pressed(c comment.Comment, token string) *Press {
	age := time.Duration(s.secret.PressAge(c.Site, c.Source, token, c.CreatedAt)) * time.Second
	switch {
	case age >= pressApart && age <= pressLasts:
		return nil
	case age >= 0 && age < pressApart:
		return &Press{HTML: c.HTML, Token: token, Wait: pressApart - age}
	}
	return &Press{HTML: c.HTML, Token: s.secret.PressToken(c.Site, c.Source, c.CreatedAt), Wait: pressApart}
}
