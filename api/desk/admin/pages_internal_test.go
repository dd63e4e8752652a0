package admin

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/api/desk"
	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/internal/checkerclient"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/externalcheck"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
)

var update = flag.Bool("update", false, "update testdata/pages")

func TestPages_MatchGoldenFiles(t *testing.T) {
	testkit.Pages{
		Layouts: layouts,
		Samples: func(lang string) map[string]any { return samplePages(&desk.Catalog{Catalog: i18n.In(lang)}) },
		Render: func(to io.Writer, lang, page string, sample any) error {
			return pages()[lang][page].Execute(to, sample)
		},
		FullPage: func(string, string) bool { return false },
	}.Golden(t, *update)
}

// keyA is a public key.
var keyA = strings.Repeat("A", 43)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func sampleFrame(w *desk.Catalog) desk.Frame {
	f := desk.Frame{Lang: w.Lang(), ReturnTo: "/moderate/longway/settings", Moderator: true, Owner: true}
	f.Me = &desk.Person{ID: "a1", Name: "Jonas Feld", Email: "jonas@longway.example", Initial: "J"}
	f.Site = &desk.SiteRef{Key: "longway", Name: "The Long Way Round"}
	for _, l := range i18n.Languages {
		f.Languages = append(f.Languages, desk.Link{Key: l.Key, Label: l.Name, Current: l.Key == w.Lang()})
	}
	return f
}

func samplePages(w *desk.Catalog) map[string]any {
	f := sampleFrame(w)
	blog := site.Site{ID: 1, Key: "longway", Name: "The Long Way Round", Settings: site.Settings{Suspect: .9}}
	kit := web.New(web.Options{PublicURL: &url.URL{Scheme: "https", Host: "talk.longway.example"}})
	o := &admin{Base: desk.Base{Kit: kit}}
	settings := map[string]settingsPage{}
	for _, s := range sections {
		settings[s.ID] = newSettingsPage(w, f, blog, s)
	}
	general, moderation, checker := settings["general"], settings["moderation"], settings["checker"]
	moderation.addForecast(w, blog, sampleWhatIf())
	blog.Origins = []string{"https://longway.example", "http://localhost:1313"}
	general.Install = newInstallation(w, blog,
		[]site.OriginRequest{{Origin: "https://longway.example", Last: noon.Add(-2 * time.Minute)}}, noon)
	general.Install.Snippet = o.Snippet(blog)
	general.Install.OriginRequests = []desk.OriginRequest{{Site: "longway", At: "settings",
		OriginRequest: site.OriginRequest{Origin: "https://mirror.example", Times: 12}}}
	checker.Checker = newCheckerStatus(w, externalcheck.State{HasKey: true, KeySuffix: "4711", Checker: externalcheck.Checker{Failures: 3,
		AnsweredAt: noon.Add(-time.Hour), FailedAt: noon, Failure: checkerclient.FailedInvalid}})
	data := settings["data"]
	data.Data = newDataPage(w, blog.Key, sites.Stats{Totals: sites.Totals{
		ByState: map[comment.State]int{comment.Approved: 5106, comment.Spam: 61}, Comments: sites.Recent{Month: 214}}})
	upl := upload.Upload{Name: "longway-disqus.xml.gz", Size: 4_300_000, Options: upload.Options{Format: "disqus"}, State: upload.Checked,
		Report: transfer.Report{Pages: 214, Comments: 5106, Added: 5100, Spam: 61, Private: 12, Lessons: transfer.Lessons{Ham: 5000, Spam: 61},
			Foreign: "http://old.longway.example", Exposed: 2, ExposedURL: "https://longway.example/tent",
			Skipped: []transfer.Skip{{What: "comment", Why: "it has no text", Count: 3}, {What: "e-mail", Why: "it is invalid: dropped", Count: 7}}}}
	busy, done, refused := upl, upl, upload.Upload{Name: "<i>blog.xml", Options: upload.Options{Format: "wordpress"},
		Err: transfer.FileError{Err: errors.New("there is no XML in it")}}
	busy.State, busy.Done, busy.Total, done.State = upload.Importing, 1200, 5100, upload.Imported
	imports := map[string]any{}
	for name, up := range map[string]upload.Upload{"import": upl, "import-running": busy, "import-done": done, "import-refused": refused} {
		imports[name] = newImportPage(w, f, "https://longway.example", up)
	}
	look := newAppearancePage(w, f, url.Values{"theme": {"dark"}, "accent": {"plum"}, "corners": {"round"}}.Get)
	look.Page = "https://longway.example/bicycle"
	viktor := "A cargo bike would do for the ladder too. But of course someone like you would rather complain than try: " +
		"lazy and clueless, as in every thread."
	decided := w.T("deed.reject", "who", "Dana K.", "reason", w.T("reason.low.personal_attack"))
	roles := []desk.Link{{Key: "moderator", Label: w.T("role.moderator"), Current: true},
		{Key: "owner", Label: w.T("role.owner")}}
	shown := []desk.Link{{Key: "longway", Label: "The Long Way Round", Current: true}, {Key: "short", Label: "Short cuts"}}
	pages := map[string]any{
		"sessions": sessionsPage{Frame: f, Rows: []sessionRow{{ID: "s", Agent: "Firefox on Linux", Since: newTimestamp(noon),
			Seen: newTimestamp(noon), Current: true}}},
		"settings": general, "settings-moderation": moderation, "settings-checker": checker,
		"settings-danger": settings["danger"], "settings-data": data, "appearance": look,
		"notifications": notificationsPage{Frame: f, From: "0", Mails: mailOptions(w, authz.MailDigest)},
		"sites": sitesPage{CanAdd: true, Frame: f, Rows: []siteRow{
			{Key: "longway", Name: "The Long Way Round", Origins: "https://longway.example", Pending: w.Count(12, false),
				Oldest: w.Oldest(3 * time.Hour), Own: true},
			{Key: "short", Name: "Short cuts", Origins: "https://short.example", Pending: w.Count(0, false)}}},
		"people": peoplePage{
			Frame: f, CanAdd: true, Form: url.Values{}, Roles: roles,
			invitation: invitation{"https://talk.longway.example/moderate/setup#abc", "dana@longway.example", true},
			Rows: []personRow{
				{ID: "a", Name: "Dana K.", Email: "dana@longway.example", Role: w.T("role.moderator"), Sites: "The Long Way Round",
					Seen: newTimestamp(noon), Editable: true, Open: true, Roles: roles,
					roleSites: roleSites{On: shown, CanGrantAll: true}, formError: formError{"role", w.T("people.bad.role")}},
				{ID: "a1", Name: "Jonas Feld", Email: "jonas@longway.example", Role: w.T("role.owner"), Sites: w.T("people.all"),
					Seen: newTimestamp(noon), Self: true, Editable: true, Roles: roles,
					roleSites: roleSites{On: shown, CanGrantAll: true, All: true}},
				{ID: "b", Name: "Lena", Role: w.T("role.owner"), Sites: w.T("people.all"), Disabled: true},
			},
		},
		"tokens": tokensPage{
			Frame: f, Value: "aitys_0123456789", Form: url.Values{}, On: shown,
			formError: formError{"name", w.T("tokens.bad.name")},
			Scopes:    []desk.Link{{Key: "decide", Label: w.T("scope.decide")}},
			Ends:      []desk.Link{{Key: "30", Label: w.N("tokens.ends.in", 30)}},
			Rows: []tokenRow{
				{Name: "script", Scope: w.T("scope.decide"), Sites: "The Long Way Round", Made: newTimestamp(noon),
					Used: newTimestamp(noon), Ends: newTimestamp(noon)},
				{Whose: "Dana K.", Scope: w.T("scope.read"), Sites: w.T("tokens.sites.all"), Made: newTimestamp(noon),
					Ended: true},
			},
		},
	}
	maps.Copy(pages, imports)
	good := newInsightsPage(w, f, sampleQuality(), sampleFlow())
	good.Lead, good.CSV = period(w, noon.AddDate(0, 0, -27), noon), "/moderate/longway/insights.csv?days=28"
	good.Disagree = []desk.Brief{{Name: "Viktor", Text: viktor, URL: "/", ISO: desk.ISO(noon),
		When: desk.Stamp(noon), Did: decided, Score: w.T("disagree.score", "n", 3)}}
	pages["insights"], pages["insights-few"] = good, newInsightsPage(w, f, evaluation.Report{}, evaluation.Flow{})
	try := newWhatIfPage(w, f, blog)
	would := sampleWhatIf()
	addTrial(w, &try, would)
	good.Doors = insightsDoors(w, blog, sampleQuality(), sampleFlow(), "?days=28")
	pages["insights"] = good
	for _, part := range insightsParts {
		good.Part, good.Back = part, "/moderate/longway/insights?days=28"
		pages["insights-"+part] = good
	}
	try.Wrong = []mistakes{{Head: w.T("whatif.wrong.published", "n", 4), Disagree: good.Disagree}}
	pages["whatif"] = try
	pages["webhooks"] = newWebhooksPage(w, f, webhooksPage{Form: url.Values{"kind": {"slack"}, "event": {webhook.Arrived}},
		formError: formError{"url", w.Problem("A site has at most 20 webhooks.")}, Undo: "/moderate/longway/webhooks/h3/restore", Secret: "whsec_a2V5"},
		[]webhook.Summary{
			{Endpoint: webhook.Endpoint{ID: "h1", Kind: webhook.Standard, Events: []string{webhook.Published, webhook.Removed},
				Failure: "it answered 410", FailedAt: noon.Add(-50 * time.Hour)},
				MaskedURL: "https://longway.example/…uild", SecretSuffix: "t2V5", Pending: 12, GivenUp: 1},
			{Endpoint: webhook.Endpoint{ID: "h2", Kind: webhook.Telegram, Events: []string{webhook.Arrived}},
				MaskedURL: "https://api.telegram.org/…=-99"},
		})
	near := spamListsPage{Form: url.Values{"url": {"https://ridge.example/l.json"}, "weight": {"0.5"}},
		formError: formError{"key", w.T("near.bad.key")}, Undo: url.Values{"url": {"https://gone.example/"}},
		Own: ownList{On: true, Address: "https://talk.longway.example/api/v1/sites/longway/neighbours.json",
			Key: keyA, Print: signing.Fingerprint(keyA), Has: listSize(w, 12, 3), Made: newTimestamp(noon)}}
	offer := newListPreview(w, spamlist.Offer{Site: "<ridge>", Key: keyA, Generated: noon, Campaigns: 1, Hosts: 1,
		LastSeen: noon.Add(-time.Hour)}, false)
	near.Offer = &offer
	pages["neighbours"] = newSpamListsPage(w, f, near, []spamlist.Source{
		{ID: "n1", URL: "https://valley.example/api/v1/sites/valley/neighbours.json", Key: keyA, Weight: 1, At: noon,
			Generated: noon.Add(-26 * time.Hour), TakenAt: noon.Add(-25 * time.Hour), TriedAt: noon, Campaigns: 214,
			Hosts: 21, Failure: spamlist.RefusedOlder + ": 2026-11-18T10:00:00Z"},
		{ID: "n2", URL: "https://harbour.example/list.json", Key: keyA, Weight: .5, At: noon},
	}, map[string]spamlist.Tally{"valley.example": {Waiting: 3, Decided: 40, Approved: 1}})
	refusedOffer := newListPreview(w, spamlist.Offer{Failure: spamlist.RefusedSite + `: "b"`}, true)
	pages["neighbours-off"] = newSpamListsPage(w, f, spamListsPage{Form: url.Values{}, Offer: &refusedOffer}, nil, nil)
	asks := url.Values{"what": {"<b>"}, "by": {"Harbour Tyres Ltd"}, "kind": {"company"}}
	for step := 1; step <= 2; step++ {
		pages[fmt.Sprint("demands-", step)] = newTakedownsPage(w, f, takedownsPage{Step: step, Form: asks, CanEdit: true,
			formError: formError{"comments", w.T("demands.bad.comments")},
			Hides: takedownPreview{Requested: "Harbour Tyres Ltd · " + w.T("withheld.who.company"), What: w.N("demands.comments", 1),
				Comments: good.Disagree}}, nil)
	}
	pages["demands"] = newTakedownsPage(w, f, takedownsPage{
		CanEdit: true, More: "/moderate/longway/demands?after=x", First: "/moderate/longway/demands",
	}, []takedown.ListItem{
		{Takedown: takedown.Takedown{ID: "d1", By: "District court of <Almaty>", Kind: takedown.Court,
			Law: "Law on mass media, art. 44", Country: "Kazakhstan",
			Reference: "7-12/26", Public: takedown.Full, Received: noon, Until: noon.AddDate(0, 3, 0),
			Count: 2}, Comments: []string{"c1", "c2"}},
		{Takedown: takedown.Takedown{ID: "d2", By: "Aliya B.", Kind: takedown.Person, Law: "privacy", Public: takedown.Unnamed,
			Received: noon, Page: "p", Count: 9}, URL: "https://longway.example/bicycle"},
		{Takedown: takedown.Takedown{ID: "d3", By: "Harbour Tyres Ltd", Kind: takedown.Company, Public: takedown.Sealed,
			Received: noon, Count: 1}},
		{Takedown: takedown.Takedown{ID: "d4", By: "Harbour Tyres Ltd", Kind: takedown.Company, Law: "defamation", Received: noon,
			Count: 3, Ended: noon, Why: "The claim was withdrawn."}},
	})
	pages["forgood"] = confirmationPage{Frame: f, Do: "erase", Email: "ann@mail.example",
		Ends: w.T("forgood.end.person"),
		What: []string{w.N("forgood.comments", 14, "email", "ann@mail.example"),
			w.N("forgood.erase", 12, "email", "ann@mail.example"), w.N("forgood.copies", 3),
			w.N("did.erased.left", 2)}}
	samples := sampleRules(w, f, blog)
	for name, page := range samples {
		pages[name] = page
	}
	for _, name := range append([]string{"link", "you"}, setupSteps...) {
		p := setupPage{
			Frame: f, Step: name, Heading: w.T("setup." + name), Lead: w.T("setup." + name + ".lead"), SiteKey: blog.Key,
			Form: url.Values{}, First: true, Policies: drawPolicies(w, policyOptions(w, blog, firstPolicies)),
			Rules: web.Rules(blog, w.Catalog), Roles: roles, NextURL: "/moderate/longway/setup/embed",
		}
		p.Wide = true
		p.Snippet = o.Snippet(blog)
		if name != "link" && name != "you" {
			p.Steps = newSteps(w, blog, name)
		}
		pages["setup-"+name] = p
	}
	return pages
}

// sampleQuality returns the report of a model that is mostly right.
func sampleQuality() evaluation.Report {
	var said []evaluation.Sample
	for i := range 400 {
		p := float64(i%20)/20 + .02
		said = append(said, evaluation.Sample{Predicted: p, Spam: float64(i*7919%100)/100 < p})
	}
	q := evaluation.Report{Suspect: .9, Filter: evaluation.Measure(said), Queue: evaluation.CutAt(said, .9)}
	for i := range 9 {
		q.Weeks = append(q.Weeks, evaluation.Week{From: noon.AddDate(0, 0, 7*(i-9)),
			Cut: evaluation.Cut{TruePositives: 40, TrueNegatives: 60, FalseNegatives: 9 - i, FalsePositives: i % 3}})
	}
	q.Followed = map[comment.Action]evaluation.Share{comment.MarkSpam: evaluation.ShareOf(331, 333),
		comment.Approve: evaluation.ShareOf(381, 383), comment.Reject: evaluation.ShareOf(29, 41)}
	q.Effort = evaluation.Effort{Single: 290, Batched: 678, Batches: 78}
	q.Reasons = map[comment.Reason]int{comment.ReasonSpam: 412, comment.ReasonPersonalAttack: 41,
		comment.ReasonOffTopic: 14}
	return q
}

// sampleFlow returns the flow of four weeks, with one day without decisions.
func sampleFlow() evaluation.Flow {
	f := evaluation.Flow{Days: 1, CameIn: 968, Published: 445,
		Wait: evaluation.Wait{Count: 940, Median: 110 * time.Minute, P90: 370 * time.Minute},
		Pages: []evaluation.PageFlow{
			{Page: site.Page{URL: "https://longway.example/bicycle", Title: "Why I sold my car"}, CameIn: 214, Refused: 92},
			{Page: site.Page{URL: "https://longway.example/tent"}, CameIn: 161, Refused: 88},
		}}
	for i := range 28 {
		s := evaluation.Span{From: noon.Truncate(24*time.Hour).AddDate(0, 0, i-27), CameIn: 20 + i*7919%23,
			Decided: 18 + i*104729%25}
		s.Wait = evaluation.Wait{Count: s.Decided, Median: time.Duration(80+i*31%60) * time.Minute,
			P90: time.Duration(300+i*67%350) * time.Minute}
		s.Published, s.Refused = s.CameIn/2, s.CameIn/3
		if i == 9 {
			s.Decided, s.Wait = 0, evaluation.Wait{}
		}
		f.Spans = append(f.Spans, s)
	}
	return f
}

// sampleWhatIf returns a trial with a threshold of 85 percent.
func sampleWhatIf() evaluation.WhatIf {
	would := evaluation.WhatIf{Compared: 870}
	for i := range would.Scores {
		would.Scores[i].Good, would.Scores[i].Spam = max(0, 90-i*7)+i%3, max(0, i*6-530)+i%4
	}
	would.Now.Result = evaluation.Result{Rule: evaluation.Rule{Threshold: .9}, Suspected: 349,
		SuspectedHam: evaluation.Group{N: 2}, MissedSpam: evaluation.Group{N: 83}}
	would.Then.Waiting = 9
	would.Then.Result = evaluation.Result{Rule: evaluation.Rule{Threshold: .85}, Suspected: 367,
		SuspectedHam: evaluation.Group{N: 2}, MissedSpam: evaluation.Group{N: 65}, Published: 640,
		PublishedWrong: evaluation.Group{N: 4}, Held: 230, HeldHam: evaluation.Group{N: 3}}
	return would
}
