package demo

import "github.com/aitys/aitys/moderation/comment"

// A fate is what becomes of a comment of the demo.
type fate struct {
	action comment.Action
	reason comment.Reason
	note   string
	waits  bool // nobody has decided yet
}

var (
	published = fate{action: comment.Approve}
	spam      = fate{action: comment.MarkSpam}
	waiting   = fate{waits: true}
)

func refused(reason comment.Reason, note string) fate {
	return fate{action: comment.Reject, reason: reason, note: note}
}

// said is one comment of the demo. Its writer is a reader with a name and maybe an e-mail, or
// with staff true the blog's author, who answers under a badge.
type said struct {
	id, to     string // its name in this script, and that of the comment it answers
	on         int    // article
	name, mail string
	website    string
	text       string
	fate       fate

	staff     bool
	trap      bool   // a program filled the hidden field
	times     int    // submitted so often; 0 means once
	edited    string // what its writer makes of it before it is read
	withdrawn bool   // by its writer, once it was answered
	undone    bool   // first taken for spam by a slip of the finger
}

const (
	hate    = comment.ReasonHateSpeech
	obscene = comment.ReasonObscenity
	attack  = comment.ReasonPersonalAttack
)

// week is what was said on each day before this one. At the end of each a moderator reads what
// came in.
var week = [][]said{
	dayOne, dayTwo, dayThree, dayFour, dayFive, daySix}
