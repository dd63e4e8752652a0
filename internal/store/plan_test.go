package store

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/mail"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
	"github.com/aitys/aitys/moderation/vote"
)

// fifthMilli and ninthMilli are times within the test data.
var fifthMilli, ninthMilli = time.UnixMicro(5000), time.UnixMicro(9000)

// A hotQuery is a query and the index that its plan must use. few allows the plan to sort, because there are few rows.
type hotQuery struct {
	name  string
	index string
	run   func(Tx) error
	few   bool
}

var hot = []hotQuery{
	{"page by URL", "pages_url", func(tx Tx) error { return second(tx.PageByURL(1, "u7")) }, false},
	{"pages by id", "pages_pk", func(tx Tx) error { return second(tx.PagesByID(1, []string{"p7"})) }, true},
	{"reported", "comments_reported", viewQuery(comment.ViewReported, comment.OldestFirst), false},
	{"reported, riskiest", "comments_reported", viewQuery(comment.ViewReported, comment.RiskiestFirst), true},
	{"appealed", "comments_appealed", viewQuery(comment.ViewAppealed, comment.OldestFirst), true},
	{"count of reported", "comments_reported",
		func(tx Tx) error {
			return second(tx.CountQueue(comment.OneSite(1), comment.ViewReported, comment.Threshold{Score: 0.9}, 1000))
		}, false},
	{"count of appealed", "comments_appealed",
		func(tx Tx) error {
			return second(tx.CountQueue(comment.OneSite(1), comment.ViewAppealed, comment.Threshold{Score: 0.9}, 1000))
		}, false},
	{"somebody's name", "verified_names_pk",
		func(tx Tx) error { return second(tx.HasVerifiedName(1, []byte("w1"))) }, false},
	{"a reader's report", "reports_reporter",
		func(tx Tx) error { return second(tx.HasReported(1, "c7", []byte("w1"))) }, true},
	{"open reports", "reports_pk|reports_reporter",
		func(tx Tx) error { return second(tx.OpenReports(1, []string{"c7", "c9"})) }, true},
	{"all reports", "reports_pk|reports_reporter",
		func(tx Tx) error { return second(tx.Reports(1, []string{"c7", "c9"})) }, true},
	{"answers of a page", "comments_page", func(tx Tx) error { return second(tx.Answers(1, "p7")) }, true},
	{"appeals", "appeals_pk",
		func(tx Tx) error { return second(tx.Appeals(1, []string{"c7", "c9"})) }, true},
	{"a demand", "takedowns_pk",
		func(tx Tx) error { return second(tx.Takedown(1, "d7")) }, true},
	{"demands", "takedowns_order",
		func(tx Tx) error { return second(tx.Takedowns(1, 0, 50)) }, true},
	{"demands against a page", "takedowns_page",
		func(tx Tx) error { return second(tx.ActivePageTakedowns(1, "p7")) }, true},
	{"demands whose time is over", "takedowns_until",
		func(tx Tx) error { return second(tx.LapsedTakedowns(time.UnixMicro(10), 50)) }, true},
	{"what demands are about", "takedown_comments_pk|takedown_comments USING PRIMARY KEY",
		func(tx Tx) error { return second(tx.TakedownComments(1, []string{"d7", "d9"})) }, true},
	{"demands against comments", "takedown_comments_comment",
		func(tx Tx) error { return second(tx.ActiveTakedowns(1, []string{"c7", "c9"})) }, true},
	{"figures of what came in", "comments_age",
		func(tx Tx) error { return second(tx.ReceivedIn(1, fifthMilli, ninthMilli)) }, false},
	{"figures of what was refused", "comments_refused",
		func(tx Tx) error { return second(tx.RefusedIn(1, fifthMilli, ninthMilli)) }, true},
	{"figures of what is kept no longer", "comments_expired",
		func(tx Tx) error { return second(tx.ExpiredIn(1, fifthMilli, ninthMilli)) }, true},
	{"figures of what was suspected", "comments_suspected",
		func(tx Tx) error { return second(tx.SuspectedIn(1, fifthMilli, ninthMilli)) }, false},
	{"figures of what nobody decided", "comments_itself",
		func(tx Tx) error { return second(tx.UndecidedIn(1, fifthMilli, ninthMilli)) }, false},
	{"figures of waiting", "comments_age",
		func(tx Tx) error { return second(tx.WaitsIn(1, fifthMilli, ninthMilli, 50)) }, false},
	{"figures of appeals", "appeals_age",
		func(tx Tx) error { return second(tx.AppealsIn(1, fifthMilli, ninthMilli)) }, true},
	{"figures of answers to appeals", "appeals_age",
		func(tx Tx) error { return second(tx.AppealWaitsIn(1, fifthMilli, ninthMilli, 50)) }, true},
	{"figures of reports", "reports_age",
		func(tx Tx) error {
			return second(tx.NoticesIn(1, comment.ReasonUnlawful, fifthMilli, ninthMilli))
		}, true},
	{"figures of answers to reports", "reports_age",
		func(tx Tx) error {
			return second(tx.NoticeWaitsIn(1, comment.ReasonUnlawful, fifthMilli, ninthMilli, 50))
		}, true},
	{"the open register", "takedowns_order",
		func(tx Tx) error { return second(tx.OpenTakedowns(1, fifthMilli, ninthMilli, 0, 50)) }, true},
	{"withheld comments of a page", "comments_withheld", func(tx Tx) error {
		return second(tx.CountByPage(1, []string{"p7"}, comment.Approved))
	}, true},
	{"what a decision settled", "reports_settled",
		func(tx Tx) error { return tx.Settle(1, nil, []uint64{9_999_999}) }, true},
	{"old reports", "reports_age",
		func(tx Tx) error { return tx.DropReporters(time.UnixMicro(10), time.UnixMicro(5)) }, true},
	{"webhooks with something due", "deliveries_due|SCAN",
		func(tx Tx) error { return second(tx.ReadyWebhooks(time.UnixMicro(300), 50)) }, true},
	{"deliveries that are due", "deliveries_due",
		func(tx Tx) error { return second(tx.DueDeliveries(1, "h1", time.UnixMicro(300), 16)) }, false},
	{"a list of a neighbour", "neighbour_lists_pk|sqlite_autoindex_neighbour_lists",
		func(tx Tx) error { return second(tx.SpamList(1, "n7")) }, true},
	{"what a checker is asked about", "checks_age",
		func(tx Tx) error { return second(tx.Checks(1, 8)) }, true},
	{"deliveries to wake", "deliveries_due",
		func(tx Tx) error { return tx.WakeDeliveries(1, "h1", time.UnixMicro(10)) }, true},
	{"deliveries given up", "deliveries_pk|sqlite_autoindex_deliveries|deliveries_ended",
		func(tx Tx) error { return second(tx.ReviveDeliveries(1, "h1", time.UnixMicro(10))) }, true},
	{"an inquiry", "inquiries_pk",
		func(tx Tx) error {
			if _, err := tx.SpamCheckByHash(1, []byte("w1")); !errors.Is(err, txn.ErrNotFound) {
				return err
			}
			return nil
		}, true},
	{"taught inquiries", "inquiries_label|inquiries_age",
		func(tx Tx) error { return second(tx.SpamChecks(1, 2, 20)) }, false},
	{"pages", "pages_age", func(tx Tx) error { return second(tx.Pages(1, "", 50)) }, false},
	{"more pages", "pages_age", func(tx Tx) error { return second(tx.Pages(1, "p7", 50)) }, false},
	{"comment", "comments_pk", func(tx Tx) error { return second(tx.CommentByID(1, "c7")) }, false},
	{"mails that are due", "mails_due|letters_due", func(tx Tx) error {
		return second(tx.DueMails(time.UnixMicro(300), 50))
	}, true},
	{"mail that gathers", "mails_account", func(tx Tx) error {
		return second(tx.OpenMail(1, "a18", time.UnixMicro(300)))
	}, true},
	{"letter that gathers", "letters_mailbox", func(tx Tx) error {
		return second(tx.OpenLetter(1, []byte("w18"), time.UnixMicro(300)))
	}, true},
	{"who wants to be told", "subscriptions_pk|subscriptions USING PRIMARY KEY", func(tx Tx) error {
		return second(tx.SubscriptionsTo(1, []string{"c7", "c9"}))
	}, true},
	// Postgres may scan the subscriptions of a page's comments, because there are few.
	{"who wants to be told of a page", "comments_page|SCAN", func(tx Tx) error {
		return second(tx.SubscriptionsOn(1, "p7", 50))
	}, false},
	{"demands about a comment", "takedown_comments_comment",
		func(tx Tx) error { return second(tx.TakedownsOf(1, "c7", "p7")) }, true},
	{"what somebody wants to be told of", "subscriptions_mailbox", func(tx Tx) error {
		return second(tx.SubscriptionsOf(1, []byte("w18"), 50))
	}, true},
	{"who wants no mail", "mail_stops_pk|mail_stops USING PRIMARY KEY", func(tx Tx) error {
		return second(tx.MailStopped(1, []byte("w18")))
	}, true},
	{"mailed code", "mail_codes_pk|mail_codes USING PRIMARY KEY", func(tx Tx) error {
		return second(tx.MailedCode(1, []byte("w18")))
	}, true},
	{"last mail", "mails_account", func(tx Tx) error {
		return second(tx.LastMail(1, "a8", mail.Each))
	}, true},
	{"last decision", "decisions_pk", func(tx Tx) error { return second(tx.LastDecision(1)) }, false},
	{"thread", "comments_thread", threadQuery(comment.ThreadQuery{Order: comment.OldestRoots}), false},
	{"more of a thread", "comments_thread", threadQuery(comment.ThreadQuery{Order: comment.OldestRoots, After: padded(7)}),
		false},
	{"newest thread", "comments_thread", threadQuery(comment.ThreadQuery{Order: comment.NewestRoots}), false},
	{"more of a newest thread", "comments_thread",
		threadQuery(comment.ThreadQuery{Order: comment.NewestRoots, After: padded(7)}), false},
	{"top thread", "comments_top", threadQuery(comment.ThreadQuery{Order: comment.TopRoots}), true},
	{"more of a top thread", "comments_top|comments_thread",
		threadQuery(comment.ThreadQuery{Order: comment.TopRoots, After: padded(7)}), true},
	{"votes since", "votes_changed",
		func(tx Tx) error { return second(tx.ChangedVotes(time.UnixMicro(19_990), 50)) }, false},
	{"votes of a network", "votes_pk|sqlite_autoindex_votes_1", func(tx Tx) error {
		return second(tx.OtherVotes(vote.Vote{Site: 1, Comment: "c50", Voter: []byte("12345678")}, 4))
	}, false},
	{"votes of a comment", "votes_pk|sqlite_autoindex_votes_1",
		func(tx Tx) error { return second(tx.CountVotes(1, "c50")) }, false},
	{"queue, oldest", "comments_age", queueQuery(comment.OldestFirst, nil), false},
	{"queue, newest", "comments_age", queueQuery(comment.NewestFirst, nil), false},
	{"queue, risk", "comments_risk", queueQuery(comment.RiskiestFirst, nil), false},
	{"queue, oldest, deep", "comments_age",
		queueQuery(comment.OldestFirst, &comment.QueueCursor{At: time.UnixMicro(5000), ID: "c5000"}), false},
	{"queue, newest, deep", "comments_age",
		queueQuery(comment.NewestFirst, &comment.QueueCursor{At: time.UnixMicro(5000), ID: "c5000"}), false},
	{"queue, risk, deep", "comments_risk",
		queueQuery(comment.RiskiestFirst, &comment.QueueCursor{Score: 0.5, ID: "c5000"}), false},
	{"queue, calm", "comments_risk", queueQuery(comment.CalmestFirst, nil), false},
	{"queue, useful", "comments_risk", queueQuery(comment.UsefulFirst, nil), false},
	{"queue, useful, deep", "comments_risk",
		queueQuery(comment.UsefulFirst, &comment.QueueCursor{Score: 0.5, ID: "c5000"}), false},
	{"queue, calm, deep", "comments_risk",
		queueQuery(comment.CalmestFirst, &comment.QueueCursor{Score: 0.5, ID: "c5000"}), false},
	{"queue of a writer", "comments_writer", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewPending, Order: comment.OldestFirst,
			Filter: comment.QueueFilter{Writer: []byte("w1")}, Limit: 50}))
	}, true},
	{"queue between scores", "comments_risk", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewPending, Order: comment.RiskiestFirst,
			Filter: comment.QueueFilter{MinScore: 0.3, MaxScore: new(0.7)}, Limit: 50}))
	}, false},
	{"queue of a day", "comments_age", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewPending, Order: comment.OldestFirst,
			Filter: comment.QueueFilter{Since: time.UnixMicro(5000), Until: time.UnixMicro(6000)}, Limit: 50}))
	}, false},
	{"suspected by risk", "comments_risk", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewSuspected, Suspect: comment.Threshold{Score: 0.9},
			Order: comment.RiskiestFirst, Limit: 50}))
	}, false},
	{"queue of all, oldest", "comments_all_age", allQuery(comment.OldestFirst, nil), false},
	{"queue of all, newest, deep", "comments_all_age",
		allQuery(comment.NewestFirst, &comment.QueueCursor{At: time.UnixMicro(5000), ID: "c5000", Site: 1}), false},
	{"queue of all, risk", "comments_all_risk", allQuery(comment.RiskiestFirst, nil), false},
	{"queue of all, calm, deep", "comments_all_risk",
		allQuery(comment.CalmestFirst, &comment.QueueCursor{Score: 0.5, ID: "c5000", Site: 1}), false},
	{"queue of all, useful", "comments_all_risk", allQuery(comment.UsefulFirst, nil), false},
	{"queue of many, oldest", "comments_all_age", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{IDs: manySites()}, View: comment.ViewPending,
			Order: comment.OldestFirst, Limit: 50}))
	}, false},
	{"queue of many, risk", "comments_all_risk", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{IDs: manySites()}, View: comment.ViewPending,
			Order: comment.RiskiestFirst, Limit: 50}))
	}, false},
	{"queue of few, oldest", "SCAN one|comments_age", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{IDs: []int64{1, 2}}, View: comment.ViewPending,
			Order: comment.OldestFirst, Limit: 50}))
	}, true},
	{"queue of all, of a writer", "comments_writer", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{All: true, IDs: manySites()},
			View: comment.ViewPending, Order: comment.OldestFirst,
			Filter: comment.QueueFilter{Writer: []byte("w1")}, Limit: 50}))
	}, true},
	{"queue of all, of a page", "comments_page", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{All: true, IDs: manySites()},
			View: comment.ViewPending, Order: comment.OldestFirst,
			Filter: comment.QueueFilter{Page: "p1"}, Limit: 50}))
	}, true},
	{"reported of all", "SCAN comments USING INDEX comments_reported|comments_reported", func(tx Tx) error {
		return second(tx.Queue(comment.QueueQuery{Sites: comment.SiteSet{All: true, IDs: manySites()},
			View: comment.ViewReported, Order: comment.OldestFirst, Limit: 50}))
	}, true},
	{"count of pending of all", "comments_all_age|comments_all_risk", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{All: true}, comment.ViewPending, comment.Threshold{Score: 0.9}, 1000))
	}, false},
	{"count of suspected of all", "comments_all_risk", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{All: true}, comment.ViewSuspected,
			comment.Threshold{Score: 0.9, Other: map[int64]float64{7: 0.95}}, 1000))
	}, true},
	{"count of reported of all", "SCAN comments USING INDEX comments_reported|comments_reported", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{All: true}, comment.ViewReported, comment.Threshold{Score: 0.9}, 1000))
	}, false},
	{"count of pending of many", "comments_all_age|comments_all_risk", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{IDs: manySites()}, comment.ViewPending, comment.Threshold{Score: 0.9}, 1000))
	}, true},
	{"count of pending of few", "comments_age|comments_risk", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{IDs: []int64{2, 3}}, comment.ViewPending, comment.Threshold{Score: 0.9}, 1000))
	}, false},
	{"count of suspected of many", "comments_all_risk", func(tx Tx) error {
		return second(tx.CountQueue(comment.SiteSet{IDs: manySites()}, comment.ViewSuspected, comment.Threshold{Score: 0.9}, 1000))
	}, true},
	{"arrivals", "comments_age",
		func(tx Tx) error { return second(tx.Arrivals(1, time.UnixMicro(5000), 50)) }, false},
	{"entries with their comments", "decisions_pk", func(tx Tx) error { return second(tx.FlowEntries(1, 50)) }, false},
	{"comments of entries", "comments_pk", func(tx Tx) error { return second(tx.FlowEntries(1, 50)) }, false},
	{"count of pending", "comments_age|comments_risk",
		func(tx Tx) error {
			return second(tx.CountQueue(comment.OneSite(1), comment.ViewPending, comment.Threshold{Score: 0.9}, 1000))
		}, false},
	{"count of suspected", "comments_risk",
		func(tx Tx) error {
			return second(tx.CountQueue(comment.OneSite(1), comment.ViewSuspected, comment.Threshold{Score: 0.9}, 1000))
		}, false},
	{"stale, oldest", "comments_age",
		func(tx Tx) error { return second(tx.StalePending(1, 18, comment.OldestFirst, 300)) }, false},
	{"stale, riskiest", "comments_risk",
		func(tx Tx) error { return second(tx.StalePending(1, 18, comment.RiskiestFirst, 300)) }, false},
	{"kept", "comments_kept", func(tx Tx) error { return tx.ForgetRevisions(1, time.UnixMicro(20_000)) }, true},
	{"removed", "comments_removed",
		func(tx Tx) error { return second(tx.RemovedBefore(1, time.UnixMicro(20_000), 100)) }, false},
	{"under an e-mail", "comments_email",
		func(tx Tx) error {
			return second(tx.CommentsUnder(1, text.AddressOf("w7@mail.example"), 100))
		}, false},
	{"letters to an address", "letters_mailbox",
		func(tx Tx) error { return second(tx.LettersTo(1, []byte("b7"), 100)) }, true},
	{"refused long ago", "comments_decided",
		func(tx Tx) error { return second(tx.RefusedBefore(1, time.UnixMicro(20_000), 100)) }, false},
	{"with addresses of long ago", "comments_addressed",
		func(tx Tx) error { return second(tx.AddressedBefore(1, time.UnixMicro(20_000), 100)) }, false},
	{"records of writers", "comments_writer",
		func(tx Tx) error { return second(tx.Records(1, [][]byte{[]byte("w1"), []byte("w2")})) }, true},
	{"writers", "comments_writer",
		func(tx Tx) error { return second(tx.Writers([]site.Ref{{Site: 1, ID: "w1"}, {Site: 2, ID: "w2"}})) }, false},
	{"release of sameness", "comments_same",
		func(tx Tx) error { return tx.ReleaseSame(1, []byte("s7"), time.UnixMicro(1)) }, false},
	{"decisions", "decisions_pk", func(tx Tx) error { return second(tx.DecisionsAfter(1, 100, 50)) }, false},
	{"newest decisions", "decisions_pk", func(tx Tx) error { return second(tx.DecisionsBefore(1, 0, 50)) },
		false},
	{"decisions of a comment", "decisions_comment", func(tx Tx) error { return second(tx.DecisionsOf(1, "c7")) },
		true},
	{"batch", "decisions_batch", func(tx Tx) error { return second(tx.Batch(1, "b7")) }, true},
	{"lessons that count", "lessons_standing", func(tx Tx) error {
		return tx.EachLesson(1, 9_900, func(classifier.Lesson) error { return nil })
	}, true},
	{"lessons of entries", "lessons_pk", func(tx Tx) error { return second(tx.Lessons(1, 100, 150)) }, true},
	{"lessons that an entry took", "lessons_withdrawn",
		func(tx Tx) error { return second(tx.TakenBy(1, 9_000)) }, true},
	{"lessons that were copied", "decisions_copies",
		func(tx Tx) error { return second(tx.CopiedLessons(1, 2)) }, true},
	{"entries that copied", "decisions_copies", func(tx Tx) error { return second(tx.Copies(1)) }, true},
	{"what was touched", "decisions_pk", func(tx Tx) error { return second(tx.LowestTouched(1, 9_950)) }, false},
	{"last decided", "comments_pk", func(tx Tx) error { return second(tx.LastDecided(1, 100)) }, true},
	{"firsts of writers", "comments_writer",
		func(tx Tx) error { return second(tx.Firsts(1, [][]byte{[]byte("w1"), []byte("w2")})) }, true},
	{"written by", "comments_writer",
		func(tx Tx) error { return missing(tx.WrittenBy(1, []byte("w1"))) }, true},
	{"lessons of a label", "lessons_label",
		func(tx Tx) error { return second(tx.CountLessons(1, classifier.Spam, 100)) }, false},
	{"events", "events_pk|INTEGER PRIMARY KEY", func(tx Tx) error {
		events, _, err := tx.EventsAfter("1:19900", 50)
		return second(events, err)
	}, false},
	{"last event", "events_pk|SCAN events", func(tx Tx) error { return second(tx.LastEvent()) }, false},
	{"members by their numbers", "campaign_members_number",
		func(tx Tx) error { return second(tx.MembersNumbered(1, []int64{7, 8, 9})) }, true},
	{"members of a campaign", "campaign_members_waiting|campaign_members_settled",
		func(tx Tx) error { return second(tx.MembersOf(1, "k7", 3, 20_000, false, 50)) }, false},
	{"members that wait", "campaign_members_waiting",
		func(tx Tx) error { return second(tx.MembersOf(1, "k7", 3, 20_000, true, 50)) }, false},
	{"members decided long ago", "campaign_members_decided",
		func(tx Tx) error { return second(tx.DecidedBefore(1, time.UnixMicro(2000), 50)) }, false},
	{"members after one", "campaign_members_number",
		func(tx Tx) error { return second(tx.MembersAfter(1, 7, 50)) }, false},
	{"last member", "campaign_members_number",
		func(tx Tx) error { return second(tx.LastNumber(1)) }, false},
	{"campaigns", "campaigns_latest",
		func(tx Tx) error { return second(tx.CampaignsBefore(1, nil, 50)) }, false},
	{"more campaigns", "campaigns_latest", func(tx Tx) error {
		return second(tx.CampaignsBefore(1, &campaign.Campaign{ID: "k7", LastSeen: time.UnixMicro(900)}, 50))
	}, false},
	{"a campaign's spread", "campaign_members_waiting|campaign_members_settled|SCAN m",
		func(tx Tx) error { return second(tx.Spread(1, "k7", 200)) }, true},
	{"session", "sessions_pk", func(tx Tx) error { return missing(tx.SessionByHash([]byte("x"))) }, false},
	{"proof", "account_proofs_pk", func(tx Tx) error { return missing(tx.AccountByProof("i", "s")) }, false},
	{"proofs", "account_proofs_account", func(tx Tx) error { return second(tx.Proofs("a1")) }, true},
	{"token", "tokens_hash", func(tx Tx) error { return missing(tx.TokenByHash([]byte("x"))) }, false},
}

// lists are queries for a page of the desk. In production Postgres uses generic plans for them, so they are tested only
// without values: with the values here, which select half of the rows, a planner would scan the table.
var lists = []hotQuery{
	{"counts", "comments_page",
		func(tx Tx) error { return second(tx.CountByPage(1, fifty("p"), comment.Approved)) }, false},
	{"pages by id", "pages_pk", func(tx Tx) error { return second(tx.PagesByID(1, fifty("p"))) }, false},
	{"pages of sites", "pages_pk", func(tx Tx) error { return second(tx.PagesByRef(fiftyRefs("p"))) }, true},
	{"pages by URL", "pages_url", func(tx Tx) error { return second(tx.PagesByURL(1, fifty("u"))) }, false},
	{"comments of sites", "comments_pk", func(tx Tx) error { return second(tx.CommentsByRef(fiftyRefs("c"))) }, true},
	{"comments in campaigns", "campaign_members_pk",
		func(tx Tx) error { return second(tx.InCampaigns(fiftyRefs("c"))) }, true},
	{"writers of sites", "comments_writer", func(tx Tx) error { return second(tx.Writers(fiftyRefs("w"))) }, true},
	{"comments in brief", "comments_pk",
		func(tx Tx) error { return second(tx.CommentsInBrief(1, fifty("c"))) }, true},
	{"comments by id", "comments_pk", func(tx Tx) error { return second(tx.CommentsByID(1, fifty("c"))) }, true},
	{"comments alone", "comments_pk",
		func(tx Tx) error { return second(tx.CommentsAlone(1, fifty("c"))) }, true},
	{"members of comments", "campaign_members_pk",
		func(tx Tx) error { return second(tx.Members(1, fifty("c"))) }, true},
	{"campaigns by id", "campaigns_pk", func(tx Tx) error { return second(tx.CampaignsByID(1, fifty("k"))) },
		true},
	{"decisions of comments", "decisions_comment",
		func(tx Tx) error { return second(tx.DecisionsOf(1, fifty("c")...)) }, true},
	{"names", "accounts_pk", func(tx Tx) error { return second(tx.AccountNames(fifty("a"))) }, false},
}

// fifty returns 50 IDs, the number on a page of the desk.
func fifty(prefix string) (names []string) {
	for n := range 50 {
		names = append(names, fmt.Sprint(prefix, 2*n))
	}
	return names
}

// fiftyRefs returns 50 IDs, each of another site.
func fiftyRefs(prefix string) (refs []site.Ref) {
	for n, id := range fifty(prefix) {
		refs = append(refs, site.Ref{Site: int64(n), ID: id})
	}
	return refs
}

// second returns the error of a call and drops its result.
func second[T any](_ T, err error) error { return err }

// missing is second, but returns nil for txn.ErrNotFound.
func missing[T any](_ T, err error) error {
	if errors.Is(err, txn.ErrNotFound) {
		return nil
	}
	return err
}

func threadQuery(q comment.ThreadQuery) func(Tx) error {
	q.Site, q.Page, q.Limit = 1, "p7", 25
	return func(tx Tx) error { return second(tx.Thread(q)) }
}

func allQuery(order comment.QueueOrder, after *comment.QueueCursor) func(Tx) error {
	q := comment.QueueQuery{Sites: comment.SiteSet{All: true, IDs: manySites()}, View: comment.ViewPending, Order: order,
		After: after, Limit: 50}
	return func(tx Tx) error { return second(tx.Queue(q)) }
}

// manySites returns half of the sites of the test data.
func manySites() (ids []int64) {
	for id := range int64(25) {
		ids = append(ids, 1+id)
	}
	return ids
}

func queueQuery(order comment.QueueOrder, after *comment.QueueCursor) func(Tx) error {
	q := comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewPending, Order: order, After: after, Limit: 50}
	return func(tx Tx) error { return second(tx.Queue(q)) }
}

func viewQuery(view comment.View, order comment.QueueOrder) func(Tx) error {
	q := comment.QueueQuery{Sites: comment.OneSite(1), View: view, Order: order, Limit: 50}
	return func(tx Tx) error { return second(tx.Queue(q)) }
}

func padded(n int) string { return fmt.Sprintf("%016d", n) }

// testRows fills a database, so that plans are realistic. As in production, one site has half of all rows, and one
// page a third of its comments.
var testRows = []string{
	`INSERT INTO sites (key, name, origins, settings, created_at)
	 SELECT 's' || n, '', '[]', '{}', 0 FROM numbers WHERE n < 51`,
	`INSERT INTO pages (site_id, id, url, title, open, created_at)
	 SELECT 1 + n % 51, 'p' || (n / 51), 'u' || (n / 51), '', TRUE, n FROM numbers WHERE n < 51 * 100`,
	`INSERT INTO pages (site_id, id, url, title, open, created_at)
	 SELECT 1, 'p' || n, 'u' || n, '', TRUE, n FROM numbers WHERE n BETWEEN 100 AND 2000`,
	`INSERT INTO comments (site_id, id, page_id, depth, path, root, state, version, name, email, website,
	        account_id, badge, source, html, markup, lang, reason, note, writer, same, submissions, score, suggested,
	        suggested_reason, signals, spam, warm, model_seq, standing, shown_replies, shown, trap, form_age, search,
	        created_at, edited_at, decided_at, edit_until)
	 SELECT {site}, 'c' || (n / 2), CASE WHEN n / 2 % 3 = 0 THEN 'p7' ELSE 'p' || (n / 2 % 100) END, 0, {path},
	        {path}, n / 7 % 5, 1, '', '', '', '', '',
	        'text', 'text', 1, 'en', 0, '', {writer}, {same}, 1, (n % 100) / 100.0, 0, 0, '[]',
	        0.5, TRUE, n % 20, 0, 0, n / 7 % 5 = 1, FALSE, 0, 'text', n, 0, 0, 0 FROM numbers`,
	`INSERT INTO decisions (site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state,
	        to_state, before, undoes, restores, score, suggested, model_seq, decided_at, hash)
	 SELECT {site}, 1 + n / 2, 'b' || (n / 20), 'c' || (n / 2), 1, '', 1, 0, '', 0, 1, 0, 0, 0, 0.5, 0, 0, n, {writer}
	   FROM numbers`,
	`INSERT INTO lessons (site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn)
	 SELECT {site}, 1 + n / 2, 0, 'c' || (n / 2), n / 2 % 5, 'text', '', '', '', {writer}, n % 9 > 0, 0 FROM numbers`,
	`INSERT INTO campaigns (site_id, id, joined, waiting, approved, refused, sample, told, first_seen, last_seen)
	 SELECT {site}, 'k' || (n / 2), 9, 9, 0, 0, '', FALSE, n, n FROM numbers WHERE n < 5000`,
	`INSERT INTO campaign_members (site_id, comment_id, number, campaign_id, joined, apart, state, banded, print,
	        created_at, edited_at, decided_at)
	 SELECT {site}, 'c' || (n / 2), n, CASE WHEN n % 3 = 0 THEN 'k7' WHEN n % 3 = 1 THEN 'k' || (n / 9) ELSE '' END,
	        CASE WHEN n % 3 = 2 THEN 0 ELSE n + 1 END, FALSE, n / 7 % 5, TRUE, {print}, n, 0, n FROM numbers`,
	`INSERT INTO webhooks (site_id, id, kind, url, events, account_id, failures, failed_at, failure, retry_at, created_at,
	        removed_at)
	 SELECT {site}, 'h' || (n / 2), 'standard', {writer}, '[]', '', 0, 0, '', 0, n, 0 FROM numbers WHERE n < 2000`,
	`INSERT INTO deliveries (site_id, webhook_id, id, event, comment_id, seq, tries, outcome, happened_at, due_at,
	        taken_until, ended_at)
	 SELECT {site}, 'h' || (n / 2 % 1000), 'd' || n, '', '', 0, 0, '', n, n, 0, CASE WHEN n % 9 = 0 THEN 0 ELSE n + 1 END
	   FROM numbers`,
	`INSERT INTO neighbours (site_id, id, url, public_key, weight, account_id, created_at, theirs, generated_at, campaigns,
	        hosts, taken_at, tried_at, failure)
	 SELECT {site}, 'n' || (n / 2), 'u' || (n / 2), '', 1, '', n, '', n, 0, 0, n, n, '' FROM numbers`,
	`INSERT INTO checks (site_id, comment_id, asked_at)
	 SELECT {site}, 'c' || n, n FROM numbers`,
	`INSERT INTO former_staff (site_id, id, name)
	 SELECT {site}, 'f' || (n / 2), 'Name ' || n FROM numbers`,
	`INSERT INTO neighbour_lists (site_id, neighbour_id, generated_at, body)
	 SELECT {site}, 'n' || (n / 2), n, {writer} FROM numbers`,
	`INSERT INTO inquiries (site_id, hash, print, times, label, asked_at)
	 SELECT {site}, {writer}, {print}, 1, n % 3, n FROM numbers`,
	`INSERT INTO votes (site_id, comment_id, voter, n, changed_at)
	 SELECT {site}, 'c' || (n / 2), {writer}, 1, n FROM numbers`,
	`INSERT INTO reports (site_id, comment_id, id, reporter, reason, detail, settled, created_at)
	 SELECT {site}, 'c' || (n / 2), 'r' || n, {writer}, 1, '', n, n FROM numbers`,
	`INSERT INTO appeals (site_id, comment_id, refusal, body, settled, created_at)
	 SELECT {site}, 'c' || (n / 2), n, '', n, n FROM numbers`,
	`INSERT INTO verified_names (site_id, seen, seen_at) SELECT {site}, {same}, n FROM numbers`,
	`UPDATE comments SET reports = 1, appealed_at = created_at WHERE created_at % 400 < 4`,
	`INSERT INTO takedowns (site_id, id, seq, page_id, demanded_by, kind, law, country, reference, public, received_at,
	        until_at, comments, salt, account_id, created_at, ended_at, end_seq, ended_by, why)
	 SELECT {site}, 'd' || (n / 2), n, CASE WHEN n % 9 = 0 THEN 'p' || (n / 2 % 100) END, '', 'court', '', '', '',
	        'full', n, CASE WHEN n % 9 = 1 THEN n ELSE 0 END, 1, '', '', n, 0, 0, '', '' FROM numbers`,
	`INSERT INTO takedown_comments (site_id, takedown_id, comment_id)
	 SELECT {site}, 'd' || (n / 2), 'c' || (n / 2) FROM numbers`,
	`UPDATE comments SET withheld = '{}' WHERE created_at % 400 < 4`,
	`INSERT INTO events (site_id, kind, page_id, comment_id, account_id, shown, created_at)
	 SELECT 1, 'arrived', '', '', '', FALSE, n FROM numbers`,
	`INSERT INTO accounts (id, email, name, password, disabled, all_sites, created_at)
	 SELECT 'a' || n, 'e' || n, '', '', FALSE, 0, n FROM numbers WHERE n < 5000`,
	`INSERT INTO mails (site_id, id, account_id, kind, comments, more, tries, outcome, created_at, due_at, taken_until,
	        handed_at, ended_at)
	 SELECT {site}, 'm' || n, 'a' || n, 'each', '[]', 0, 0, '', n, n, 0, 0, CASE WHEN n % 9 = 0 THEN 0 ELSE n + 1 END
	   FROM numbers WHERE n < 5000`,
	`INSERT INTO letters (site_id, id, mailbox, address, lang, kind, comments, more, tries, outcome, created_at, due_at,
	        taken_until, handed_at, ended_at)
	 SELECT {site}, 'l' || n, {writer}, '', '', 'news', '[]', 0, 0, '', n, n, 0, 0,
	        CASE WHEN n % 9 = 0 THEN 0 ELSE n + 1 END
	   FROM numbers WHERE n < 5000`,
	`INSERT INTO subscriptions (site_id, comment_id, mailbox, lang, asked_at, confirmed_at)
	 SELECT {site}, 'c' || (n / 2), {writer}, 'en', n, n FROM numbers WHERE n < 5000`,
	`INSERT INTO mail_stops (site_id, mailbox, stopped_at)
	 SELECT DISTINCT {site}, {writer}, 7 FROM numbers WHERE n < 5000`,
	`INSERT INTO mail_codes (site_id, mailbox, letter_id, tries, made_at)
	 SELECT DISTINCT {site}, {writer}, 'l', 0, 7 FROM numbers WHERE n < 5000`,
	`INSERT INTO sessions (hash, id, account_id, agent, created_at, seen_at, expires_at)
	 SELECT {writer}, 's' || n, 'a' || n, '', n, n, n FROM numbers WHERE n < 5000`,
	`INSERT INTO tokens (id, hash, account_id, name, sites, scope, created_at)
	 SELECT 't' || n, {writer}, 'a' || n, '', '[]', 2, n FROM numbers WHERE n < 5000`,
	`INSERT INTO account_proofs (issuer, subject, account_id, provider, created_at)
	 SELECT 'i' || (n % 3), 's' || n, 'a' || n, '', n FROM numbers WHERE n < 5000`,
}

func fillTestRows(t *testing.T, pool *sql.DB, size int, path, writer, same, print string) {
	t.Helper()
	numbers := fmt.Sprintf("WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) ",
		size-1)
	for _, statement := range testRows {
		statement = strings.NewReplacer("{site}", "CASE WHEN n % 2 = 0 THEN 1 ELSE 2 + n / 2 % 50 END",
			"{path}", path, "{writer}", writer, "{same}", same,
			"{print}", print).Replace(statement)
		if strings.Contains(statement, "FROM numbers") {
			statement = strings.Replace(statement, "INSERT", numbers+"INSERT", 1)
		}
		if _, err := pool.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%.120s: %v", statement, err)
		}
	}
}

// A statement is an SQL statement that the store ran.
type statement struct {
	sql  string
	args []any
}

// record records the statements that g runs. take returns and clears them.
func record(t *testing.T, g *gorm.DB) (take func() []statement) {
	t.Helper()
	var mu sync.Mutex
	var all []statement
	keep := func(db *gorm.DB) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, statement{db.Statement.SQL.String(), slices.Clone(db.Statement.Vars)})
	}
	for _, p := range []interface {
		Register(string, func(*gorm.DB)) error
	}{g.Callback().Row().After("gorm:row"), g.Callback().Raw().After("gorm:raw"),
		g.Callback().Query().After("gorm:query")} {
		if err := p.Register("record", keep); err != nil {
			t.Fatal(err)
		}
	}
	return func() []statement {
		mu.Lock()
		defer mu.Unlock()
		taken := all
		all = nil
		return taken
	}
}

// A planner returns the query plan of a statement.
type planner func(t *testing.T, pool *sql.DB, s statement) string

func checkPlans(t *testing.T, db *DB, queries []hotQuery, plan planner, scan, sort string) {
	pool, run := writers(t, db)
	take := record(t, run)
	for _, q := range queries {
		take()
		if _, err := db.Update(t.Context(), q.run); err != nil {
			t.Errorf("%s: %v", q.name, err)
		}
		plans, ordered := "", false
		for _, s := range take() {
			if verb := strings.Fields(s.sql)[0]; verb != "SELECT" && verb != "UPDATE" {
				continue
			}
			plans += plan(t, pool, s)
			ordered = ordered || strings.Contains(s.sql, "ORDER  BY") && !q.few
		}
		if plans == "" {
			t.Errorf("%s: nothing was recorded", q.name)
		}
		if !usesOne(plans, q.index) {
			t.Errorf("%s does not use %s:\n%s", q.name, q.index, plans)
		}
		// Scans of capped counts and of list parameters are fine.
		plans = strings.NewReplacer("SCAN capped", "", "SCAN json_each", "").Replace(plans)
		if strings.Contains(plans, scan) && !strings.Contains(q.index, "SCAN") || ordered && strings.Contains(plans, sort) {
			t.Errorf("%s scans or sorts a whole table:\n%s", q.name, plans)
		}
	}
}

// usesOne reports whether plans contain one of the indexes, which are separated by "|". SQLite names the indexes of
// primary keys itself.
func usesOne(plans, indexes string) bool {
	return slices.ContainsFunc(strings.Split(indexes, "|"), func(index string) bool {
		table, isKey := strings.CutSuffix(index, "_pk")
		return strings.Contains(plans, index) || isKey && (strings.Contains(plans, "sqlite_autoindex_"+table+"_1") ||
			strings.Contains(plans, table+" USING PRIMARY KEY"))
	})
}

// explained returns a planner that plans statements with the values that they ran with.
func explained(explain string) planner {
	return func(t *testing.T, pool *sql.DB, s statement) string {
		t.Helper()
		rows, err := pool.QueryContext(t.Context(), explain+s.sql, s.args...)
		return readPlan(t, s, rows, err)
	}
}

// generic returns the generic plan of a statement, without values. Postgres switches to it after five executions if it
// costs no more, so production uses such plans.
func generic(t *testing.T, pool *sql.DB, s statement) string {
	t.Helper()
	conn, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	values := ""
	if n := len(s.args); n > 0 {
		values = "(NULL" + strings.Repeat(", NULL", n-1) + ")"
	}
	for _, statement := range []string{"SET plan_cache_mode = force_generic_plan", "PREPARE planned AS " + s.sql} {
		if _, err := conn.ExecContext(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	defer func() {
		if _, err := conn.ExecContext(t.Context(), "DEALLOCATE planned; RESET plan_cache_mode"); err != nil {
			t.Error(err)
		}
	}()
	rows, err := conn.QueryContext(t.Context(), "EXPLAIN EXECUTE planned"+values)
	return readPlan(t, s, rows, err)
}

func readPlan(t *testing.T, s statement, rows *sql.Rows, err error) (text string) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", s.sql, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		into := make([]any, len(columns))
		for i := range into {
			into[i] = new(any)
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		text += fmt.Sprintln(*into[len(into)-1].(*any))
	}
	return text
}

func TestPlans_HotQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) { // with the fixed statistics of the schema
		t.Parallel()
		db := openedSQLite(t)
		pool, _ := writers(t, db)
		fillTestRows(t, pool, 20_000, "substr('0000000000000000' || n, -16)", "CAST('w' || n AS BLOB)", "CAST('s' || n AS BLOB)",
			"zeroblob(272)")
		checkPlans(t, db, append(lists, hot...), explained("EXPLAIN QUERY PLAN "), "SCAN ", "TEMP B-TREE")
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		db := openedPostgres(t)
		pool, _ := writers(t, db)
		fillTestRows(t, pool, 20_000, "lpad(n::text, 16, '0')", "('w' || n)::bytea", "('s' || n)::bytea",
			"decode(repeat('00', 272), 'hex')")
		if _, err := pool.ExecContext(t.Context(), "ANALYZE"); err != nil {
			t.Fatal(err)
		}
		t.Run("with values", func(t *testing.T) {
			checkPlans(t, db, hot, explained("EXPLAIN "), "Seq Scan on", "Sort ")
		})
		t.Run("without", func(t *testing.T) {
			// The 7,000 pages of this test are few enough to scan them for a list of unknown length.
			some := slices.DeleteFunc(slices.Clone(lists), func(q hotQuery) bool { return q.name == "pages of sites" })
			checkPlans(t, db, append(some, hot...), generic, "Seq Scan on", "Sort ")
		})
	})
}

// SQLite plans with the fixed statistics of the schema, even if a file has few rows.
func TestPlans_SmallFilesUseIndexes(t *testing.T) {
	db := openedSQLite(t)
	pool, run := writers(t, db)
	take := record(t, run)
	for _, q := range []struct {
		name, wants string
		run         func(tx Tx) error
	}{
		{"members by their numbers", "INDEX campaign_members_number (site_id=? AND number=?)",
			func(tx Tx) error { return second(tx.MembersNumbered(1, []int64{7, 8, 9})) }},
		{"members that wait", "INDEX campaign_members_waiting (site_id=? AND campaign_id=? AND joined>? AND joined<?)",
			func(tx Tx) error { return second(tx.MembersOf(1, "k7", 3, 28, true, 25)) }},
		{"the others", "INDEX campaign_members_settled (site_id=? AND campaign_id=? AND joined>? AND joined<?)",
			func(tx Tx) error { return second(tx.MembersOf(1, "k7", 3, 28, false, 25)) }},
		{"a campaign's spread", "SEARCH c USING INDEX sqlite_autoindex_comments_1 (site_id=? AND id=?)",
			func(tx Tx) error { return second(tx.Spread(1, "k7", 200)) }},
		{"what is reported", "INDEX comments_reported (site_id=?)",
			viewQuery(comment.ViewReported, comment.RiskiestFirst)},
		{"what a writer wrote", "INDEX comments_writer (site_id=? AND writer=? AND state=?)",
			func(tx Tx) error {
				return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewPending, Order: comment.OldestFirst,
					Filter: comment.QueueFilter{Writer: []byte("w1")}, Limit: 50}))
			}},
		{"the newest of a page", "INDEX comments_page (site_id=? AND page_id=? AND state=?)",
			func(tx Tx) error {
				return second(tx.Queue(comment.QueueQuery{Sites: comment.OneSite(1), View: comment.ViewApproved, Order: comment.NewestFirst,
					Filter: comment.QueueFilter{Page: "p7"}, Limit: 10}))
			}},
		{"what was decided last", "INDEX sqlite_autoindex_comments_1 (site_id=? AND id=?)",
			func(tx Tx) error { return second(tx.LastDecided(1, 100)) }},
		{"decisions of comments", "INDEX decisions_comment (site_id=? AND comment_id=?)",
			func(tx Tx) error { return second(tx.DecisionsOf(1, "c7", "c8")) }},
	} {
		take()
		if _, err := db.Update(t.Context(), q.run); err != nil {
			t.Fatal(err)
		}
		plans := ""
		for _, s := range take() {
			if verb := strings.Fields(s.sql)[0]; verb == "SELECT" || verb == "UPDATE" {
				plans += explained("EXPLAIN QUERY PLAN ")(t, pool, s)
			}
		}
		if !strings.Contains(plans, q.wants) {
			t.Errorf("%s: want %s, and the plan is\n%s", q.name, q.wants, plans)
		}
	}
}

// Without statistics SQLite assumes that an index finds ten rows.
func TestSchema_EveryIndexHasStatistics(t *testing.T) {
	pool, _ := writers(t, openedSQLite(t))
	rows, err := pool.QueryContext(t.Context(), `
		SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT IN (SELECT idx FROM sqlite_stat1 WHERE idx <> '')
		UNION ALL
		SELECT idx FROM sqlite_stat1 AS s WHERE NOT EXISTS (
			SELECT 1 FROM pragma_index_list(s.tbl) AS i WHERE i.name = s.idx OR s.idx = s.tbl) AND idx <> ''`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		t.Errorf("%s has no statistics or is not an index", name)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// A decision must only write to the indexes of comments that it changes: each one adds a page to the WAL.
func TestSetState_WritesOnlyAffectedIndexes(t *testing.T) {
	db := openedSQLite(t)
	pool, run := writers(t, db)
	take := record(t, run)
	if _, err := db.Update(t.Context(), func(tx Tx) error {
		return second(tx.SetState(1, "c7", 1, comment.StateChange{State: comment.Approved, Shown: true}))
	}); err != nil {
		t.Fatal(err)
	}
	sets := strings.Split(stateColumns.Names, ", ")
	for _, s := range take() {
		for _, page := range written(t, pool, s) {
			var index, definition string
			err := pool.QueryRowContext(t.Context(), `
				SELECT name, sql FROM sqlite_schema
				WHERE  type = 'index' AND sql IS NOT NULL AND rootpage = ?`, page).Scan(&index, &definition)
			if err != nil && !errors.Is(err, sql.ErrNoRows) {
				t.Fatal(err)
			}
			if has := func(column string) bool { return strings.Contains(definition, column) }; err == nil &&
				!slices.ContainsFunc(sets, has) {
				t.Errorf("it writes to %s, but sets none of its columns", index)
			}
		}
	}
}

// written returns the root pages of the tables and indexes that a statement opens for writing.
func written(t *testing.T, pool *sql.DB, s statement) (pages []int) {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), "EXPLAIN "+s.sql, s.args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var opcode string
		var page int
		var other any
		if err := rows.Scan(&other, &opcode, &other, &page, &other, &other, &other, &other); err != nil {
			t.Fatal(err)
		}
		if opcode == "OpenWrite" {
			pages = append(pages, page)
		}
	}
	if err := rows.Err(); err != nil || len(pages) == 0 {
		t.Fatalf("%s opens %d tables and indexes: %v", s.sql, len(pages), err)
	}
	return pages
}
