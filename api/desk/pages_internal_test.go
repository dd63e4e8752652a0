package desk

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/i18n"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func catalogs() map[string]*Catalog {
	all := map[string]*Catalog{}
	for _, l := range i18n.Languages {
		all[l.Key] = &Catalog{i18n.In(l.Key)}
	}
	return all
}

// sample returns a comment as the queue would return it.
func sample(id, name, text string) moderation.Item {
	return moderation.Item{
		Comment: comment.Comment{
			ID: id, Version: 1, Name: name, Email: "viktor@mail.example", Source: text, Lang: "en",
			CreatedAt: noon.Add(-2 * time.Hour), Submissions: 1, FormAge: -1,
			Verdict: comment.Verdict{Score: .06, Spam: .06, Warm: true},
		},
		Page: site.Page{ID: "p1", URL: "https://longway.example/bicycle", Title: "Why I sold my car for a bicycle",
			Open: true},
	}
}

func samples() []moderation.Item {
	viktor := sample("c31", "Viktor", "A cargo bike would do for the ladder too. But of course someone like you would "+
		"rather complain than try: lazy and clueless, as in every thread.")
	viktor.Parent = &comment.Comment{Name: "Tomasz W.",
		Source: "Fair point, and thank you for putting it calmly. I had not thought of people who carry tools for work. A " +
			"cargo bike carries a lot, but not a ladder."}
	viktor.Writer = comment.History{Approved: 4, Refused: 1, FirstSeen: noon.AddDate(0, -8, 0)}
	viktor.Notes = []rules.NamedNote{
		{Note: rules.Note{Text: "Wrote to us; <b>is</b> a carpenter.", CreatedAt: noon}, Name: "Jonas"}}
	viktor.Comment.Verdict.Action, viktor.Comment.Verdict.Reason = comment.Reject, comment.ReasonPersonalAttack
	viktor.Reasons = []comment.LikelyReason{{Reason: comment.ReasonPersonalAttack, Probability: .93,
		Evidence: []classifier.Weight{
			{Token: "word:clueless", Weight: 2.7, Spam: 9, Ham: 1}, {Token: "words:someone like", Weight: 1.9, Spam: 3},
			{Token: "word:carry", Weight: -.7, Ham: 5},
		}}}
	viktor.Evidence = []classifier.Weight{{Token: "word:cargo", Weight: -1.2, Spam: 0, Ham: 14},
		{Token: "word:ladder", Weight: -.9, Spam: 1, Ham: 9}}

	deals := sample("c32", "Best Deals Team", "Great article!! I also found ch\u0435ap tents at "+
		"[this shop](https://pay-less-tents.example/x?y=1&z=2), use code TRAIL for 70 % off.")
	deals.Comment.Verdict = comment.Verdict{Score: .94, Spam: .81, Warm: true, Action: comment.MarkSpam,
		Signals: []comment.Signal{
			{Name: "link", Weight: .7, Text: "A link to a host never seen here: pay-less-tents.example"},
			{Name: "form_age", Weight: 1.1, Code: "form_age.quick", Args: map[string]any{"seconds": 4}},
		}}
	deals.Evidence = []classifier.Weight{{Token: "word:cheap", Weight: 2.6, Spam: 14},
		{Token: "trait:links=1", Weight: 1.4, Spam: 11, Ham: 2}, {Token: "domain:pay-less-tents.example", Weight: 1, Spam: 3}}
	deals.Comment.FormAge, deals.Comment.Submissions = 4, 3

	ilya := sample("c33", "Илья Дроздов", "Кто-нибудь заказывал шипы в velo-zima.example? Там скидка, но отзывов не "+
		"нашёл. Не хочу остаться зимой без велосипеда.")
	ilya.Comment.Lang, ilya.Comment.Verdict.Score, ilya.Comment.Verdict.Spam = "ru", .52, .52
	ilya.Writer = comment.History{Approved: 9, FirstSeen: noon.AddDate(0, -5, 0)}
	ilya.Evidence = []classifier.Weight{{Token: "word:скидка", Weight: 1.3, Spam: 4, Ham: 1},
		{Token: "word:зимой", Weight: -.8, Ham: 4}}

	ilya.Against = report.Open{
		Reports: []report.Report{
			{Reason: comment.ReasonSpam}, {Reason: comment.ReasonSpam, Detail: "Он пишет это под каждой статьёй."},
			{Reason: comment.ReasonOther},
		},
		Appeal: &report.Appeal{Text: "Я купил там шипы сам, <b>спросите</b> в магазине.", At: noon.Add(-2 * time.Hour)},
	}

	asel := sample("c34", "Әсел Нұрланқызы",
		"Мен де биыл көлігімді сатып, велосипедке ауыстым. Басында қиын болды, қазір жүрегім де, қалтам да риза. Қыста ең "+
			"бастысы — қолғап пен жарық.")
	asel.Comment.Lang, asel.Comment.Email, asel.Comment.Verdict.Score = "kk", "", .02
	asel.Page.Title, asel.Comment.PageTitle = "", "Неге көлігімді велосипедке айырбастадым"
	asel.Writer = comment.History{Approved: 2, FirstSeen: noon.AddDate(-1, 0, 0)}

	anon := sample("c35", "", "Something that may not be read by everybody at breakfast.")
	anon.Comment.Verdict.Reason, anon.Comment.Verdict.Action = comment.ReasonObscenity, comment.Reject
	anon.Comment.Verdict.Score, anon.Comment.Verdict.Spam, anon.Comment.Email = .64, .64, ""
	return []moderation.Item{viktor, deals, ilya, asel, anon}
}

func sampleFrame(w *Catalog) Frame {
	f := Frame{Lang: w.Lang(), Words: scriptMessages()[w.Lang()], ReturnTo: "/moderate/longway/queue", Moderator: true, Owner: true}
	f.Me = &Person{ID: "a1", Name: "Jonas Feld", Email: "jonas@longway.example", Initial: "J"}
	f.Site = &SiteRef{"longway", "The Long Way Round"}
	f.Sites = []Link{{URL: "/moderate/longway/queue", Label: "The Long Way Round", Current: true},
		{URL: "/moderate/short/queue", Label: "Short cuts"}}
	f.Rail = railLinks(w, f, f.Site, f.ReturnTo, "", sampleCounts, true)
	for _, l := range i18n.Languages {
		f.Languages = append(f.Languages, Link{Key: l.Key, Label: l.Name, Current: l.Key == w.Lang()})
	}
	return f
}

var sampleCounts = map[comment.View]int{
	comment.ViewPending: 214, comment.ViewSuspected: 38, comment.ViewApproved: 1000, comment.ViewRejected: 111,
	comment.ViewSpam: 412,
}

var sampleKit = web.New(web.Options{
	Clock: clock{noon}, PublicURL: &url.URL{Scheme: "https", Host: "talk.longway.example"},
})

type clock struct{ at time.Time }

func (c clock) Now() time.Time { return c.at }

func itemIn(s comment.State) moderation.Item {
	return moderation.Item{Comment: comment.Comment{State: s}}
}

func samplePages(w *Catalog) map[string]any {
	site := site.Site{ID: 1, Key: "longway", Name: "The Long Way Round", Settings: site.Settings{Suspect: .9}}
	m := &cardMaker{
		Catalog: w, site: site, now: noon, params: queueParams{site: "longway"}, decides: true,
	}
	f := sampleFrame(w)
	q := sampleQueue(m, f, samples())
	q.Toast = &Toast{Text: w.N("js.toast.approve", 1), Batch: "b1"}
	decided := samples()[3]
	decided.Comment.State = comment.Approved
	q.Cards[3].Conflict = m.conflict(decided,
		[]auditlog.NamedEntry{{Name: "Dana K.", Entry: auditlog.Entry{Seq: 1, At: noon.Add(-4 * time.Second)}}})
	q.Cards[3].Conflict.LeaveURL = "/"

	cold := samples()[3:4]
	cold[0].Comment.Verdict = comment.Verdict{}
	m.trainingNeeds = w.trainingNeeds(learning.TrainingProgress{Ham: 4, MoreHam: 6, MoreSpam: 10})
	young := sampleQueue(m, f, cold)
	m.trainingNeeds = ""
	first := sampleQueue(m, f, nil)
	first.Rest.First = true
	first.Rest.Snippet = Base{Kit: sampleKit}.Snippet(site)

	it := samples()[0]
	it.Comment.State, it.Comment.Reason, it.Comment.Standing = comment.Rejected, comment.ReasonPersonalAttack, 3
	it.Comment.EditedAt = noon.Add(-100 * time.Minute)
	past := []auditlog.NamedEntry{
		{Name: "Jonas Feld", Entry: auditlog.Entry{Seq: 1, At: noon.Add(-90 * time.Minute), Batch: "b0",
			Ruling: auditlog.Ruling{Action: comment.Approve, To: comment.Approved, Version: 2}}},
		{Name: "Jonas Feld", Entry: auditlog.Entry{Seq: 2, At: noon.Add(-89 * time.Minute), Undoes: 1, Batch: "b1",
			Ruling: auditlog.Ruling{To: comment.Pending, Version: 3}}},
		{Name: "Dana K.", Entry: auditlog.Entry{Seq: 3, At: noon.Add(-time.Hour), Batch: "b2",
			Ruling: auditlog.Ruling{Action: comment.Reject, Reason: comment.ReasonPersonalAttack, To: comment.Rejected,
				Version: 4, Note: "The first half is a fair opinion. Leave Tomasz out of it and send it again."}}},
	}
	k := campaign.Summary{
		Campaign: campaign.Campaign{ID: "k1", Joined: 4, Waiting: 3, Refused: 1, Sample: "copy1",
			FirstSeen: noon.Add(-3 * time.Hour), LastSeen: noon.Add(-time.Minute)},
		Spread: campaign.Spread{Writers: 3, Addresses: 2, Pages: 1},
	}
	var copies []moderation.ItemHistory
	for n, who := range []string{"Marina", "Olga", "<b>Vera</b>", "Hannah"} {
		s := moderation.ItemHistory{Item: samples()[3]}
		s.Comment.ID, s.Comment.Name = fmt.Sprint("copy", n), who
		s.Comment.Source = fmt.Sprintf("Earn %d a week, %s will tell you everything.", 4000+n*500, who)
		if who == "Hannah" {
			s.Comment.Source = "Look what I got: “" + s.Comment.Source + "” Did anybody else get this? Do not answer it."
		}
		copies = append(copies, s)
	}
	copies[2].Comment.State = comment.Spam
	alike := m.campaignPage(f, k, copies, true)
	listed := m.campaignsPage(f, []campaign.Summary{k}, copies)
	q.Cards[4].Campaign = m.foldedCampaign(moderation.Item{Campaign: &k, Comment: comment.Comment{State: comment.Pending}})

	one := m.commentPage(f, it, past)

	pages := map[string]any{
		"queue": q, "queue-new": young, "queue-empty": sampleQueue(m, f, nil), "queue-first": first,
		"comment": one, "campaign": alike, "campaigns": listed, "campaigns-none": campaignsPage{Frame: f},
		"cards": cardsPage{f, q.Cards}, "signin": signInPage{Frame: f, Error: w.T("signin.refused")},
		"error": ErrorPage{Frame: f, Heading: w.T("link.dead"), Detail: w.T("link.dead.text"), To: "/",
			ToWords: w.T("signin")},
		"pages": pagesPage{Frame: f, Sought: "longway", Sorts: pageSorts(w, sites.PagesPending), Rows: []pageRow{{"p", "https://longway.example/bicycle",
			"Why I sold my car for a bicycle", 12, 3, true, false},
			{"o", "https://longway.example/tram", "The last tram", 4, 0, true, true}}},
	}
	f.Languages = nil
	pages["mailed"] = mailLinkPage{Frame: f, Heading: w.T("mail.link.title"), Decides: true,
		Lead: w.T("mail.link.as", "name", "Dana K.", "site", site.Name), Name: "<b>Ruth</b>", Page: "Why I sold my car",
		Said: []string{"One thing is missing: <script>the noise</script>.", "And the birds."}, SaidLang: "en",
		To: "/moderate/longway/comments/c1", ToWords: w.T("mail.link.desk"), Version: 1, Can: m.can(itemIn(comment.Pending))}
	changed := pages["mailed"].(mailLinkPage)
	changed.Changed, changed.Can = q.Cards[3].Conflict, m.can(itemIn(comment.Approved))
	changed.Wrong, changed.Detail = changed.Changed.What, w.T("mail.link.nothing")
	pages["mailed-changed"] = changed
	pages["mailed-expired"] = mailLinkPage{Frame: f, Heading: w.T("mail.link.title"), Wrong: w.T("mail.link.expired"),
		Detail: w.T("mail.link.until", "date", w.Date(noon)), To: "/", ToWords: w.T("mail.link.desk")}
	pages["mailed-done"] = mailLinkPage{Frame: f, Heading: w.T("mail.link.title"), Done: w.T("mail.did.spam"),
		Detail: w.T("mail.link.back"), To: "/", ToWords: w.T("mail.link.desk")}
	pages["mailed-stop"] = mailLinkPage{Frame: f, Heading: w.T("mail.stop.title"), Stops: true, Digests: true,
		Lead: w.T("mail.stop.text", "email", "dana@longway.example"), To: "/", ToWords: w.T("mail.stop.choose")}
	asks := logQuery{Who: "Dana K.", What: "reject", Since: "2026-11-01"}
	pages["log-nothing"] = m.logPage(f, asks, []string{"Jonas Feld", "Dana K."}, nil)
	pages["log"] = m.logPage(f, logQuery{}, []string{"Jonas Feld", "Dana K."}, sampleActs(it.Comment))
	return pages
}

// sampleActs returns a refusal that can be undone, a batch of which one comment is erased, and a retirement of lessons.
func sampleActs(c comment.Comment) []moderation.Act {
	erased := comment.Comment{ID: "gone", State: comment.Removed}
	entry := func(seq uint64, id string, to comment.State, did comment.Action) auditlog.NamedEntry {
		return auditlog.NamedEntry{Name: "Dana K.", Entry: auditlog.Entry{
			By: "d1", Seq: seq, At: noon.Add(time.Duration(seq-10) * time.Hour), Batch: fmt.Sprint("b", seq), Hash: []byte{byte(seq), 0x3a},
			Ruling: auditlog.Ruling{Comment: id, Action: did, Reason: comment.ReasonPersonalAttack, To: to},
		}}
	}
	return []moderation.Act{
		{Size: 1, Undoable: true, Entries: []auditlog.NamedEntry{entry(9, c.ID, comment.Rejected, comment.Reject)},
			Comments: map[string]comment.Comment{c.ID: c}},
		{Size: 12, Undoable: true, Comments: map[string]comment.Comment{c.ID: c, "gone": erased},
			Entries: []auditlog.NamedEntry{entry(8, c.ID, comment.Spam, comment.MarkSpam), entry(7, "gone", comment.Spam, comment.MarkSpam)}},
		{Size: 1, Entries: []auditlog.NamedEntry{{Entry: auditlog.Entry{Seq: 1, At: noon.AddDate(0, 0, -1), Kind: auditlog.Retirement,
			Teaching: auditlog.Teaching{Lessons: 3, Subject: "2026-01-01T00:00:00Z"}}}}},
	}
}

func sampleQueue(m *cardMaker, f Frame, items []moderation.Item) queuePage {
	for i := range items {
		items[i].Site = m.site
	}
	ms := &makers{visit: &Visit{Context: echo.New().NewContext(httptest.NewRequest("GET", "/", nil), nil), Words: m.Catalog,
		Sites: []site.Site{m.site}}, params: m.params, bySite: map[string]*cardMaker{m.site.Key: m}}
	q, err := ms.queuePage(f, moderation.QueuePage{Items: items, Counts: sampleCounts, Capped: true})
	if err != nil {
		panic(err)
	}
	if len(q.Cards) > 0 {
		q.Cards[0].Current = true
	}
	return q
}

func TestHighlight_RendersEvidenceAndLinks(t *testing.T) {
	evidence := []classifier.Weight{
		{Token: "word:cheap", Weight: 2, Spam: 14}, {Token: "word:bike", Weight: -1, Ham: 3},
		{Token: "word:the", Weight: .1}, {Token: "domain:evil.example", Weight: 1, Spam: 2},
		{Token: "domain:xn--e1aducj.example", Weight: 1, Spam: 4},
		{Token: "words:my channel", Weight: 3, Spam: 7}, {Token: "words:nice post", Weight: -1, Ham: 5},
	}
	for _, tt := range []struct{ name, in, want string }{
		{"no mark", "nothing <b> here", `<p>nothing &lt;b&gt; here</p>`},
		{"words", "Ch\u0435ap the *BIKE*",
			`<p><mark title="For refusal: in 14 spam, 0 approved"><span class="odd" title="1 Cyrillic letter in English ` +
				`words.">Chеap</span></mark> the <em><mark class="a" title="Against: in 0 spam, 3 approved">BIKE</mark></em></p>`},
		{"two words", "Cheap: M\u0443 channel, nice post",
			`<p><mark title="For refusal: in 14 spam, 0 approved">Cheap</mark>: <mark title="For refusal: in 7 spam, 0 ` +
				`approved"><span class="odd" title="1 Cyrillic letter in English words.">Mу</span> channel</mark>, nice post</p>`},
		{"hidden", "ch\u200beap, omg\ufeff",
			`<p><mark title="For refusal: in 14 spam, 0 approved"><span class="odd" title="1 invisible character.">ch` +
				"\u200beap</span></mark>, omg\ufeff</p>"},
		{"a link cannot be clicked", "[here](https://a.example/b), there",
			`<p><span class="link" title="https://a.example/b">here</span> <span class="host">a.example</span>, there</p>`},
		{"a link that shows its host", "https://evil.example/b",
			`<p><span class="link" title="https://evil.example/b">https://<mark title="For refusal: in 2 spam, 0 ` +
				`approved">evil.example</mark>/b</span></p>`},
		{"a host in another script", "http://Озеро.example/",
			`<p><span class="link" title="http://xn--e1aducj.example/">http://<mark title="For refusal: in 4 spam, 0 ` +
				`approved">Озеро.example</mark>/</span> <span class="host"><mark title="For refusal: in 4 spam, 0 ` +
				`approved">xn--e1aducj.example</mark></span></p>`},
		{"a host that only begins alike", "evil.examples", `<p>evil.examples</p>`},
		{"hostile links", `[x](https://a.example/?x="><script>&y='z')[*y*](mailto:b@c.example)`,
			`<p><span class="link" title="https://a.example/?x=%22%3E%3Cscript%3E&amp;y=&#39;z&#39;">x</span> <span ` +
				`class="host">a.example</span><span class="link" title="mailto:b@c.example"><em>y</em></span> <span ` +
				`class="host">mailto</span></p>`},
		{"hostile text", "<script>cheap</script>",
			`<p>&lt;script&gt;<mark title="For refusal: in 14 spam, 0 approved">cheap</mark>&lt;/script&gt;</p>`},
	} {
		it := moderation.Item{Comment: comment.Comment{Source: tt.in, Lang: "en"}, Evidence: evidence}
		if got := catalogs()["en"].highlightText(it, false).HTML; string(got) != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

func TestHighlight_SpellsOutInvisibleCharacters(t *testing.T) {
	it := moderation.Item{Comment: comment.Comment{Source: "ch\u200be\u0430p \u3164 on \ufeff", Lang: "en"}}
	got := string(catalogs()["en"].highlightText(it, true).HTML)
	const want = `<p><span class="odd" title="1 Cyrillic letter in English words; 1 invisible character.">ch` +
		`<span class="chip">zero-width space</span>eаp</span> ` +
		`<span class="odd" title="1 invisible character."><span class="chip">hidden character U+3164</span></span> on ` +
		"\ufeff</p>"
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestReasons_BeginWithWhatDecided(t *testing.T) {
	m := cardMaker{Catalog: catalogs()["en"], site: site.Site{Settings: site.Settings{Suspect: .9}}}
	quick := comment.Signal{Name: "form_age", Code: "form_age.quick", Args: map[string]any{"seconds": 2}, Weight: 1}
	again := comment.Signal{Name: "duplicate", Code: "duplicate.again", Args: map[string]any{"count": 3}, Weight: 2}
	links := comment.Signal{Name: "link", Code: "link.count", Args: map[string]any{"count": 2}, Weight: 3}
	filter := comment.Signal{Name: "classifier", Code: "classifier.spam", Weight: 1.5}
	abuse := comment.Signal{Name: "classifier", Code: "classifier.abuse",
		Args: map[string]any{"reason": "personal_attack", "risk": .94, "probability": .94}}
	attack := []comment.LikelyReason{{Reason: comment.ReasonPersonalAttack, Probability: .89}}
	words := []classifier.Weight{{Token: "word:casino", Weight: 2, Spam: 14}}
	for _, tt := range []struct {
		name, words, icon, first string
		score                    float64
		signals                  []comment.Signal
	}{
		{"copies", "Almost certainly spam", "copy", "Sent 3 times.", .96, []comment.Signal{filter, quick, again}},
		{"links", "Almost certainly spam", "link", "Contains 2 links.", .96, []comment.Signal{filter, again, links}},
		{"words", "Almost certainly spam", "megaphone", "Spam words: “casino”.", .97, []comment.Signal{filter, quick}},
		{"an attack", "Likely personal attack", "bubble", "Like comments refused for personal attack.", .94,
			[]comment.Signal{filter, again, abuse}},
		{"nothing", "Nothing unusual", "dash", "May also be personal attack.", .05, []comment.Signal{filter}},
	} {
		v := comment.Verdict{Score: tt.score, Spam: tt.score, Warm: true, Signals: tt.signals}
		it := moderation.Item{Comment: comment.Comment{Verdict: v}, Reasons: attack}
		if tt.name == "words" {
			it.Evidence = words
		}
		s, rs := m.score(v), m.reasons(it, "")
		if s.Words != tt.words || s.Icon != tt.icon || rs[0].Text != tt.first {
			t.Errorf("%s: %s with the icon %s, first %q", tt.name, s.Words, s.Icon, rs[0].Text)
		}
		for _, r := range rs {
			if strings.Contains(r.Text, "%") {
				t.Errorf("%s: a second number: %s", tt.name, r.Text)
			}
		}
	}
}

func TestHighlight_LikelyReasonTakesPrecedence(t *testing.T) {
	evidence := []classifier.Weight{
		{Token: "word:cheap", Weight: 2, Spam: 14}, {Token: "word:fool", Weight: 1, Spam: 2},
		{Token: "word:moron", Weight: -1, Ham: 3}, {Token: "word:bike", Weight: -1, Ham: 3},
	}
	likely := []comment.LikelyReason{
		{Reason: comment.ReasonPersonalAttack, Probability: .9, Evidence: []classifier.Weight{
			{Token: "word:fool", Weight: 3, Spam: 9, Ham: 1}, {Token: "word:moron", Weight: 2, Spam: 4, Ham: 1},
			{Token: "word:rare", Weight: 2, Spam: 1}, {Token: "word:bike", Weight: -2, Ham: 3},
		}},
		{Reason: comment.ReasonObscenity, Probability: .6,
			Evidence: []classifier.Weight{{Token: "word:moron", Weight: 1, Spam: 2, Ham: 1}}},
	}
	const text = "cheap fool moron rare bike"
	for lang, want := range map[string]string{
		"en": `<p><mark title="For refusal: in 14 spam, 0 approved">cheap</mark> ` +
			`<mark class="t" title="For refusal: in 2 spam, 0 approved; in 9 personal attacks, 1 approved">fool</mark> ` +
			`<mark class="t" title="For refusal: in 4 personal attacks, 1 approved; in 2 obscene comments, 1 ` +
			`approved">moron</mark> rare ` +
			`<mark class="a" title="Against: in 0 spam, 3 approved">bike</mark></p>` +
			`[raises the score][sign of personal attack, obscenity][lowers the score]`,
		"ru": `<p><mark title="За отказ: спам: 14, одобрено: 0">cheap</mark> ` +
			`<mark class="t" title="За отказ: спам: 2, одобрено: 0; отклонено за личные нападки: 9, одобрено: 1">fool</mark> ` +
			`<mark class="t" title="За отказ: отклонено за личные нападки: 4, одобрено: 1; отклонено за непристойность: 2, ` +
			`одобрено: 1">moron</mark> rare ` +
			`<mark class="a" title="Против отказа: спам: 0, одобрено: 3">bike</mark></p>` +
			`[повышает оценку][признак: личные нападки, непристойность][понижает оценку]`,
		"kk": `<p><mark title="Қабылдамауға дәлел: спамда: 14, мақұлданғанда: 0">cheap</mark> ` +
			`<mark class="t" title="Қабылдамауға дәлел: спамда: 2, мақұлданғанда: 0; жеке басқа тиісуде: 9, мақұлданғанда: ` +
			`1">fool</mark> ` +
			`<mark class="t" title="Қабылдамауға дәлел: жеке басқа тиісуде: 4, мақұлданғанда: 1; әдепсіздікте: 2, ` +
			`мақұлданғанда: 1">moron</mark> rare ` +
			`<mark class="a" title="Қарсы: спамда: 0, мақұлданғанда: 3">bike</mark></p>` +
			`[бағаны көтереді][белгісі: жеке басқа тиісу, әдепсіздік][бағаны төмендетеді]`,
	} {
		it := moderation.Item{Comment: comment.Comment{Source: text}, Evidence: evidence, Reasons: likely}
		marked := catalogs()[lang].highlightText(it, false)
		got := string(marked.HTML)
		for _, k := range marked.Legend {
			got += "[" + k.Text + "]"
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", lang, got, want)
		}
	}
	it := moderation.Item{Comment: comment.Comment{Source: "nothing of it"}, Evidence: evidence, Reasons: likely}
	if keys := catalogs()["en"].highlightText(it, false).Legend; len(keys) > 0 {
		t.Errorf("a text without marks has the keys %v", keys)
	}
}
