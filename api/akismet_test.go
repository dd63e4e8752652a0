package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/site"
)

// An akismetReply is a response in Akismet's protocol.
type akismetReply struct {
	status      int
	word        string
	help, alert string
	header      http.Header
}

// akismet calls a method of the protocol. It does not check the response against openapi.yaml.
func (w *world) akismet(method, body string, header ...string) akismetReply {
	w.t.Helper()
	req, err := http.NewRequest("POST", w.url+"/akismet/1.1/"+method, strings.NewReader(body))
	fatal(w.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	for i := 0; i+1 < len(header); i += 2 {
		if req.Header.Set(header[i], header[i+1]); header[i] == "Host" {
			req.Host = header[i+1]
		}
	}
	res, err := http.DefaultClient.Do(req)
	fatal(w.t, err)
	defer res.Body.Close()
	word, err := io.ReadAll(res.Body)
	fatal(w.t, err)
	if res.Header.Get("X-akismet-pro-tip") != "" {
		w.t.Errorf("%s has X-akismet-pro-tip, which discards comments", method)
	}
	return akismetReply{res.StatusCode, string(word), res.Header.Get("X-akismet-debug-help"),
		res.Header.Get("X-akismet-alert-msg"), res.Header}
}

// wordpress returns the form that WordPress sends for a comment.
func (w *world) wordpress(who, author, content string, more ...string) string {
	f := url.Values{"api_key": {w.tokens[who]}, "blog": {originA}, "user_ip": {"192.0.2.7"}, "comment_type": {"comment"},
		"permalink": {pageA}, "blog_charset": {"UTF-8"}, "comment_author": {author}, "comment_content": {content},
		"comment_author_email": {strings.ToLower(author) + "@mail.example"}, "user_agent": {"Mozilla/5.0"},
		"POST_ak_js": {"12"}, "HTTP_ACCEPT": {"text/html"}}
	for i := 0; i+1 < len(more); i += 2 {
		f.Set(more[i], more[i+1])
	}
	return f.Encode()
}

const thanksWord = "Thanks for making the web a better place."

func TestAkismet_ChecksAndLearns(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		check := func(author, content string) string {
			t.Helper()
			got := w.akismet("comment-check", w.wordpress("moderator a", author, content))
			if got.status != http.StatusOK {
				t.Errorf("check: %+v", got)
			}
			return got.word
		}
		teachers := func() []map[string]any {
			return w.as("owner a", "GET", "/api/v1/sites/a/moderation/teachers", nil).list("teachers")
		}
		newest := func() map[string]any {
			return w.as("owner a", "GET", "/api/v1/sites/a/moderation/log?limit=1", nil).list("entries")[0]
		}
		seq := func() int { return len(w.as("owner a", "GET", "/api/v1/sites/a/moderation/log", nil).list("entries")) }
		teach := func(method, author, content string) {
			t.Helper()
			got := w.akismet(method, w.wordpress("moderator a", author, content))
			if got.status != http.StatusOK || got.word != thanksWord {
				t.Errorf("%s: %+v", method, got)
			}
		}
		const asked = "Which kind of apple keeps until spring in a cellar?"
		if got := check("Ann", asked); got != "false" {
			t.Errorf("before anything is taught it is %q", got)
		}
		n := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/queue", nil)
		if len(n.list("items")) != 0 || seq() != 0 {
			t.Errorf("the checked comment is in the queue: %v", n)
		}
		for i := range 30 {
			teach("submit-spam", fmt.Sprint("Casino", i),
				fmt.Sprintf("Jackpot %d bonus casino spins, deposit number %d now", i, i*i))
			teach("submit-ham", fmt.Sprint("Reader", i),
				fmt.Sprintf("In my garden %d the pears were ripe in week %d", i, i*7))
		}
		if n := w.as("owner a", "GET", "/api/v1/sites/a/moderation/log?limit=100", nil).list("entries"); len(n) != 60 ||
			n[0]["kind"] != "lesson" || n[0]["subject"] != "ham" || n[0]["by"] != "moderator a" || n[0]["comment"] != nil {
			t.Fatalf("%d entries, the newest %v", len(n), n[0])
		}
		for i := 0; ; i++ { // until the model has read the log
			spam := check(fmt.Sprint("Somebody", i), "Casino bonus jackpot, deposit and spins")
			ham := check(fmt.Sprint("Somebody", i), "Ripe pears in my garden")
			if spam == "true" && ham == "false" {
				break
			}
			if i == 500 {
				t.Fatalf("after learning, spam is %s and ham is %s", spam, ham)
			}
		}
		// A text is learned once per label. The other label replaces it, and an undo restores the first.
		first := newest()
		teach("submit-ham", "Reader29", "In my garden 29 the pears were ripe in week 203")
		if again := newest(); again["seq"] != first["seq"] {
			t.Errorf("the same again is %v", again)
		}
		teach("submit-spam", "Reader29", "In my garden 29 the pears were ripe in week 203")
		taught := func() string { return fmt.Sprint(teachers()) }
		if got := taught(); !strings.Contains(got, "lessons:60") {
			t.Errorf("after a change of mind there are %s", got)
		}
		last := newest()
		undo := "/api/v1/sites/a/moderation/decisions/" + last["batch"].(string) + "/undo"
		if r := w.as("owner a", "POST", undo, m{}); r.num("undone") != 1 {
			t.Errorf("undo: %v", r)
		}
		if got := taught(); !strings.Contains(got, "lessons:60") {
			t.Errorf("after the undo there are %s", got)
		}
		teach("submit-ham", "Reader29", "In my garden 29 the pears were ripe in week 203") // restored by the undo
		if again := newest(); again["subject"] != "spam" || again["undoes"] == nil {
			t.Errorf("a restored lesson was added again: %v", again)
		}
		// Lessons can be withdrawn like those from decisions.
		r := w.as("owner a", "POST", "/api/v1/sites/a/moderation/withdrawals", m{"account": teachers()[0]["account"]})
		if r.num("lessons") != 60 || len(teachers()) != 0 {
			t.Errorf("withdrawn: %v", r)
		}
		if bad, err := w.service.VerifyLog(t.Context(), blog(t, w, "a")); bad != 0 || err != nil {
			t.Errorf("the log is broken at %d, %v", bad, err)
		}
	})
}

func TestAkismet_AppliesRulesAndHistory(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for word, action := range map[string]string{"walnut": "hold", "roulette": "suspect"} {
			rule := m{"kind": "word", "words": word, "action": action}
			w.as("owner a", "POST", "/api/v1/sites/a/moderation/rules", rule)
		}
		const campaign = "Buy our wonderful garden shears with a discount of forty percent, only this week and only here!"
		teach := w.akismet("submit-spam", w.wordpress("moderator a", "Shears", campaign))
		for _, tt := range []struct{ why, body, want string }{
			{"a rule has it wait", w.wordpress("moderator a", "Bob", "A walnut a day"), "hold"},
			{"a rule suspects it", w.wordpress("moderator a", "Bob", "Try roulette"), "true"},
			{"nearly the same was spam", w.wordpress("moderator a", "Other", campaign+" Really."), "true"},
			{"another text", w.wordpress("moderator a", "Other", "The hedge in front of our house grows well."), "false"},
			{"a trap", w.wordpress("moderator a", "Trap", "Into the trap", "honeypot_field_name", "hp", "hp", "filled"),
				"true"},
			{"another trap", w.wordpress("moderator a", "Trap", "In the other trap", "POST_ak_hp_textarea", "x"), "true"},
			{"an administrator", w.wordpress("moderator a", "Root", "Try roulette", "user_role", "administrator"), "false"},
			{"a test of spam", w.wordpress("moderator a", "viagra-test-123", "Nothing"), "true"},
			{"no text", w.wordpress("moderator a", "Empty", ""), "false"},
			{"a long text", w.wordpress("moderator a", "Long", strings.Repeat("So long. ", 20_000)), "false"},
			{"a name of a kilobyte", w.wordpress("moderator a", strings.Repeat("n", 1000), "Hi there"), "false"},
			{"no address", w.wordpress("moderator a", "Mal", "Hello all", "comment_author_email", "@", "user_ip", "unknown"),
				"false"},
		} {
			if got := w.akismet("comment-check", tt.body); got.word != tt.want || got.status != http.StatusOK {
				t.Errorf("%s: got %+v, want %s", tt.why, got, tt.want)
			}
		}
		if teach.word != thanksWord {
			t.Errorf("teach: %+v", teach)
		}
	})
}

// Clients check one comment several times: the WordPress plug-in retries after failures, and rechecks when a moderator
// presses "Check for spam".
func TestAkismet_RecheckIsNotCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		rule := m{"kind": "word", "words": "walnut", "action": "hold"}
		w.as("owner a", "POST", "/api/v1/sites/a/moderation/rules", rule)
		for i, tt := range []struct {
			why          string
			first, again []string
		}{
			{"the same form", nil, nil},
			{"the same date", []string{"comment_date_gmt", "2026-11-20 11:00:00"},
				[]string{"comment_date_gmt", "2026-11-20 11:00:00"}},
			{"the same date from another address", []string{"comment_date_gmt", "2026-11-20T11:00:00Z"},
				[]string{"comment_date_gmt", "2026-11-20T11:00:00Z", "user_ip", "198.51.100.9"}},
			{"a retry by WordPress", nil,
				[]string{"recheck_reason", "retry", "comment_date_gmt", "2026-11-20 11:00:00", "comment_ID", "7"}},
			{"a moderator's check", nil,
				[]string{"recheck_reason", "recheck_queue", "permalink", originA + "/moved", "user_ip", "198.51.100.9"}},
			{"a test", nil, []string{"is_test", "1", "comment_date_gmt", "2026-11-20 12:00:00"}},
			{"tests only", []string{"is_test", "true"}, []string{"is_test", "true"}},
		} {
			for body, want := range map[string]string{
				fmt.Sprintf("Case %d: the hedge in front of our house grows well.", i): "false",
				fmt.Sprintf("Case %d: a walnut a day.", i):                             "hold",
			} {
				more := tt.first
				for n := range 6 {
					got := w.akismet("comment-check", w.wordpress("moderator a", "Gar", body, more...))
					if got.word != want || got.status != http.StatusOK {
						t.Errorf("%s, question %d about %q: got %+v, want %s", tt.why, n+1, body, got, want)
					}
					more = tt.again
				}
			}
		}
	})
}

func TestAkismet_FloodOfDuplicatesIsSpam(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		for i, tt := range []struct {
			why   string
			parts [3][]string
		}{
			{"other dates", [3][]string{{"comment_date_gmt", "2026-11-20 11:00:00"},
				{"comment_date_gmt", "2026-11-20 11:00:20"}, {"comment_date_gmt", "2026-11-20 11:00:40"}}},
			{"other pages", [3][]string{nil, {"permalink", originA + "/2"}, {"permalink", originA + "/3"}}},
			{"other addresses", [3][]string{nil, {"user_ip", "198.51.100.2"}, {"user_ip", "198.51.100.3"}}},
		} {
			body := fmt.Sprintf("Case %d: have a look at my page, it is about gardens and sheds.", i)
			check := func(more []string, want string) {
				t.Helper()
				got := w.akismet("comment-check", w.wordpress("moderator a", "Gar", body, more...))
				if got.word != want {
					t.Errorf("%s, %v: got %+v, want %s", tt.why, more, got, want)
				}
			}
			for n, want := range []string{"false", "false", "true"} {
				check(tt.parts[n], want)
				check(append([]string{"recheck_reason", "retry"}, tt.parts[n]...), want)
			}
			check(tt.parts[0], "true") // its third submission
		}
		// Similar text of other commenters is spam once one of the texts was reported.
		const shears = "Buy our wonderful garden shears with a discount of forty percent, only this week and only here!"
		check := func(author, want string) {
			t.Helper()
			got := w.akismet("comment-check", w.wordpress("moderator a", author, shears+" Yours, "+author))
			if got.word != want {
				t.Errorf("%s: got %+v, want %s", author, got, want)
			}
		}
		check("Ann", "false")
		w.akismet("submit-spam", w.wordpress("moderator a", "Ann", shears+" Yours, Ann"))
		check("Bob", "true")
		// The counts are deleted after fifteen days.
		w.clock.Add(16 * 24 * time.Hour)
		body := "Case 0: have a look at my page, it is about gardens and sheds."
		if got := w.akismet("comment-check", w.wordpress("moderator a", "Gar", body)); got.word != "false" {
			t.Errorf("after fifteen days: %+v", got)
		}
	})
}

func TestAkismet_ErrorsFollowProtocol(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		key := func(k string) string { return url.Values{"key": {k}, "blog": {originA + "/blog/"}}.Encode() }
		for _, who := range []string{"moderator a", "owner a", "moderator a, read only", "owner a, deciding", "root"} {
			if got := w.akismet("verify-key", key(w.tokens[who])); got.word != "valid" || got.help != "" {
				t.Errorf("the key of %s: %+v", who, got)
			}
		}
		value := w.tokens["moderator a"]
		host := value + ".rest.akismet.com"
		if got := w.akismet("verify-key", "blog="+url.QueryEscape(originA), "Host", host); got.word != "valid" {
			t.Errorf("a key in the name of the host: %+v", got)
		}
		bound := w.boundToken("root", "b")
		for _, tt := range []struct{ why, method, body, help string }{
			{"a wrong key", "verify-key", key("aitys_no"), "no token"},
			{"no key", "verify-key", key(""), "no token"},
			{"an author's", "verify-key", key(w.tokens["author a"]), "no moderator"},
			{"no blog", "verify-key", url.Values{"key": {value}}.Encode(), "Missing required field: blog"},
			{"no site has the address", "verify-key",
				url.Values{"key": {w.tokens["root"]}, "blog": {"https://elsewhere.example"}}.Encode(), "to no site"},
			{"nothing", "comment-check", "", "no token"},
			{"no form", "comment-check", "\x00%zz;&&==%", "no token"},
			{"no address", "comment-check", w.wordpress("moderator a", "A", "B", "user_ip", ""),
				"Missing required field: user_ip"},
			{"may only read", "submit-spam", w.wordpress("moderator a, read only", "A", "B"), "is read-only"},
			{"10 MB", "comment-check", w.wordpress("moderator a", "A", strings.Repeat("a", 10<<20)), "1024 KiB"},
			{"10 MB to learn", "submit-ham", w.wordpress("moderator a", "A", strings.Repeat("a", 10<<20)), "1024 KiB"},
		} {
			got := w.akismet(tt.method, tt.body)
			if got.status != http.StatusOK || got.word != "invalid" || !strings.Contains(got.help, tt.help) {
				t.Errorf("%s: got %+v, want %s", tt.why, got, tt.help)
			}
		}
		if got := w.akismet("verify-key", key("aitys_no")); got.alert == "" {
			t.Errorf("no alert for the administrator: %+v", got)
		}
		// A key limited to one site is used for that site, whatever the field blog says.
		w.tokens["bound"] = bound
		if got := w.akismet("submit-spam", w.wordpress("bound", "A", "Only for the other site")); got.word != thanksWord {
			t.Errorf("a bound key: %+v", got)
		}
		if n := w.as("owner b", "GET", "/api/v1/sites/b/moderation/log", nil).list("entries"); len(n) != 1 {
			t.Errorf("the site of the key learned %v", n)
		}
		if n := w.as("owner a", "GET", "/api/v1/sites/a/moderation/log", nil).list("entries"); len(n) != 0 {
			t.Errorf("the site of the blog learned %v", n)
		}
	})
}

func TestAkismet_DecodesOtherCharsets(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.as("owner a", "POST", "/api/v1/sites/a/moderation/rules", m{"kind": "word", "words": "казино", "action": "suspect"})
	const cp1251, koi8 = "%EA%E0%E7%E8%ED%EE", "%CB%C1%DA%C9%CE%CF" // казино
	form := "api_key=" + w.tokens["moderator a"] + "&blog=" + url.QueryEscape(originA) +
		"&user_ip=192.0.2.9&comment_content="
	for _, tt := range []struct{ body, contentType, want string }{
		{form + cp1251 + "&blog_charset=windows-1251", "application/x-www-form-urlencoded", "true"},
		{form + koi8, "application/x-www-form-urlencoded; charset=KOI8-R", "true"},
		{form + url.QueryEscape("казино") + "&blog_charset=windows-1251", "text/plain", "true"}, // UTF-8 despite blog_charset
		{form + cp1251 + "&blog_charset=x-nobody", "", "false"},                                 // unknown charset
	} {
		got := w.akismet("comment-check", tt.body, "Content-Type", tt.contentType)
		if got.word != tt.want || got.status != http.StatusOK {
			t.Errorf("%s: got %+v, want %s", tt.body[len(form):], got, tt.want)
		}
	}
}

func blog(t testing.TB, w *world, key string) site.Site {
	t.Helper()
	found, err := w.service.Site(t.Context(), key)
	fatal(t, err)
	return found
}

// boundToken returns a token of the account who, limited to some sites.
func (w *world) boundToken(who string, sites ...string) string {
	w.t.Helper()
	r := w.as(who, "POST", "/api/v1/tokens", m{"name": "bound", "site": sites, "scope": authz.ScopeDecide.String()})
	if r.status != http.StatusCreated {
		w.t.Fatalf("token: %v", r)
	}
	return r.str("token")
}
