package reader

import (
	"bytes"
	"flag"
	"html/template"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/privacy"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/readermail"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
)

var update = flag.Bool("update", false, "update testdata/pages")

// TestPlainPage_MatchesGoldenFiles renders the page with sample content in every language.
func TestPlainPage_MatchesGoldenFiles(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)
	blog := site.Site{Key: "longway", Origins: []string{"https://longway.example"}}
	page := site.Page{URL: "https://longway.example/bicycle", Title: "Why I sold my car for a bicycle", Open: true}
	thread := []comment.Comment{
		{ID: "c1", Name: "Viktor", Website: "https://viktor.example/", Source: "Fair point.", Lang: "en",
			State: comment.Approved, CreatedAt: at},
		{ID: "c2", Depth: 1, Source: "Рахмет!", Lang: "kk", State: comment.Approved, CreatedAt: at.Add(time.Hour)},
		{ID: "c3", Depth: 2, Name: "Jonas", Badge: "owner", Source: "Спасибо.", Lang: "ru", State: comment.Approved,
			CreatedAt: at.Add(2 * time.Hour)},
		{ID: "c4", State: comment.Removed},
	}
	own := []comment.Comment{
		{ID: "c5", State: comment.Pending, Source: "Mine."},
		{ID: "c6", State: comment.Rejected, Reason: comment.ReasonPersonalAttack, Note: "Leave Tomasz out of it.",
			Source: "Lazy."},
		{ID: "c7", State: comment.Spam, Source: "Pills."},
	}
	for _, l := range i18n.Languages {
		w := i18n.In(l.Key)
		show := func(name, query string, in moderation.Thread, change func(*plainView)) {
			r := httptest.NewRequest("GET", "/sites/longway/page?url=https://longway.example/bicycle&lang="+l.Key+query, nil)
			c := echo.New().NewContext(r, httptest.NewRecorder())
			v := newPlainView(c, blog, w, in)
			v.Token = "token"
			change(v)
			var b bytes.Buffer
			if err := plainTemplate.Execute(&b, v); err != nil {
				t.Fatal(err)
			}
			testkit.GoldenPage(t, name, l.Key, b.String(), *update)
		}
		full := moderation.Thread{Page: page, Comments: thread, Next: "next"}
		full.Count = 1234
		show("plain", "&after=x&notice=again", full, func(v *plainView) {
			for _, m := range own {
				v.Own = append(v.Own, ownShown{ID: m.ID, Status: statusOf(w, m), Why: statementOf(w, m), Note: m.Note,
					HTML: template.HTML(m.HTML())})
			}
		})
		often := web.ProblemOf(problem.TooOften("Too many.", 7*time.Second))
		show("plain-refused", "", moderation.Thread{Page: page}, func(v *plainView) {
			v.Typed = draft{Body: "Words.", Name: "Bo", Email: "bo@x.example", Parent: "c2", WantsMail: true}
			v.Mailing = true
			v.ReplyTo = nameOf(w, "")
			v.Problem = notSent(w, often, v.Typed)
		})
		show("plain-pressed", "", moderation.Thread{Page: page}, func(v *plainView) {
			v.Typed = draft{Body: "*Words* <b>.", Name: "Bo",
				Confirmation: &moderation.Confirmation{HTML: "<p><em>Words</em> &lt;b&gt;.</p>", Token: "press", Wait: 10 * time.Second}}
			v.Own = []ownShown{
				{ID: "c6", Status: statusOf(w, own[1]), Why: statementOf(w, own[1]),
					HTML: template.HTML(own[1].HTML()), MayAppeal: true, AppealText: "</textarea>", Problem: w.T("report.often")},
				{ID: "c7", Status: statusOf(w, own[2]), HTML: template.HTML(own[2].HTML()), AppealStatus: w.T("write.appealed")},
			}
		})
		closed := moderation.Thread{Page: page}
		closed.Page.Open, closed.Count = false, 2
		show("plain-closed", "", closed, func(*plainView) {})
	}
}

func TestReportPage_MatchesGoldenFiles(t *testing.T) {
	m := comment.Comment{ID: "c1", Name: "Viktor <b>", Source: "Fair point.", State: comment.Approved}
	for _, l := range i18n.Languages {
		w := i18n.In(l.Key)
		r := httptest.NewRequest("GET", "/sites/longway/page?url=https://longway.example/bicycle&lang="+l.Key, nil)
		v := newReportView(echo.New().NewContext(r, httptest.NewRecorder()), w, m,
			url.Values{"reason": {"unlawful"}, "detail": {"</textarea>"}})
		v.Problem = w.T("report.often")
		var b bytes.Buffer
		if err := reportTemplate.Execute(&b, v); err != nil {
			t.Fatal(err)
		}
		testkit.GoldenPage(t, "report", l.Key, b.String(), *update)
	}
}

// TestMailLinkPages_MatchGoldenFiles renders the pages of links in mails to readers.
func TestMailLinkPages_MatchGoldenFiles(t *testing.T) {
	const email, name = "lena <b>@mail.example", "The Long Way <Round>"
	blog := site.Site{Name: name}
	at := time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)
	for _, l := range i18n.Languages {
		w := i18n.In(l.Key)
		asked := func(purpose string, about ...readermail.PendingComment) mailLinkView {
			a := readermail.LinkInfo{Link: mailbox.Link{For: purpose, Email: text.AddressOf(email), Lang: l.Key}, Site: blog, Pending: about}
			return newMailLinkView(w, a, at)
		}
		done := func(title, said string) mailLinkView {
			return mailLinkView{Catalog: w, Site: name, Title: w.T(title), Done: w.T(said, "email", email, "site", name)}
		}
		about := readermail.PendingComment{At: at, Page: site.Page{Title: "Why I sold my <car>"}}
		for file, v := range map[string]mailLinkView{
			"confirm": asked(mailbox.ToConfirm, about), "nothing": asked(mailbox.ToConfirm), "stop": asked(mailbox.ToStop),
			"confirmed": done("mailed.confirm", "mailed.confirmed"), "stopped": done("mailed.stop", "mailed.stopped"),
			"dead": unknownLinkView(w), "again": done("mailed.lapsed", "mailed.again.sent"),
			"lapsed": expiredLinkView(w, readermail.LinkInfo{Link: mailbox.Link{Ends: at}, Site: blog}),
		} {
			var b bytes.Buffer
			if err := mailLinkTemplate.Execute(&b, v); err != nil {
				t.Fatal(err)
			}
			testkit.GoldenPage(t, "mailed-"+file, l.Key, b.String(), *update)
		}
	}
}

// TestTransparencyPage_MatchesGoldenFiles renders the page with sample figures in every language.
func TestTransparencyPage_MatchesGoldenFiles(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)
	day := func(month time.Month, day int) time.Time { return time.Date(2026, month, day, 0, 0, 0, 0, time.UTC) }
	blog := site.Site{Key: "longway", Name: "The Long Way Round"}
	full := takedown.Figures{
		From: day(1, 1), To: now, At: now, Received: 9318, Published: 4476, Removed: 12, Waiting: 3, AutoPublished: 2,
		Suspected: 3850, Sealed: 2, Wait: takedown.WaitStats{Count: 2000, Median: 125 * time.Minute, P90: 26 * time.Hour},
		Refused: map[comment.Reason]int{comment.ReasonSpam: 3902, comment.ReasonPersonalAttack: 287},
		Appeals: takedown.Outcomes{Received: 57, Overturned: 21, Upheld: 30, Open: 6},
		ByReason: map[comment.Reason]takedown.Outcomes{
			comment.ReasonPersonalAttack: {Received: 29, Overturned: 9, Upheld: 20},
		},
		Head: auditlog.Head{Seq: 9214, Hash: bytes.Repeat([]byte{0xab, 0x1c}, 16)}, Last: now,
	}
	demands := []takedown.Takedown{
		{Received: day(11, 19), By: "District court of Almaty", Kind: takedown.Court, Law: "Law on mass media, art. 44",
			Country: "Kazakhstan", Public: takedown.Full, Count: 2, Until: day(12, 19)},
		{Received: day(3, 4), Kind: takedown.Person, Law: "privacy", Country: "Germany", Public: takedown.Unnamed, Page: "p"},
		{Received: day(1, 12), By: "Harbour <Tyres>", Kind: takedown.Company, Law: "defamation", Public: takedown.Full,
			Count: 1, Ended: day(1, 20), Why: "The claim was withdrawn."},
		{Received: day(1, 2), Kind: takedown.Other, Public: takedown.Unnamed, Count: 5, Ended: day(1, 9)},
	}
	for _, l := range i18n.Languages {
		show := func(name string, policy site.Policy, query string, f takedown.Figures, d []takedown.Takedown, next string) {
			blog.Settings.Moderation = policy
			r := httptest.NewRequest("GET", "/sites/longway/transparency?lang="+l.Key+query, nil)
			c := echo.New().NewContext(r, httptest.NewRecorder())
			var b bytes.Buffer
			if err := transparencyTemplate.Execute(&b, newTransparencyView(c, blog, i18n.In(l.Key), f, d, next)); err != nil {
				t.Fatal(err)
			}
			testkit.GoldenPage(t, name, l.Key, b.String(), *update)
		}
		show("openness", site.PolicyAll, "&from=2026-01-01&after=x", full, demands, "next")
		show("openness-empty", site.PolicySuspicious, "", takedown.Figures{From: day(1, 1), To: now, At: now}, nil, "")
	}
}

// TestPrivacyPage_MatchesGoldenFiles renders the form and the stored data.
func TestPrivacyPage_MatchesGoldenFiles(t *testing.T) {
	at := time.Date(2026, 11, 20, 9, 5, 0, 0, time.UTC)
	page := site.Page{URL: "https://longway.example/bicycle", Title: "Why I sold my car for a bicycle"}
	mine := comment.Comment{ID: "c1", Name: "Lena", State: comment.Rejected, Reason: comment.ReasonPersonalAttack,
		Source: "Only a fool drives to work here.", CreatedAt: at}
	published := comment.Comment{ID: "c2", Name: "Lena", State: comment.Approved, Source: "Where did you sleep?",
		CreatedAt: at.Add(-24 * time.Hour)}
	got := privacy.PersonalData{Link: mailbox.Link{Email: text.AddressOf("lena@mail.example")}, At: at.Add(time.Hour), Count: 203, Next: "100",
		Site: site.Site{Key: "longway", Name: "The Long Way Round", Settings: site.Settings{KeepAddresses: 30}},
		Comments: []privacy.Comment{
			{Comment: mine, OnPage: page, Proven: true, Appeals: []report.Appeal{{Text: "It was meant as a joke."}}},
			{Comment: published, OnPage: page, Proven: true},
			{Comment: comment.Comment{CreatedAt: at.Add(-48 * time.Hour)}, OnPage: page},
		},
		Subscriptions: []privacy.Subscription{{Subscription: readermail.Subscription{Confirmed: at}}, {}}, Stop: "token",
		Letters: []mailbox.Letter{{Kind: mailbox.DataLink}}, Lessons: learning.Erasure{Lessons: 3, Copies: 1},
	}
	for _, l := range i18n.Languages {
		w := i18n.In(l.Key)
		show := func(name string, v privacyView) {
			var b bytes.Buffer
			if err := privacyTemplate.Execute(&b, v); err != nil {
				t.Fatal(err)
			}
			testkit.GoldenPage(t, name, l.Key, b.String(), *update)
		}
		show("privacy", privacyView{Catalog: w, Site: got.Site.Name, Asks: true, Mails: true, Email: "lena@mail.example",
			Sent: w.T("privacy.sent", "email", "lena@mail.example"), Languages: i18n.Languages})
		r := httptest.NewRequest("GET", "/mail/token?lang="+l.Key, nil)
		show("privacy-held", newHeldView(echo.New().NewContext(r, httptest.NewRecorder()), w, got))
	}
}
