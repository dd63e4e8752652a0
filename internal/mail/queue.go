package mail

import (
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/ground"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/takedown"
)

// A Kind says what a mail is about.
type Kind string

// The kinds of mails.
const (
	Each    Kind = "each"   // some comments, with a link to decide on each
	Digest  Kind = "digest" // how many wait
	Stalled Kind = "still"  // nothing was decided for three days

	Code Kind = Kind(mailbox.Code) // to a reader, as the kinds of letters say
)

// What became of a mail.
const (
	sent    = "sent"
	needed  = "not needed" // nothing of it waited any more
	refused = "refused"    // for good, or for three days
	unknown = "unknown"    // who sent it was gone before the answer came
)

// A Reader is to whom a mail goes who has no account: the address, "" once the mail has ended, and what is kept of it.
type Recipient struct {
	Box           []byte
	Address, Lang string
}

// A Mail is one that waits to be sent, or was, to an account or to a reader. Until it is taken, more comments go into
// it.
type Message struct {
	Site     int64
	ID       string // of its Message-ID, too
	Account  string // "" for a reader
	Reader   Recipient
	Kind     Kind
	Comments []string // at most maxListed ids
	More     int      // comments besides
	Tries    int
	Outcome  string // "" until it has ended

	CreatedAt  time.Time
	DueAt      time.Time
	TakenUntil time.Time // by who sends it
	HandedAt   time.Time // when its text began to leave
	EndedAt    time.Time // zero: not yet
}

const (
	maxListed   = 10
	collectFor  = 3 * time.Second
	digestAfter = 3 * time.Hour
	// floodPause is how long a mail about each comment waits after one that could not list them all.
	floodPause = 5 * time.Minute

	nightFrom, nightTo = 22, 7 // o'clock

	leaseFor    = 30 * time.Second // before its text leaves
	sendingFor  = 10 * time.Minute // and from then on
	giveUpAfter = 3 * 24 * time.Hour
	linkFor     = 3 * 24 * time.Hour
	stopFor     = 365 * 24 * time.Hour
)

// day returns t, or the morning after the night that t is in.
func nextDay(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	if h := local.Hour(); h >= nightTo && h < nightFrom {
		return t
	}
	morning := time.Date(local.Year(), local.Month(), local.Day(), nightTo, 0, 0, 0, zone)
	if local.Hour() >= nightFrom {
		morning = time.Date(local.Year(), local.Month(), local.Day()+1, nightTo, 0, 0, 0, zone)
	}
	return morning.UTC()
}

// later is how long a mail waits after so many tries that failed.
func backoff(tries int) time.Duration {
	return min(time.Minute<<min(tries-1, 10), 6*time.Hour)
}

// Tx is what telling people takes of a transaction. A mail that is read in an Update stays as it is until the end of
// the transaction.
type Tx interface {
	ground.EventTx
	ground.MetaTx
	mailbox.Tx

	Accounts() ([]authz.Account, error)
	// Told are the accounts that are told of a site's comments: of each its choice of mail, and its role there.
	Told(site int64) ([]authz.Account, error)
	AccountByID(id string) (authz.Account, error) // ErrNotFound
	InsertMailLink(l authz.MailLink) error
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]ground.Page, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error) // open and settled, oldest first
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	CountQueue(site int64, view comment.View, suspect float64, limit int) (int, error)
	LastDecision(site int64) (time.Time, error) // when a comment was last decided on; zero: never

	// OpenMail is the oldest mail to an account about a site's comments that nobody is sending: ErrNotFound.
	OpenMail(site int64, account string, now time.Time) (Message, error)
	MailByID(site int64, id string) (Message, error) // ErrNotFound
	// OpenLetter is likewise the mail of news to a reader's address, known by a hash: ErrNotFound.
	OpenLetter(site int64, box []byte, now time.Time) (Message, error)
	SubscriptionsTo(site int64, comments []string) ([]readermail.Subscription, error)
	// SubscriptionsOn are confirmed ones to approved comments on a page.
	SubscriptionsOn(site int64, page string, limit int) ([]readermail.Subscription, error)
	MailStopped(site int64, box []byte) (bool, error)
	Takedown(site int64, id string) (takedown.Demand, error) // ErrNotFound
	// DemandsAbout are the demands, ended ones too, that are about a comment or about its page, in the order of the log.
	DemandsAbout(site int64, comment, page string) ([]takedown.Demand, error)
	// LastMail is the newest mail of a kind to an account: ErrNotFound.
	LastMail(site int64, account string, kind Kind) (Message, error)
	PutMail(m Message) error
	// DueMails are those that are due and nobody has, the longest due first.
	DueMails(now time.Time, limit int) ([]Message, error)
	// PruneMails forgets mails that ended before, but not that somebody was told that a site stands still.
	PruneMails(before time.Time) error
}
