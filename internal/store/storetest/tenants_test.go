package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning/fold"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/readerauth"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
	"github.com/aitys/aitys/moderation/vote"
)

var tenantRules = []rule{
	{"every method is in this test", everyMethodIsTested},
	{"nothing crosses sites, whatever the ids", nothingCrosses},
}

// siteless are the methods that do not take a site, except those of identity.Tx.
var siteless = []string{
	"Sites", "SiteByKey", "InsertSite", "UpdateSite", "EndEditTokens", "DeleteSite", "Meta", "SetMeta",
	"EventsAfter", "LastEvent", "PruneEvents", "PruneKeys", "Follower", "AddFollower", "MoveFollower",
	"DueMails", "PruneMails",
	"LockVotes", "ChangedVotes", "DropVoters", "DropReporters", "PruneVerifiedNames", "LapsedTakedowns", "PruneSpamChecks",
	"ReadyWebhooks", "PruneDeliveries", "SitesWithChecks", "PruneChecks", "CountLetter", "PruneLetterCounts",
	"PruneMailedCodes", "SetEmail",
	"MailBacklog", "WebhookBacklog", "UnreadSince", "UnlearnedSince",
}

// later is after all times of fill.
var later = began.Add(time.Hour)

// The IDs that fill uses on every site.
const (
	onePage, oneURL            = "one-page", "https://one.example/"
	oneShown, oneWaiting       = "one-shown", "one-waiting"
	oneGone, oneCame           = "one-gone", "one-came"
	oneHook                    = "one-hook"
	oneNeighbour               = "one-neighbour"
	oneBatch, oneSame, oneName = "one-batch", "one-same", "one-writer"
	oneRoot                    = "one-root00000000"
	oneRule, oneBlock, noBlock = "one-rule", "one-block", "no-block"
	oneNote, noNote            = "one-note", "no-note"
	oneCampaign                = "one-campaign"
	oneMail, oneMailed         = "one-mail", "one-mailed" // the account is the same on all sites
	oneDemand, oneWhole        = "one-demand", "one-whole"
	oneSealed                  = "one-sealed"
	oneEmail                   = "one@mail.example"
)

var oneKey = txn.IdempotencyKey{Route: "one-route", Value: "one-value", Body: []byte("one")}

// formerOf returns the IDs of two former moderators of an imported site.
func formerOf(site int64) []string {
	return []string{fmt.Sprint("former-", site), fmt.Sprint("another-", site)}
}

// fill adds a row of every kind to a site, with the same IDs on every site and the site's key in the texts.
func fill(w *env, s site.Site) {
	w.Helper()
	posted := comment.Comment{
		Site: s.ID, Page: onePage, Version: 1, Submissions: 1, Path: oneRoot, Source: s.Key, Search: "one " + s.Key,
		Writer: []byte(oneName), Email: oneEmail, CreatedAt: began,
	}
	shown, waiting := posted, posted
	shown.ID, shown.State, shown.Shown = oneShown, comment.Approved, true
	waiting.ID, waiting.Path, waiting.Same, waiting.Verdict.Score = oneWaiting, "one-root00000001", []byte(oneSame), 0.95
	shown.Standing = 1
	gone := posted
	gone.ID, gone.State, gone.RemovedAt = oneGone, comment.Removed, began
	gone.Parent, gone.Depth, gone.Path = oneShown, 1, oneRoot+"one-root00000002"
	waiting.Verdict.Action = comment.MarkSpam
	refused, byItself := posted, posted
	refused.ID, refused.Path = "one-refused", "one-root00000003"
	refused.State, refused.Reason, refused.Email = comment.Rejected, comment.ReasonOther, s.Key+"@mail.example"
	expired := posted
	expired.ID, expired.Path = "one-expired", "one-root00000005"
	expired.State, expired.Reason = comment.Removed, comment.ReasonSpam
	forgotten := posted
	forgotten.ID, forgotten.Path, forgotten.State = "one-forgotten", "one-root00000006", comment.Removed
	forgotten.Source, forgotten.Email, forgotten.Note = "", "ä@mail.example", s.Key
	byItself.ID, byItself.Path = "one-by-itself", "one-root00000004"
	byItself.State, byItself.Shown = comment.Approved, true
	w.update(func(tx store.Tx) error {
		page := site.Page{ID: onePage, Site: s.ID, URL: oneURL, Title: s.Key, Open: true, CreatedAt: began}
		_, err := tx.EnsurePage(page)
		for _, c := range []comment.Comment{shown, waiting, gone, refused, byItself, expired, forgotten} {
			_, _, insertion := tx.InsertComment(c)
			err = errors.Join(err, insertion)
		}
		decided := auditlog.Entry{
			Seq:    1,
			Batch:  oneBatch,
			By:     "one-account",
			At:     began,
			Hash:   []byte("hash of " + s.Key),
			Ruling: auditlog.Ruling{Comment: oneShown, Version: 1, Action: comment.Approve, To: comment.Approved, Note: s.Key},
		}
		lesson := auditlog.Lesson{
			Lesson: classifier.Lesson{Seq: 1, Comment: classifier.Comment{Text: s.Key}},
			Of:     oneShown, Salt: []byte("salt"),
		}
		touch := auditlog.Entry{
			Kind:     auditlog.Withdrawal,
			Seq:      2,
			Batch:    "one-touch",
			At:       began,
			Hash:     []byte("touch"),
			Teaching: auditlog.Teaching{Subject: "nobody", Lowest: 1},
		}
		copied := auditlog.Entry{
			Kind:     auditlog.Copy,
			Seq:      3,
			Batch:    "one-copy",
			At:       began,
			Hash:     []byte("copy"),
			Teaching: auditlog.Teaching{Subject: "nowhere"},
		}
		acted := auditlog.Entry{
			Seq:    4,
			Batch:  "one-refusal",
			At:     began,
			Hash:   []byte("refusal"),
			Ruling: auditlog.Ruling{Comment: oneWaiting, Version: 1, Action: comment.Reject, To: comment.Rejected},
		}
		noted := auditlog.Entry{
			Seq:    5,
			Batch:  "one-noted",
			At:     began,
			Hash:   []byte("noted"),
			Ruling: auditlog.Ruling{Comment: "one-forgotten", Version: 1, Note: s.Key},
		}
		gone := auditlog.Lesson{
			Lesson: classifier.Lesson{Seq: 3, Comment: classifier.Comment{Text: "gone"}},
			Of:     oneWaiting, Salt: []byte("salt"), Proof: []byte(s.Key),
		}
		key := oneKey
		key.Site = s.ID
		_, claim := tx.ClaimKey(key, began)
		err = errors.Join(err, claim,
			tx.PutRule(rules.Rule{ID: oneRule, Site: s.ID, Words: s.Key, Action: rules.ActionHold, CreatedAt: began}),
			second(tx.CastVote(vote.Vote{Site: s.ID, Comment: oneShown, Voter: []byte(oneName), At: began})),
			second(tx.AddReport(oneReport(s.ID, oneName), 9)),
			tx.AddAppeal(report.Appeal{Site: s.ID, Comment: oneShown, Refusal: 1, Text: s.Key, At: began}),
			tx.PutAppeals([]report.Appeal{{Site: s.ID, Comment: oneShown, Refusal: 9, Settled: 1, Text: s.Key, At: began}}),
			tx.PutReports([]report.Report{{Site: s.ID, Comment: oneWaiting, ID: "acted on", Settled: 4, At: began,
				Reason: comment.ReasonSpam}}),
			tx.SetSSOSalt(s.ID, []byte(s.Key), began),
			tx.PutKeyPair(signing.KeyPair{Site: s.ID, Public: []byte(s.Key), Sealed: []byte(s.Key), At: began}, nil),
			tx.NoteCopy(s.ID, began),
			tx.PutSpamListSource(spamlist.Source{Site: s.ID, ID: oneNeighbour, URL: s.Key, At: began}),
			done(tx.PutSpamList(spamlist.List{Site: s.ID, Neighbour: oneNeighbour, Generated: began,
				Body: []byte(s.Key)})),
			tx.PutChecker(externalcheck.Checker{Site: s.ID, Key: []byte(s.Key)}),
			tx.PutCheck(externalcheck.Check{Site: s.ID, Comment: oneWaiting, At: began}),
			tx.SaveVerifiedName(s.ID, []byte(oneName), began),
			tx.PutName(s.ID, formerOf(s.ID)[0], s.Key),
			tx.PutSubscription(oneSubscription(s.ID, oneShown, s.Key)),
			tx.ConfirmSubscriptions(s.ID, []byte(oneName), began, began),
			tx.StopMail(s.ID, []byte(oneSame), began),
			tx.PutMailedCode(s.ID, []byte(oneName), readerauth.MailedCode{Letter: s.Key, At: began}),
			tx.InsertLetter(oneLetter(s.ID, oneMail+s.Key)),
			tx.AddTakedown(takedownOf(s.ID, oneDemand, 1), []string{oneShown}),
			tx.AddTakedown(takedownOf(s.ID, oneWhole, 2), nil),
			tx.AddTakedown(takedownOf(s.ID, oneSealed, 3), nil),
			tx.PutBlock(rules.Block{ID: oneBlock, Site: s.ID, Value: s.Key, CreatedAt: began}),
			tx.PutBlock(rules.Block{ID: noBlock, Site: s.ID, Value: s.Key, CreatedAt: began}),
			tx.RemoveBlock(s.ID, noBlock, began),
			tx.PutNote(rules.Note{ID: oneNote, Site: s.ID, Writer: []byte(oneName), Text: s.Key, CreatedAt: began}),
			tx.AppendDecisions(s.ID, []auditlog.Entry{decided, touch, copied, acted, noted}),
			tx.PutPiece(s.ID, fold.Snapshot{Seq: 1, AsOf: 2, Model: []byte("piece of ")}, 0),
			tx.PutSnapshot(s.ID, fold.Snapshot{Seq: 1, AsOf: 2, Model: []byte(s.Key), Sum: []byte("sum")}, 1),
			tx.AddLessons(s.ID, []auditlog.Lesson{lesson, gone}),
			tx.EraseLessons(s.ID, []auditlog.Lesson{gone}, 9),
			tx.StoreResponse(key, []byte(s.Key)),
			tx.PutCampaigns(s.ID, campaign.Campaign{ID: oneCampaign, Joined: 1, Refused: 1, Sample: s.Key, LastSeen: began}),
			tx.PutMembers(s.ID, []campaign.Member{
				{Comment: oneShown, Number: 1, Campaign: oneCampaign, Joined: 1, State: comment.Spam, DecidedAt: began},
				{Comment: oneWaiting, Number: 2, Banded: true, CreatedAt: began}}),
			tx.PutWebhook(webhook.Endpoint{Site: s.ID, ID: oneHook, URL: []byte(s.Key), CreatedAt: began}),
			tx.PutDeliveries(webhook.Delivery{Site: s.ID, Hook: oneHook, ID: s.Key, At: began, DueAt: began}),
			tx.PutSpamCheck(spamcheck.Row{Site: s.ID, Hash: []byte(oneName), Times: 1, Label: 1, At: began}),
			tx.Emit(event.Event{Site: s.ID, Kind: event.Arrived, Page: onePage, Comment: s.Key, At: began}),
			tx.InsertAccount(authz.Account{
				ID: "of " + s.Key, Email: s.Key + "@x.example", Roles: map[int64]authz.Role{s.ID: authz.Owner}, CreatedAt: began,
				Mail: authz.MailEach,
			}))
		if _, missing := tx.AccountByID(oneMailed); errors.Is(missing, txn.ErrNotFound) {
			err = errors.Join(err, tx.InsertAccount(authz.Account{ID: oneMailed, Email: oneMailed, CreatedAt: began}))
		}
		mail := mail.Message{Site: s.ID, ID: oneMail, Account: oneMailed, Kind: mail.Each, Outcome: s.Key, CreatedAt: began}
		return errors.Join(err, tx.PutMail(mail))
	})
}

func oneLetter(site int64, id string) mailbox.Letter {
	return mailbox.Letter{Site: site, ID: id, Kind: mailbox.Notification, AddressHash: []byte(oneName), To: text.AddressOf(id + "@mail.example"),
		CreatedAt: began, DueAt: began}
}

func oneSubscription(site int64, comment, lang string) readermail.Subscription {
	return readermail.Subscription{Site: site, Comment: comment, AddressHash: []byte(oneName), Lang: lang, Requested: began}
}

func oneReport(site int64, by string) report.Report {
	return report.Report{Site: site, Comment: oneShown, ID: by, Reporter: []byte(by), Reason: comment.ReasonSpam,
		At: began}
}

// takedownOf returns a takedown. The one with seq 2 is about a page, the one with seq 3 is sealed.
func takedownOf(site int64, id string, seq uint64) takedown.Takedown {
	d := takedown.Takedown{Site: site, ID: id, Seq: seq, By: "One court", Kind: takedown.Court, Public: takedown.Full,
		Received: began, At: began}
	switch seq {
	case 2:
		d.Page = onePage
	case 3:
		d.Page, d.Public = onePage, takedown.Sealed
	}
	return d
}

// refs returns the ref of an ID of fill.
func refs(of int64, id string) []site.Ref { return []site.Ref{{Site: of, ID: id}} }

// reads calls the methods that read one site with the IDs of fill.
var reads = map[string]func(tx store.Tx, site int64) (any, error){
	"PageByURL":  func(tx store.Tx, s int64) (any, error) { return tx.PageByURL(s, oneURL) },
	"PagesByID":  func(tx store.Tx, s int64) (any, error) { return tx.PagesByID(s, []string{onePage}) },
	"PagesByRef": func(tx store.Tx, s int64) (any, error) { return tx.PagesByRef(refs(s, onePage)) },
	"PagesByURL": func(tx store.Tx, s int64) (any, error) { return tx.PagesByURL(s, []string{oneURL}) },
	"Pages":      func(tx store.Tx, s int64) (any, error) { return tx.Pages(s, "", 10) },
	"CountByPage": func(tx store.Tx, s int64) (any, error) {
		return tx.CountByPage(s, []string{onePage}, comment.Approved)
	},
	"ReceivedIn":    func(tx store.Tx, s int64) (any, error) { return tx.ReceivedIn(s, began, later) },
	"RefusedIn":     func(tx store.Tx, s int64) (any, error) { return tx.RefusedIn(s, began, later) },
	"SuspectedIn":   func(tx store.Tx, s int64) (any, error) { return tx.SuspectedIn(s, began, later) },
	"UndecidedIn":   func(tx store.Tx, s int64) (any, error) { return tx.UndecidedIn(s, began, later) },
	"WaitsIn":       func(tx store.Tx, s int64) (any, error) { return tx.WaitsIn(s, began, later, 9) },
	"AppealsIn":     func(tx store.Tx, s int64) (any, error) { return tx.AppealsIn(s, began, later) },
	"AppealWaitsIn": func(tx store.Tx, s int64) (any, error) { return tx.AppealWaitsIn(s, began, later, 9) },
	"NoticesIn": func(tx store.Tx, s int64) (any, error) {
		return tx.NoticesIn(s, comment.ReasonSpam, began, later)
	},
	"NoticeWaitsIn": func(tx store.Tx, s int64) (any, error) {
		return tx.NoticeWaitsIn(s, comment.ReasonSpam, began, later, 9)
	},
	"OpenTakedowns":   func(tx store.Tx, s int64) (any, error) { return tx.OpenTakedowns(s, began, later, 0, 9) },
	"SealedTakedowns": func(tx store.Tx, s int64) (any, error) { return tx.SealedTakedowns(s, began, later) },

	"SSOSalt":         func(tx store.Tx, s int64) (any, error) { return tx.SSOSalt(s) },
	"CopiesMade":      func(tx store.Tx, s int64) (any, error) { return tx.CopiesMade(s, 9) },
	"SpamListSources": func(tx store.Tx, s int64) (any, error) { return tx.SpamListSources(s) },
	"SpamList":        func(tx store.Tx, s int64) (any, error) { return tx.SpamList(s, oneNeighbour) },
	"Checker":         func(tx store.Tx, s int64) (any, error) { return tx.Checker(s) },
	"Checks":          func(tx store.Tx, s int64) (any, error) { return tx.Checks(s, 9) },
	"KeyPair":         func(tx store.Tx, s int64) (any, error) { return tx.KeyPair(s) },
	"HasVerifiedName": func(tx store.Tx, s int64) (any, error) { return tx.HasVerifiedName(s, []byte(oneName)) },
	"OtherVotes": func(tx store.Tx, s int64) (any, error) {
		return tx.OtherVotes(vote.Vote{Site: s, Comment: oneShown, Voter: []byte("one")}, 0)
	},
	"CountVotes":          func(tx store.Tx, s int64) (any, error) { return tx.CountVotes(s, oneShown) },
	"HasReported":         func(tx store.Tx, s int64) (any, error) { return tx.HasReported(s, oneShown, []byte(oneName)) },
	"OpenReports":         func(tx store.Tx, s int64) (any, error) { return tx.OpenReports(s, []string{oneShown}) },
	"Reports":             func(tx store.Tx, s int64) (any, error) { return tx.Reports(s, []string{oneShown}) },
	"Answers":             func(tx store.Tx, s int64) (any, error) { return tx.Answers(s, onePage) },
	"CommentsAlone":       func(tx store.Tx, s int64) (any, error) { return tx.CommentsAlone(s, []string{oneShown, oneWaiting}) },
	"Appeals":             func(tx store.Tx, s int64) (any, error) { return tx.Appeals(s, []string{oneShown, oneWaiting}) },
	"Takedown":            func(tx store.Tx, s int64) (any, error) { return tx.Takedown(s, oneDemand) },
	"Takedowns":           func(tx store.Tx, s int64) (any, error) { return tx.Takedowns(s, 0, 9) },
	"TakedownComments":    func(tx store.Tx, s int64) (any, error) { return tx.TakedownComments(s, []string{oneDemand}) },
	"ActiveTakedowns":     func(tx store.Tx, s int64) (any, error) { return tx.ActiveTakedowns(s, []string{oneShown}) },
	"TakedownsOf":         func(tx store.Tx, s int64) (any, error) { return tx.TakedownsOf(s, oneShown, onePage) },
	"ActivePageTakedowns": func(tx store.Tx, s int64) (any, error) { return tx.ActivePageTakedowns(s, onePage) },
	"Moderators":          func(tx store.Tx, s int64) (any, error) { return tx.Moderators(s) },
	"RefusedBefore":       func(tx store.Tx, s int64) (any, error) { return tx.RefusedBefore(s, began.Add(time.Hour), 10) },
	"AddressedBefore": func(tx store.Tx, s int64) (any, error) {
		return tx.AddressedBefore(s, began.Add(time.Hour), 10)
	},
	"EmailsAfter":        func(tx store.Tx, s int64) (any, error) { return tx.EmailsAfter(s, "", 10) },
	"CommentsUnder":      func(tx store.Tx, s int64) (any, error) { return tx.CommentsUnder(s, text.AddressOf(oneEmail), 10) },
	"WideEmails":         func(tx store.Tx, s int64) (any, error) { return tx.WideEmails(s, "") },
	"ForgottenWithTexts": func(tx store.Tx, s int64) (any, error) { return tx.ForgottenWithTexts(s) },
	"LettersTo":          func(tx store.Tx, s int64) (any, error) { return tx.LettersTo(s, []byte(oneName), 10) },
	"ExpiredIn":          func(tx store.Tx, s int64) (any, error) { return tx.ExpiredIn(s, began, later) },
	"RemovedBefore":      func(tx store.Tx, s int64) (any, error) { return tx.RemovedBefore(s, began.Add(time.Hour), 10) },
	"CommentByID":        func(tx store.Tx, s int64) (any, error) { return tx.CommentByID(s, oneShown) },
	"CommentsByID": func(tx store.Tx, s int64) (any, error) {
		return tx.CommentsByID(s, []string{oneShown, oneWaiting})
	},
	"CommentsByRef": func(tx store.Tx, s int64) (any, error) { return tx.CommentsByRef(refs(s, oneShown)) },
	"SiteOfComment": func(tx store.Tx, s int64) (any, error) { return tx.SiteOfComment([]int64{s}, oneShown) },
	"CommentsInBrief": func(tx store.Tx, s int64) (any, error) {
		return tx.CommentsInBrief(s, []string{oneShown, oneWaiting})
	},
	"Thread": func(tx store.Tx, s int64) (any, error) {
		return tx.Thread(comment.ThreadQuery{Site: s, Page: onePage, Order: comment.NewestRoots, From: oneRoot, Limit: 10})
	},
	"Queue": func(tx store.Tx, s int64) (any, error) {
		return tx.Queue(comment.QueueQuery{Sites: comment.OneSite(s), View: comment.ViewPending, Order: comment.RiskiestFirst,
			Search: "one", Limit: 10})
	},
	"CountQueue": func(tx store.Tx, s int64) (any, error) {
		return tx.CountQueue(comment.OneSite(s), comment.ViewSuspected, comment.Threshold{Score: 0.9}, 10)
	},
	"CountQueues": func(tx store.Tx, s int64) (any, error) {
		of, err := tx.CountQueues([]site.Site{{ID: s}}, 10)
		if err != nil {
			return nil, err
		}
		return of[0], nil
	},
	"CountComments": func(tx store.Tx, s int64) (any, error) {
		of, err := tx.CountComments([]int64{s}, began, began)
		return of[s], err
	},
	"CountDecisions": func(tx store.Tx, s int64) (any, error) {
		of, err := tx.CountDecisions([]int64{s}, began, began)
		return of[s], err
	},
	"StalePending": func(tx store.Tx, s int64) (any, error) {
		return tx.StalePending(s, 9, comment.OldestFirst, 10)
	},
	"Records":         func(tx store.Tx, s int64) (any, error) { return tx.Records(s, [][]byte{[]byte(oneName)}) },
	"Writers":         func(tx store.Tx, s int64) (any, error) { return tx.Writers(refs(s, oneName)) },
	"Head":            func(tx store.Tx, s int64) (any, error) { return tx.Head(s) },
	"DecisionsAfter":  func(tx store.Tx, s int64) (any, error) { return tx.DecisionsAfter(s, 0, 10) },
	"DecisionsBefore": func(tx store.Tx, s int64) (any, error) { return tx.DecisionsBefore(s, 0, 10) },
	"DecisionsOf":     func(tx store.Tx, s int64) (any, error) { return tx.DecisionsOf(s, oneShown) },
	"Arrivals":        func(tx store.Tx, s int64) (any, error) { return tx.Arrivals(s, began, 10) },
	"FlowEntries":     func(tx store.Tx, s int64) (any, error) { return tx.FlowEntries(s, 10) },
	"Batch":           func(tx store.Tx, s int64) (any, error) { return tx.Batch(s, oneBatch) },
	"Lessons":         func(tx store.Tx, s int64) (any, error) { return tx.Lessons(s, 0, 10) },
	"Taught":          func(tx store.Tx, s int64) (any, error) { return tx.Taught(s) },
	"CountLessons":    func(tx store.Tx, s int64) (any, error) { return tx.CountLessons(s, classifier.Ham, 9) },
	"LowestTouched":   func(tx store.Tx, s int64) (any, error) { return tx.LowestTouched(s, 0) },
	"CountRetirable":  func(tx store.Tx, s int64) (any, error) { return tx.CountRetirable(s, began.Add(time.Hour)) },
	"TakenBy":         func(tx store.Tx, s int64) (any, error) { return tx.TakenBy(s, 9) },
	"Copies":          func(tx store.Tx, s int64) (any, error) { return tx.Copies(s) },
	"CopiedLessons":   func(tx store.Tx, s int64) (any, error) { return tx.CopiedLessons(s, s) },
	"Snapshots":       func(tx store.Tx, s int64) (any, error) { return tx.Snapshots(s) },
	"Snapshot":        func(tx store.Tx, s int64) (any, error) { return tx.Snapshot(s, 1) },
	"EachLesson": func(tx store.Tx, s int64) (any, error) {
		var all []classifier.Lesson
		err := tx.EachLesson(s, 0, func(l classifier.Lesson) error {
			all = append(all, l)
			return nil
		})
		return all, err
	},
	"Webhooks":        func(tx store.Tx, s int64) (any, error) { return tx.Webhooks(s) },
	"WebhookByID":     func(tx store.Tx, s int64) (any, error) { return tx.WebhookByID(s, oneHook) },
	"DueDeliveries":   func(tx store.Tx, s int64) (any, error) { return tx.DueDeliveries(s, oneHook, began, 9) },
	"CountDeliveries": func(tx store.Tx, s int64) (any, error) { n, _, err := tx.CountDeliveries(s, oneHook, 9); return n, err },
	"SpamCheckByHash": func(tx store.Tx, s int64) (any, error) { return tx.SpamCheckByHash(s, []byte(oneName)) },
	"SpamChecks":      func(tx store.Tx, s int64) (any, error) { return tx.SpamChecks(s, 1, 10) },
	"Rules":           func(tx store.Tx, s int64) (any, error) { return tx.Rules(s) },
	"Blocks":          func(tx store.Tx, s int64) (any, error) { return tx.Blocks(s) },
	"Notes":           func(tx store.Tx, s int64) (any, error) { return tx.Notes(s) },
	"NotesAbout":      func(tx store.Tx, s int64) (any, error) { return tx.NotesAbout(refs(s, oneName)) },
	"LastDecided":     func(tx store.Tx, s int64) (any, error) { return tx.LastDecided(s, 10) },
	"Firsts":          func(tx store.Tx, s int64) (any, error) { return tx.Firsts(s, [][]byte{[]byte(oneName)}) },
	"WrittenBy":       func(tx store.Tx, s int64) (any, error) { return tx.WrittenBy(s, []byte(oneName)) },
	"EventsAfter": func(tx store.Tx, s int64) (any, error) {
		events, _, err := tx.EventsAfter("", 1_000_000)
		return slices.DeleteFunc(events, func(e event.Event) bool { return e.Site != s }), err
	},
	"InCampaigns":     func(tx store.Tx, s int64) (any, error) { return tx.InCampaigns(refs(s, oneShown)) },
	"Members":         func(tx store.Tx, s int64) (any, error) { return tx.Members(s, []string{oneShown}) },
	"MembersNumbered": func(tx store.Tx, s int64) (any, error) { return tx.MembersNumbered(s, []int64{1, 2}) },
	"MembersOf": func(tx store.Tx, s int64) (any, error) {
		return tx.MembersOf(s, oneCampaign, 0, 9, false, 9)
	},
	"MembersAfter":    func(tx store.Tx, s int64) (any, error) { return tx.MembersAfter(s, 0, 9) },
	"DecidedBefore":   func(tx store.Tx, s int64) (any, error) { return tx.DecidedBefore(s, began.Add(time.Hour), 9) },
	"LastNumber":      func(tx store.Tx, s int64) (any, error) { return tx.LastNumber(s) },
	"CampaignsByID":   func(tx store.Tx, s int64) (any, error) { return tx.CampaignsByID(s, []string{oneCampaign}) },
	"CampaignsBefore": func(tx store.Tx, s int64) (any, error) { return tx.CampaignsBefore(s, nil, 9) },
	"Spread":          func(tx store.Tx, s int64) (any, error) { return tx.Spread(s, oneCampaign, 9) },
	"MailByID":        func(tx store.Tx, s int64) (any, error) { return tx.MailByID(s, oneMail) },
	"OpenLetter":      func(tx store.Tx, s int64) (any, error) { return tx.OpenLetter(s, []byte(oneName), began) },
	"SubscriptionsOn": func(tx store.Tx, s int64) (any, error) { return tx.SubscriptionsOn(s, onePage, 9) },
	"SubscriptionsTo": func(tx store.Tx, s int64) (any, error) {
		return tx.SubscriptionsTo(s, []string{oneShown, oneWaiting})
	},
	"SubscriptionsOf":  func(tx store.Tx, s int64) (any, error) { return tx.SubscriptionsOf(s, []byte(oneName), 9) },
	"MailStopped":      func(tx store.Tx, s int64) (any, error) { return tx.MailStopped(s, []byte(oneSame)) },
	"MailedCode":       func(tx store.Tx, s int64) (any, error) { return tx.MailedCode(s, []byte(oneName)) },
	"AccountsToNotify": func(tx store.Tx, s int64) (any, error) { return tx.AccountsToNotify(s) },
	"OpenMail":         func(tx store.Tx, s int64) (any, error) { return tx.OpenMail(s, oneMailed, began) },
	"LastMail":         func(tx store.Tx, s int64) (any, error) { return tx.LastMail(s, oneMailed, mail.Each) },
	"LastDecision":     func(tx store.Tx, s int64) (any, error) { return tx.LastDecision(s) },
	"AccountNames":     func(tx store.Tx, s int64) (any, error) { return tx.AccountNames(formerOf(s)) },
	"StaffNames":       func(tx store.Tx, s int64) (any, error) { return tx.StaffNames(s) },
	"Accounts": func(tx store.Tx, s int64) (any, error) {
		accounts, err := tx.Accounts()
		return slices.DeleteFunc(accounts, func(a authz.Account) bool { return a.Roles[s] == authz.NoRole }), err
	},
}

// portrait returns the result of each method in reads for a site; "" means empty.
func (w *env) portrait(site int64) map[string]string {
	w.Helper()
	seen := map[string]string{}
	w.view(func(tx store.Tx) error {
		for method, read := range reads {
			what, err := read(tx, site)
			if err != nil && !errors.Is(err, txn.ErrNotFound) {
				return fmt.Errorf("%s: %w", method, err)
			}
			seen[method] = ""
			v := reflect.ValueOf(what)
			empty := v.IsZero() || (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0
			if err == nil && !empty {
				seen[method] = fmt.Sprintf("%+v", what)
			}
		}
		return nil
	})
	return seen
}

// writes calls the methods that change one site, in an order in which each has an effect.
var writes = []struct {
	method string
	write  func(tx store.Tx, site int64) error
}{
	{"EnsurePage", func(tx store.Tx, s int64) error {
		_, err := tx.EnsurePage(site.Page{ID: "two", Site: s, URL: "https://two.example/", CreatedAt: began})
		return err
	}},
	{"UpdatePage", func(tx store.Tx, s int64) error {
		return tx.UpdatePage(site.Page{ID: onePage, Site: s, URL: oneURL, Title: "changed"})
	}},
	{"SetPageTitle", func(tx store.Tx, s int64) error {
		return errors.Join(
			tx.SetPageTitle(comment.Comment{ID: "", Site: s, Page: onePage}, false),
			tx.SetPageTitle(comment.Comment{ID: oneShown, Site: s, Page: onePage, PageTitle: "brought"}, true))
	}},
	{"AddReport", func(tx store.Tx, s int64) error { return done(tx.AddReport(oneReport(s, "another"), 9)) }},
	{"AddAppeal", func(tx store.Tx, s int64) error {
		return tx.AddAppeal(report.Appeal{Site: s, Comment: oneWaiting, Text: "again", At: began})
	}},
	{"PutComments", func(tx store.Tx, s int64) error {
		return tx.PutComments([]comment.Comment{{ID: oneCame, Site: s, Page: onePage, Version: 1, Submissions: 1,
			Path: "one-root00000009", CreatedAt: began}})
	}},
	{"PutVotes", func(tx store.Tx, s int64) error {
		err := tx.PutVotes([]comment.Comment{{ID: oneCame, Site: s, Votes: 3}})
		return errors.Join(err, second(tx.PublishVotes(s, []string{oneCame})))
	}},
	{"PutReports", func(tx store.Tx, s int64) error {
		return tx.PutReports([]report.Report{{Site: s, Comment: oneShown, ID: "came", At: began,
			Reason: comment.ReasonSpam}})
	}},
	{"PutAppeals", func(tx store.Tx, s int64) error {
		return tx.PutAppeals([]report.Appeal{{Site: s, Comment: oneShown, Refusal: 2, At: began}})
	}},
	{"PutName", func(tx store.Tx, s int64) error { return tx.PutName(s, formerOf(s)[1], "Fay") }},
	{"AddTakedown", func(tx store.Tx, s int64) error {
		return tx.AddTakedown(takedownOf(s, "another", 4), []string{oneWaiting})
	}},
	{"EndTakedown", func(tx store.Tx, s int64) error {
		return tx.EndTakedown(takedown.Takedown{Site: s, ID: oneWhole, Ended: began, Why: "over"})
	}},
	{"Withhold", func(tx store.Tx, s int64) error {
		return tx.Withhold(s, []string{oneShown}, &site.Notice{By: "One court", At: began})
	}},
	{"WithholdPage", func(tx store.Tx, s int64) error { return tx.WithholdPage(s, onePage, &site.Notice{Sealed: true}) }},
	{"Settle", func(tx store.Tx, s int64) error { return tx.Settle(s, []string{oneShown}, nil) }},
	{"Settle", func(tx store.Tx, s int64) error { return tx.Settle(s, nil, []uint64{1}) }},
	{"ForgetAddress", func(tx store.Tx, s int64) error { return tx.ForgetAddress(s, "one-refused", "") }},
	{"ForgetWriter", func(tx store.Tx, s int64) error {
		return tx.ForgetWriter(comment.Comment{ID: oneGone, Site: s, Writer: []byte("one")}, "")
	}},
	{"ForgetComment", func(tx store.Tx, s int64) error {
		return tx.ForgetComment(comment.Comment{ID: oneGone, Site: s, CreatedAt: began}, []byte("of one"))
	}},
	{"InsertComment", func(tx store.Tx, s int64) error {
		_, fresh, err := tx.InsertComment(comment.Comment{
			ID: "again", Site: s, Page: onePage, Version: 1, Submissions: 1, Path: oneRoot, Same: []byte(oneSame),
			CreatedAt: began,
		})
		if fresh {
			return errors.New("the same again was fresh")
		}
		return err
	}},
	{"SetVerdict", func(tx store.Tx, s int64) error {
		c := comment.Comment{Site: s, ID: oneWaiting, Version: 1}
		return done(tx.SetVerdict(c, comment.Verdict{Score: 0.99, ModelSeq: 2}))
	}},
	{"SetState", func(tx store.Tx, s int64) error {
		return done(tx.SetState(s, oneWaiting, 1, comment.StateChange{State: comment.Removed}))
	}},
	{"ReleaseSame", func(tx store.Tx, s int64) error { return tx.ReleaseSame(s, []byte(oneSame), began) }},
	{"SetText", func(tx store.Tx, s int64) error {
		return done(tx.SetText(s, oneShown, 1, comment.TextChange{Source: "changed"}))
	}},
	{"ForgetRevisions", func(tx store.Tx, s int64) error {
		// Store a previous text first, so that the update has an effect.
		kept := []comment.Revision{{Seq: 1, Source: "before"}}
		err := done(tx.SetText(s, oneShown, 2, comment.TextChange{Source: "changed", Kept: kept}))
		return errors.Join(err, tx.ForgetRevisions(s, began))
	}},
	{"SetShown", func(tx store.Tx, s int64) error { return tx.SetShown(s, oneShown, 5, false) }},
	{"WithdrawLessons", func(tx store.Tx, s int64) error {
		_, _, err := tx.WithdrawLessons(s, "one-account", 2)
		return err
	}},
	{"ReturnLessons", func(tx store.Tx, s int64) error {
		_, _, err := tx.ReturnLessons(s, 2)
		return err
	}},
	{"SetStanding", func(tx store.Tx, s int64) error { return tx.SetStanding(s, []uint64{1}, false) }},
	{"RetireLessons", func(tx store.Tx, s int64) error {
		_, _, err := tx.RetireLessons(s, began.Add(time.Hour), 2)
		return err
	}},
	{"EraseLessons", func(tx store.Tx, s int64) error {
		return tx.EraseLessons(s, []auditlog.Lesson{{Lesson: classifier.Lesson{Seq: 1}, Proof: []byte("proof")}}, 3)
	}},
	{"EraseTexts", func(tx store.Tx, s int64) error {
		return tx.EraseTexts(s, []auditlog.Entry{{Seq: 1, Proof: []byte("proof")}})
	}},
	{"MoveWriter", func(tx store.Tx, s int64) error {
		return tx.MoveWriter(s, oneShown, []byte(oneName), []byte("another"))
	}},
	{"AppendDecisions", func(tx store.Tx, s int64) error {
		return tx.AppendDecisions(s, []auditlog.Entry{{Seq: 6, Batch: "two", Undoes: 1, At: began, Hash: []byte("2"),
			Ruling: auditlog.Ruling{Comment: oneShown}}})
	}},
	{"AddLessons", func(tx store.Tx, s int64) error {
		return tx.AddLessons(s, []auditlog.Lesson{{Lesson: classifier.Lesson{Seq: 4}, Of: oneShown}})
	}},
	{"PutPiece", func(tx store.Tx, s int64) error {
		return tx.PutPiece(s, fold.Snapshot{Seq: 1, AsOf: 2, Model: []byte("another ")}, 0)
	}},
	{"PutSnapshot", func(tx store.Tx, s int64) error {
		return tx.PutSnapshot(s, fold.Snapshot{Seq: 2, AsOf: 2, Model: []byte("two"), Sum: []byte("sum")}, 0)
	}},
	{"DropSnapshots", func(tx store.Tx, s int64) error { return tx.DropSnapshots(s, []uint64{1}) }},
	{"PutRule", func(tx store.Tx, s int64) error {
		return tx.PutRule(rules.Rule{ID: "two", Site: s, Action: rules.ActionHold, CreatedAt: began})
	}},
	{"PutBlock", func(tx store.Tx, s int64) error {
		return tx.PutBlock(rules.Block{ID: "two", Site: s, CreatedAt: began})
	}},
	{"PutNote", func(tx store.Tx, s int64) error {
		return tx.PutNote(rules.Note{ID: noNote, Site: s, Writer: []byte(oneName), CreatedAt: began})
	}},
	{"PublishVotes", func(tx store.Tx, s int64) error {
		pages, err := tx.PublishVotes(s, []string{oneShown})
		return done(len(pages) == 1, err)
	}},
	{"SetSSOSalt", func(tx store.Tx, s int64) error { return tx.SetSSOSalt(s, []byte("another"), began) }},
	{"PutSpamListSource", func(tx store.Tx, s int64) error {
		return tx.PutSpamListSource(spamlist.Source{Site: s, ID: oneNeighbour, URL: "another", At: began})
	}},
	{"NoteSpamListSource", func(tx store.Tx, s int64) error {
		return done(tx.NoteSpamListSource(spamlist.Source{Site: s, ID: oneNeighbour, Failure: "another"}))
	}},
	{"PutSpamList", func(tx store.Tx, s int64) error {
		return done(tx.PutSpamList(spamlist.List{Site: s, Neighbour: oneNeighbour,
			Generated: began.Add(time.Hour), Body: []byte("another")}))
	}},
	{"DropSpamListSource", func(tx store.Tx, s int64) error { return tx.DropSpamListSource(s, oneNeighbour) }},
	{"PutChecker", func(tx store.Tx, s int64) error {
		return tx.PutChecker(externalcheck.Checker{Site: s, Failures: 1, Failure: "another"})
	}},
	{"PutCheck", func(tx store.Tx, s int64) error {
		return tx.PutCheck(externalcheck.Check{Site: s, Comment: oneShown, At: began})
	}},
	{"DropCheck", func(tx store.Tx, s int64) error { return tx.DropCheck(s, oneWaiting) }},
	{"PutKeyPair", func(tx store.Tx, s int64) error {
		old, err := tx.KeyPair(s)
		p := signing.KeyPair{Site: s, Public: old.Sealed, Sealed: []byte("another"), At: began}
		return errors.Join(err, tx.PutKeyPair(p, old.Public))
	}},
	{"NoteCopy", func(tx store.Tx, s int64) error { return tx.NoteCopy(s, began.Add(time.Hour)) }},
	{"SaveVerifiedName", func(tx store.Tx, s int64) error { return tx.SaveVerifiedName(s, []byte("another"), began) }},
	{"ConfirmSubscriptions", func(tx store.Tx, s int64) error {
		return tx.ConfirmSubscriptions(s, []byte(oneName), began, began)
	}},
	{"PutSubscription", func(tx store.Tx, s int64) error { return tx.PutSubscription(oneSubscription(s, oneWaiting, "two")) }},
	{"DropSubscription", func(tx store.Tx, s int64) error { return tx.DropSubscription(s, oneWaiting) }},
	{"DropSubscriptions", func(tx store.Tx, s int64) error { return tx.DropSubscriptions(s, []byte(oneName)) }},
	{"AllowMail", func(tx store.Tx, s int64) error { return tx.AllowMail(s, []byte(oneSame)) }},
	{"StopMail", func(tx store.Tx, s int64) error { return tx.StopMail(s, []byte(oneSame), began) }},
	{"PutMailedCode", func(tx store.Tx, s int64) error {
		return tx.PutMailedCode(s, []byte(oneName), readerauth.MailedCode{Letter: "two", Tries: 2, At: began})
	}},
	{"DropMailedCode", func(tx store.Tx, s int64) error { return tx.DropMailedCode(s, []byte(oneName)) }},
	{"DropLetters", func(tx store.Tx, s int64) error { return tx.DropLetters(s, []byte(oneName)) }},
	{"InsertLetter", func(tx store.Tx, s int64) error {
		l := oneLetter(s, "a-letter") // sorts before the other by its ID
		return tx.InsertLetter(l)
	}},
	{"CastVote", func(tx store.Tx, s int64) error {
		v := vote.Vote{Site: s, Comment: oneShown, Voter: []byte("another"), At: began}
		return errors.Join(done(tx.CastVote(v)), second(tx.PublishVotes(s, []string{oneShown})))
	}},
	{"DeleteVote", func(tx store.Tx, s int64) error {
		v := vote.Vote{Site: s, Comment: oneShown, Voter: []byte(oneName), At: began}
		return errors.Join(done(tx.DeleteVote(v)), second(tx.PublishVotes(s, []string{oneShown})))
	}},
	{"RemoveRule", func(tx store.Tx, s int64) error { return tx.RemoveRule(s, oneRule, began) }},
	{"RemoveBlock", func(tx store.Tx, s int64) error { return tx.RemoveBlock(s, oneBlock, began.Add(time.Hour)) }},
	{"RemoveNote", func(tx store.Tx, s int64) error { return tx.RemoveNote(s, oneNote, began.Add(time.Hour)) }},
	{"PruneRules", func(tx store.Tx, s int64) error {
		err := errors.Join(tx.PruneRules(s, began.Add(time.Minute)), tx.RemoveBlock(s, oneBlock, time.Time{}))
		if !errors.Is(tx.RemoveBlock(s, noBlock, time.Time{}), txn.ErrNotFound) {
			err = errors.Join(err, errors.New("what was removed is still there"))
		}
		return err
	}},
	{"PutCampaigns", func(tx store.Tx, s int64) error {
		return tx.PutCampaigns(s, campaign.Campaign{ID: oneCampaign, Joined: 2, Waiting: 1})
	}},
	{"PutMembers", func(tx store.Tx, s int64) error {
		return tx.PutMembers(s, []campaign.Member{{Comment: oneShown, Number: 1, Campaign: oneCampaign, Joined: 2}})
	}},
	{"DropMember", func(tx store.Tx, s int64) error { return tx.DropMember(s, oneShown) }},
	{"DropCampaign", func(tx store.Tx, s int64) error { return tx.DropCampaign(s, oneCampaign) }},
	{"ForgetMembers", func(tx store.Tx, s int64) error { _, err := tx.ForgetMembers(s, 9); return err }},
	{"PutMail", func(tx store.Tx, s int64) error {
		m := mail.Message{Site: s, ID: oneMail, Account: oneMailed, Kind: mail.Each, Tries: 7, CreatedAt: began}
		return tx.PutMail(m)
	}},
	{"PutWebhook", func(tx store.Tx, s int64) error {
		return tx.PutWebhook(webhook.Endpoint{Site: s, ID: oneHook, URL: []byte("u"), Failures: 3, CreatedAt: began})
	}},
	{"PutDeliveries", func(tx store.Tx, s int64) error {
		later := began.Add(time.Hour)
		return tx.PutDeliveries(webhook.Delivery{Site: s, Hook: oneHook, ID: "two", At: began, DueAt: later})
	}},
	{"WakeDeliveries", func(tx store.Tx, s int64) error { return tx.WakeDeliveries(s, oneHook, began) }},
	{"ReviveDeliveries", func(tx store.Tx, s int64) error {
		gone := webhook.Delivery{Site: s, Hook: oneHook, ID: "gone", At: began, EndedAt: began, Outcome: "given up"}
		return errors.Join(tx.PutDeliveries(gone), second(tx.ReviveDeliveries(s, oneHook, began)))
	}},
	{"PutSpamCheck", func(tx store.Tx, s int64) error {
		return tx.PutSpamCheck(spamcheck.Row{Site: s, Hash: []byte(oneName), Times: 7, Label: 1, At: began})
	}},
	{"Emit", func(tx store.Tx, s int64) error {
		return tx.Emit(event.Event{Site: s, Kind: event.Site, At: began})
	}},
}

// second drops the first result of a call.
func second[T any](_ T, err error) error { return err }

// done returns an error if changed is false.
func done(changed bool, err error) error {
	if err == nil && !changed {
		return errors.New("nothing was changed")
	}
	return err
}

func everyMethodIsTested(w *env) {
	known := slices.Clone(siteless)
	for name := range reads {
		known = append(known, name)
	}
	for _, write := range writes {
		known = append(known, write.method)
	}
	known = append(known, "LockLog", "ClaimKey", "StoreResponse") // below
	people := reflect.TypeFor[identity.Tx]()
	for i := range people.NumMethod() {
		known = append(known, people.Method(i).Name)
	}
	all := reflect.TypeFor[store.Tx]()
	for i := range all.NumMethod() {
		if name := all.Method(i).Name; !slices.Contains(known, name) {
			w.Errorf("%s is not tested with two sites", name)
		}
	}
}

func nothingCrosses(w *env) {
	other := w.newSite("b")
	fill(w, w.site)
	mine := w.portrait(w.site.ID)
	for method, seen := range mine {
		if seen == "" {
			w.Errorf("%s returns nothing for a filled site", method)
		}
	}
	for method, seen := range w.portrait(other.ID) {
		if seen != "" {
			w.Errorf("%s shows an empty site %s", method, seen)
		}
	}
	fill(w, other)
	unchanged := func(after string) {
		w.Helper()
		for method, seen := range w.portrait(w.site.ID) {
			if seen != mine[method] {
				w.Errorf("after %s on another site, %s shows\n%s\nnot\n%s", after, method, seen, mine[method])
			}
		}
	}
	unchanged("fill")
	before := fmt.Sprint(w.portrait(other.ID))
	for _, write := range writes {
		w.update(func(tx store.Tx) error {
			if err := write.write(tx, other.ID); err != nil {
				return fmt.Errorf("%s: %w", write.method, err)
			}
			return nil
		})
		unchanged(write.method)
		after := fmt.Sprint(w.portrait(other.ID))
		// Duplicate hashes are not in the portrait; they have their own rule.
		if after == before && write.method != "ReleaseSame" && write.method != "AddLessons" {
			w.Errorf("%s changed nothing", write.method)
		}
		before = after
	}
	keysDoNotCross(w, other)
}

// keysDoNotCross claims one key on both sites, in one transaction and with both logs locked.
func keysDoNotCross(w *env, other site.Site) {
	key := txn.IdempotencyKey{Route: "r", Value: "crossing", Body: []byte("b")}
	w.update(func(tx store.Tx) error {
		for _, s := range []site.Site{w.site, other} {
			if _, err := tx.LockLog(s.ID); err != nil {
				return err
			}
			k := key
			k.Site = s.ID
			if answer, err := tx.ClaimKey(k, began.Add(time.Second)); err != nil || answer != nil {
				return fmt.Errorf("claim on %s: %v, %w", s.Key, answer, err)
			}
			if err := tx.StoreResponse(k, []byte(s.Key)); err != nil {
				return err
			}
		}
		return nil
	})
	w.update(func(tx store.Tx) error {
		k := key
		k.Site = w.site.ID
		answer, err := tx.ClaimKey(k, began)
		if answer == nil || string(answer.Data) != w.site.Key {
			w.Errorf("the answer kept for site %s is %v", w.site.Key, answer)
		}
		return err
	})
}
