package demo

import "github.com/aitys/aitys/moderation/comment"

// An outcome is the decision about a comment of the demo.
type outcome struct {
	action  comment.Action
	reason  comment.Reason
	note    string
	pending bool // it stays pending
}

var (
	published = outcome{action: comment.Approve}
	spam      = outcome{action: comment.MarkSpam}
	pending   = outcome{pending: true}
)

func refused(reason comment.Reason, note string) outcome {
	return outcome{action: comment.Reject, reason: reason, note: note}
}

// scripted is one comment of the demo. Its author is a reader with a name and maybe an e-mail. If staff is true, it is
// a reply with a badge by the author of the blog.
type scripted struct {
	id, to     string // names in the script of the comment and of its parent
	on         int    // index of the article
	name, mail string
	website    string
	text       string
	outcome    outcome

	staff     bool
	trap      bool   // the hidden field is filled, as by a bot
	times     int    // number of submissions; 0 means 1
	edited    string // new text, set by its author before moderation
	withdrawn bool   // its author withdraws it the next day
	undone    bool   // first marked as spam by mistake, and undone
}

const (
	hate    = comment.ReasonHateSpeech
	obscene = comment.ReasonObscenity
	attack  = comment.ReasonPersonalAttack
)

// week has the comments of each day before today. Each evening a moderator decides about the comments of that day.
var week = [][]scripted{
	dayOne, dayTwo, dayThree, dayFour, dayFive, daySix}
