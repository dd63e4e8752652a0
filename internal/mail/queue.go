package mail

import (
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// A Kind is a type of mail. Mails to readers have the kinds of package mailbox.
type Kind string

// The kinds of mails to accounts.
const (
	Each    Kind = "each"   // to an account: some comments, with a link to decide on each
	Digest  Kind = "digest" // to an account: the number of pending comments
	Stalled Kind = "still"  // to an owner: no decision for three days
)

// The outcomes of a mail.
const (
	outcomeSent      = "sent"
	outcomeNotNeeded = "not needed" // none of its comments was pending any more
	outcomeRefused   = "refused"    // permanently, or for three days
	outcomeUnknown   = "unknown"    // its process ended before the server answered
)

// A Recipient is a reader, who has no account. AddressHash is a keyed hash of the address. Address is "" once the mail
// has ended.
type Recipient struct {
	AddressHash   []byte
	Address, Lang string
}

// A Message is a mail to an account or to a reader, pending or ended. Comments are added to it until a process leases
// it.
type Message struct {
	Site     int64
	ID       string // also in its Message-ID
	Account  string // "" for a reader
	Reader   Recipient
	Kind     Kind
	Comments []string // at most maxListed IDs
	More     int      // number of further comments
	Tries    int
	Outcome  string // "" while pending

	CreatedAt  time.Time
	DueAt      time.Time
	TakenUntil time.Time // end of the lease of the sending process
	HandedAt   time.Time // when its text began to be sent
	EndedAt    time.Time // zero: pending
}

const (
	maxListed    = 10
	collectDelay = 3 * time.Second
	digestDelay  = 3 * time.Hour
	// floodPause is the pause after a mail that could not list all comments.
	floodPause = 5 * time.Minute

	nightFrom, nightTo = 22, 7 // o'clock

	leaseTTL    = 30 * time.Second // before its text is sent
	sendLease   = 10 * time.Minute // from then on
	giveUpAfter = 3 * 24 * time.Hour
	linkTTL     = 3 * 24 * time.Hour
	stopLinkTTL = 365 * 24 * time.Hour
)

// nextDaytime returns t or, if t is at night, the morning after it.
func nextDaytime(t time.Time, zone *time.Location) time.Time {
	if h := t.In(zone).Hour(); h >= nightTo && h < nightFrom {
		return t
	}
	return nextMorning(t, zone)
}

// nextMorning returns the next time at which the night ends.
func nextMorning(t time.Time, zone *time.Location) time.Time {
	local := t.In(zone)
	day := local.Day()
	if local.Hour() >= nightTo {
		day++
	}
	return time.Date(local.Year(), local.Month(), day, nightTo, 0, 0, 0, zone).UTC()
}

// backoff returns the delay after a number of failed attempts.
func backoff(tries int) time.Duration {
	return min(time.Minute<<min(tries-1, 10), 6*time.Hour)
}

// Tx is what the package needs of a transaction. Mails that are read in an Update are locked until its end.
type Tx interface {
	txn.EventTx
	txn.MetaTx
	mailbox.Tx

	Accounts() ([]authz.Account, error)
	// AccountsToNotify returns the accounts that get mail about a site, with their mail settings and their role there.
	AccountsToNotify(site int64) ([]authz.Account, error)
	AccountByID(id string) (authz.Account, error) // ErrNotFound
	LinkByHash(hash []byte) (authz.Link, error)   // ErrNotFound
	InsertMailLink(l authz.MailLink) error
	CommentsByID(site int64, ids []string) ([]comment.Comment, error)
	PagesByID(site int64, ids []string) ([]site.Page, error)
	Appeals(site int64, comments []string) ([]report.Appeal, error) // open and settled, oldest first
	Queue(q comment.QueueQuery) ([]comment.Comment, error)
	CountQueue(sites comment.SiteSet, view comment.View, suspect comment.Threshold, limit int) (int, error)
	LastDecision(site int64) (time.Time, error) // time of the last decision on a comment; zero: none

	// OpenMail returns the oldest pending mail to an account about a site that is not leased: ErrNotFound.
	OpenMail(site int64, account string, now time.Time) (Message, error)
	MailByID(site int64, id string) (Message, error) // ErrNotFound
	// OpenLetter returns the oldest pending notification to a reader's address, by its hash, that is not leased:
	// ErrNotFound.
	OpenLetter(site int64, box []byte, now time.Time) (Message, error)
	SubscriptionsTo(site int64, comments []string) ([]readermail.Subscription, error)
	// SubscriptionsOn returns confirmed subscriptions to approved comments on a page.
	SubscriptionsOn(site int64, page string, limit int) ([]readermail.Subscription, error)
	MailStopped(site int64, box []byte) (bool, error)
	Takedown(site int64, id string) (takedown.Takedown, error) // ErrNotFound
	// TakedownsOf returns the takedowns of a comment and of its page, ended ones too, in the order of the log.
	TakedownsOf(site int64, comment, page string) ([]takedown.Takedown, error)
	// LastMail returns the newest mail of a kind to an account: ErrNotFound.
	LastMail(site int64, account string, kind Kind) (Message, error)
	PutMail(m Message) error
	// DueMails returns mails that are due and not leased, the longest due first.
	DueMails(now time.Time, limit int) ([]Message, error)
	// PruneMails deletes mails that ended before a time, except those of kind Stalled.
	PruneMails(before time.Time) error
}
