package api_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

// A receiver is a server that stores the messages it gets. Each test sets its answer.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []delivered
	answer func(n int, w http.ResponseWriter) // to the n-th message; nil accepts all
}

type delivered struct {
	header       http.Header
	method, path string
	body         string
	json         m
}

func newReceiver(t *testing.T, answer func(n int, w http.ResponseWriter)) *receiver {
	r := &receiver{answer: answer}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body) // a truncated body is invalid JSON
		d := delivered{header: req.Header, method: req.Method, path: req.URL.RequestURI(), body: string(body)}
		_ = json.Unmarshal(body, &d.json)
		r.mu.Lock()
		r.got = append(r.got, d)
		n := len(r.got)
		r.mu.Unlock()
		if r.answer != nil {
			r.answer(n, w)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// tries waits until at least n attempts were made, and returns the time of each.
func (r *receiver) tries(t *testing.T, w *world, n int) (got []delivered) {
	t.Helper()
	testkit.Until(t, fmt.Sprintf("messages were sent %d times", n), func() bool {
		w.clock.Add(time.Second)
		r.mu.Lock()
		defer r.mu.Unlock()
		got = append([]delivered(nil), r.got...)
		return len(got) >= n
	})
	return got
}

// all waits for exactly n messages. A message may arrive twice: the test moves the clock, and on a slow machine that
// can pass the timeout of a delivery.
func (r *receiver) all(t *testing.T, w *world, n int) (all []delivered) {
	t.Helper()
	for tries := n; len(all) < n; tries++ {
		all = nil
		seen := map[string]bool{}
		for _, d := range r.tries(t, w, tries) {
			if id := d.header.Get("Webhook-Id"); id == "" || !seen[id] {
				seen[id] = true
				all = append(all, d)
			}
		}
	}
	if len(all) > n {
		t.Errorf("%d messages came, want %d", len(all), n)
	}
	return all
}

func (d delivered) dig(keys ...string) any {
	return reply{json: d.json}.at(keys...)
}

const hooksPath = "/api/v1/sites/a/moderation/webhooks"

func hookOf(url string) m {
	return m{"url": url, "events": []string{"comment.arrived", "comment.published", "comment.refused", "comment.removed"}}
}

// hook adds a webhook of site A.
func (w *world) hook(url string, more ...string) reply {
	w.t.Helper()
	for _, h := range w.as("owner a", "GET", hooksPath, nil).list("webhooks") { // a site may have 20
		if strings.HasPrefix(h["url"].(string), "http://127.0.0.1:9/") {
			w.as("owner a", "DELETE", hooksPath+"/"+h["id"].(string), nil)
		}
	}
	body := hookOf(url)
	for i := 0; i+1 < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	r := w.inSession("owner a", "POST", hooksPath, body)
	if r.status != http.StatusCreated {
		w.t.Fatalf("add a webhook: %v", r)
	}
	w.waitForWebhooks()
	return r
}

// waitForWebhooks waits until the follower of webhooks has begun. A new webhook gets events from then on.
func (w *world) waitForWebhooks() {
	w.t.Helper()
	testkit.Until(w.t, "webhooks are followed", func() bool {
		return strings.Contains(w.log.String(), "webhooks: starting from the current event")
	})
}

// A copy of the database reveals neither the URLs of a site's receivers nor the secrets that sign its messages.
func TestWebhook_URLAndSecretAreEncrypted(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := newReceiver(t, nil)
	const hidden = "/hooks/quagga-in-the-path"
	header := w.session("owner a")
	header["Idempotency-Key"] = "0123456789abcdef" // the response is stored
	made := w.do(call{method: "POST", path: hooksPath, body: hookOf(r.URL + hidden), header: header})
	key := made.str("secret")
	if made.status != http.StatusCreated || key == "" {
		t.Fatalf("add a webhook: %v", made)
	}
	w.waitForWebhooks()
	w.post(requireBody(w.text()))
	r.all(t, w, 1)
	path := strings.TrimPrefix(w.dbURL, "sqlite:")
	raw, err := sql.Open("sqlite", path)
	fatal(t, err)
	_, err = raw.Exec("PRAGMA wal_checkpoint(TRUNCATE)")
	fatal(t, errors.Join(err, raw.Close()))
	for _, file := range []string{path, path + "-wal"} {
		text, err := os.ReadFile(file)
		fatal(t, err)
		if file == path && !bytes.Contains(text, []byte(made.str("id"))) {
			t.Error("the file has no webhook")
		}
		mac, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
		fatal(t, err)
		for what, said := range map[string][]byte{
			"address": []byte(hidden), "secret": []byte(strings.TrimPrefix(key, "whsec_")), "secret's bytes": mac,
		} {
			if bytes.Contains(text, said) {
				t.Errorf("%s has the %s", file, what)
			}
		}
	}
}

// Changing a webhook's events applies to events from then on.
func TestWebhook_EventsCanBeChanged(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := newReceiver(t, nil)
		made := w.hook(r.URL)
		one := hooksPath + "/" + made.str("id")
		set := func(events ...string) reply { return w.as("owner a", "PATCH", one, m{"events": events}) }
		for name, got := range map[string]reply{
			"nothing":       set(),
			"no such one":   set("comment.liked"),
			"another's":     w.as("owner a", "PATCH", hooksPath+"/"+"unknown", m{"events": []string{"comment.arrived"}}),
			"its address":   w.as("owner a", "PATCH", one, m{"events": []string{"comment.arrived"}, "url": r.URL}),
			"a moderator's": w.as("moderator a", "PATCH", one, m{"events": []string{"comment.arrived"}}),
		} {
			if got.status < 400 || got.status >= 500 {
				t.Errorf("%s is answered %v", name, got)
			}
		}
		if got := set("comment.published", "comment.arrived", "comment.arrived"); got.status != http.StatusNoContent {
			t.Fatalf("change: %v", got)
		}
		listed := w.as("owner a", "GET", hooksPath, nil).list("webhooks")[0]
		if got := fmt.Sprint(listed["events"]); got != "[comment.arrived comment.published]" ||
			listed["secret"] != made.str("secret")[len(made.str("secret"))-4:] {
			t.Errorf("it is %v", listed)
		}
		w.post(m{"page": m{"url": pageA}, "author": m{"name": "Ann"}, "body": "A remark that is told of now"})
		if got := r.all(t, w, 1)[0]; got.dig("type") != "comment.arrived" {
			t.Errorf("it gets %v", got.json)
		}
		set("comment.refused")
		second := w.post(m{"page": m{"url": pageA}, "author": m{"name": "Ann"}, "body": "Refused later"})
		w.decide("spam", second.str("id"), 1)
		if got := r.all(t, w, 2)[1]; got.dig("type") != "comment.refused" {
			t.Errorf("after the change it gets %v", got.json)
		}
		w.as("owner a", "DELETE", one, nil)
		if got := set("comment.arrived"); got.code() != "webhook.unknown" {
			t.Errorf("a removed one is answered %v", got)
		}
	})
}

func TestWebhook_SendsSignedEvents(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := newReceiver(t, nil)
		header := w.session("owner a")
		header["Idempotency-Key"] = "a-key-of-a-webhook"
		add := call{method: "POST", path: hooksPath, body: hookOf(r.URL + "/hidden?t=tellnobody"), header: header}
		made := w.do(add)
		w.waitForWebhooks()
		secret := made.str("secret")
		if again := w.do(add); again.str("secret") != secret || again.header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("the same again: %v", again)
		}
		listed := w.as("owner a", "GET", hooksPath, nil)
		if one := listed.list("webhooks"); len(one) != 1 || one[0]["secret"] != secret[len(secret)-4:] ||
			one[0]["url"] != r.URL+"/…body" || strings.Contains(string(listed.raw), "hidden") {
			t.Errorf("listed: %v", listed)
		}
		first := w.post(m{"page": m{"url": pageA, "title": "A post"}, "author": m{"name": "Ann", "email": "ann@mail.example"},
			"body": "A remark that a receiver is told of"})
		id := first.str("id")
		w.decide("approve", id, 1)
		w.clock.Add(time.Second) // so that each event has its own time
		w.decide("spam", id, 2)
		got := r.all(t, w, 3)
		kinds := map[string]delivered{}
		for _, d := range got {
			kinds[d.dig("type").(string)] = d
			stamp := d.header.Get("webhook-timestamp")
			raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
			fatal(t, err)
			mac := hmac.New(sha256.New, raw)
			mac.Write([]byte(d.header.Get("webhook-id") + "." + stamp + "." + d.body))
			if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); d.header.Get("webhook-signature") != want {
				t.Errorf("signed %s, want %s", d.header.Get("webhook-signature"), want)
			}
			if d.dig("data", "site") != "a" || d.dig("data", "comment", "id") != id ||
				d.dig("data", "page", "url") != pageA || strings.Contains(d.body, "ann@mail.example") {
				t.Errorf("got %s", d.body)
			}
		}
		if kinds["comment.arrived"].dig("data", "seq") != nil || kinds["comment.published"].dig("data", "seq") != 1.0 ||
			kinds["comment.refused"].dig("data", "seq") != 2.0 {
			t.Errorf("got %v", kinds)
		}
		if kinds["comment.arrived"].dig("data", "order") != 1.0 || kinds["comment.published"].dig("data", "order") != 2.0 ||
			kinds["comment.refused"].dig("data", "order") != 3.0 {
			t.Errorf("ordered %v", kinds)
		}
		if said := w.log.String(); strings.Contains(said, "tellnobody") || strings.Contains(said, secret) {
			t.Error("the log has the address or the secret")
		}
		// A deleted webhook gets nothing. A restored one gets events again.
		path := hooksPath + "/" + made.str("id")
		w.as("owner a", "DELETE", path, nil)
		want(t, w.as("owner a", "DELETE", path, nil), 404, "webhook.unknown")
		want(t, w.inSession("owner b", "POST", "/api/v1/sites/b/moderation/webhooks/"+made.str("id")+"/restore", nil), 404,
			"webhook.unknown")
		other := newReceiver(t, nil)
		w.hook(other.URL)
		w.post(requireBody("While nobody listens to what is said here"))
		other.all(t, w, 1)
		if r := w.inSession("owner a", "POST", path+"/restore", nil); r.status != http.StatusNoContent {
			t.Errorf("restore: %v", r)
		}
		w.post(requireBody("A comment after the webhook is on again"))
		r.all(t, w, 4)
	})
}

// A receiver that gets a withdrawal before the publication can order them by number.
func TestWebhook_EachMessageHasTheNextNumber(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		all, some := newReceiver(t, nil), newReceiver(t, nil)
		for url, events := range map[string][]string{
			all.URL:  {"comment.arrived", "comment.published", "comment.refused", "comment.removed", "takedown.added"},
			some.URL: {"comment.published", "comment.removed"},
		} {
			if made := w.inSession("owner a", "POST", hooksPath, m{"url": url, "events": events}); made.status != 201 {
				t.Fatalf("add a webhook: %v", made)
			}
		}
		w.waitForWebhooks()
		var happened []string
		for i := range 3 {
			posted := w.post(requireBody(fmt.Sprintf("A remark that is published and withdrawn, number %d", i)))
			id := posted.str("id")
			w.decide("approve", id, 1)
			w.clock.Add(time.Second)
			path := "/api/v1/sites/a/comments/" + id
			if r := w.do(call{method: "DELETE", path: path, bearer: posted.str("edit_token")}); r.status >= 300 {
				t.Fatalf("withdraw: %v", r)
			}
			happened = append(happened, id+" comment.arrived", id+" comment.published", id+" comment.removed")
		}
		w.post(requireBody("This one arrives and waits"))
		check := func(r *receiver, n int, want func(kind string) bool) {
			t.Helper()
			byNumber := map[any]string{}
			for _, d := range r.all(t, w, n) {
				id, _ := d.dig("data", "comment", "id").(string)
				byNumber[d.dig("data", "order")] = id + " " + d.dig("type").(string)
			}
			number := 0.0
			for _, said := range happened {
				if _, kind, _ := strings.Cut(said, " "); want(kind) {
					if number++; byNumber[number] != said {
						t.Errorf("number %v is %q, want %q", number, byNumber[number], said)
					}
				}
			}
			if len(byNumber) != n {
				t.Errorf("the numbers are %v", byNumber)
			}
		}
		check(all, 10, func(string) bool { return true })
		check(some, 6, func(kind string) bool { return kind != "comment.arrived" })
	})
}

func TestWebhook_TakedownsHideClaimants(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r, line := newReceiver(t, nil), newReceiver(t, nil)
		both := []string{"takedown.added", "takedown.restored"}
		for _, hook := range []m{{"url": r.URL, "events": both}, {"url": line.URL, "kind": "slack", "events": both}} {
			if made := w.inSession("owner a", "POST", hooksPath, hook); made.status != http.StatusCreated {
				t.Fatalf("add a webhook: %v", made)
			}
		}
		w.waitForWebhooks()
		first := w.post(requireBody("What a court does not want to be read by anybody")).str("id")
		other := w.post(requireBody("A person has asked for this to go from the page")).str("id")
		w.decide("approve", first, 1)
		w.decide("approve", other, 1)
		enter := func(body m) string {
			t.Helper()
			made := w.as("owner a", "POST", takedowns, body)
			if made.status != http.StatusCreated {
				t.Fatalf("enter a demand: %v", made)
			}
			return made.str("id")
		}
		court := enter(m{"comments": []string{first}, "by": "District Court of Oz", "kind": "court", "law": "Art. 7",
			"country": "OZ", "received_at": "2026-11-19T00:00:00Z"})
		said := r.all(t, w, 1)[0]
		if said.dig("type") != "takedown.added" || said.dig("data", "takedown", "id") != court ||
			said.dig("data", "takedown", "by") != "District Court of Oz" || said.dig("data", "takedown", "law") != "Art. 7" ||
			said.dig("data", "takedown", "status") != "standing" || said.dig("data", "takedown", "comments") != 1.0 ||
			said.dig("data", "comment") != nil || said.dig("data", "seq") != 3.0 {
			t.Errorf("message of a court's takedown: %s", said.body)
		}
		want(t, w.as("owner a", "POST", takedowns+"/"+court+"/restore", m{"why": "It was annulled."}), 204, "")
		said = r.all(t, w, 2)[1]
		if said.dig("type") != "takedown.restored" || said.dig("data", "takedown", "id") != court ||
			said.dig("data", "takedown", "status") != "restored" || said.dig("data", "seq") != 4.0 {
			t.Errorf("message of its end: %s", said.body)
		}
		enter(m{"comments": []string{other}, "by": "Erika Mustermann", "kind": "person",
			"received_at": "2026-11-19T00:00:00Z"})
		r.all(t, w, 3)
		sealed := enter(m{"page": pageA, "by": "Bureau of Secrets", "kind": "authority", "law": "Act 9",
			"public": "sealed", "received_at": "2026-11-19T00:00:00Z"})
		all := r.all(t, w, 4)
		if last := all[3]; last.dig("data", "takedown", "id") != sealed || last.dig("data", "takedown", "sealed") != true ||
			last.dig("data", "page") != nil {
			t.Errorf("message of a sealed takedown: %s", last.body)
		}
		told := ""
		for _, d := range append(all, line.all(t, w, 4)...) {
			told += d.body
		}
		for _, hidden := range []string{"Mustermann", "Bureau", "Act 9"} {
			if strings.Contains(told, hidden) {
				t.Errorf("receivers got %q", hidden)
			}
		}
		if !strings.Contains(told, "New legal request on") || !strings.Contains(told, "District Court of Oz, Art. 7") {
			t.Errorf("chats got %s", told)
		}
	})
}

func TestWebhook_RetriesUntilAccepted(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		r := newReceiver(t, func(n int, w http.ResponseWriter) {
			if n <= 4 {
				w.WriteHeader(http.StatusBadGateway)
			}
		})
		w.hook(r.URL)
		w.post(requireBody("Tell them, and tell them until they hear it"))
		w.post(requireBody("There was a second one, quite another thing"))
		got := r.tries(t, w, 6)
		ids := map[string]int{}
		for _, d := range got {
			ids[d.header.Get("webhook-id")]++
		}
		if len(ids) != 2 {
			t.Errorf("the messages had the ids %v", ids)
		}
		testkit.Until(t, "all is well again", func() bool {
			h := w.as("owner a", "GET", hooksPath, nil).list("webhooks")[0]
			return h["waiting"] == 0.0 && h["failing_since"] == nil && h["failure"] == nil
		})
	})
}

func TestWebhook_GivesUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := newReceiver(t, func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) })
	w.hook(r.URL)
	w.post(requireBody("Nobody wants to hear about this, ever"))
	testkit.Until(t, "it fails", func() bool {
		h := w.as("owner a", "GET", hooksPath, nil).list("webhooks")[0]
		return h["waiting"] == 1.0 && h["failure"] == "it answered 404" && h["failing_since"] != nil
	})
	w.clock.Add(73 * time.Hour)
	testkit.Until(t, "it is given up", func() bool {
		h := w.as("owner a", "GET", hooksPath, nil).list("webhooks")[0]
		return h["waiting"] == 0.0 && h["dead"] == 1.0
	})
}

func TestWebhook_ChatIDIsJSON(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, chat := range []string{"-77", "@name", "a\x07b", "\U0001F408", "\u2028", `"quoted\"`, "\x7f", "\u0430"} {
		r := newReceiver(t, nil)
		w.hook(r.URL+"/bot12:token/sendMessage?chat_id="+url.QueryEscape(chat), "kind", "telegram")
		w.post(requireBody("A comment for the chat, " + w.text()))
		if d := r.all(t, w, 1)[0]; d.json["chat_id"] != chat {
			t.Errorf("%q: sent %s", chat, d.body)
		}
	}
}

func TestWebhook_ChatLinesLinkToDesk(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	r := newReceiver(t, nil)
	w.hook(r.URL+"/bot12:token/sendMessage?chat_id=-77", "kind", "telegram")
	w.hook(r.URL+"/_matrix/client/v3/rooms/!r:x/send/m.room.message?access_token=sesame", "kind", "matrix")
	w.hook(r.URL+"/services/T/B/xyz", "kind", "slack")
	p := w.post(m{"page": m{"url": pageA, "title": "A post"}, "body": "Look at https://bad.example/ <b>now</b>"})
	desk := w.url + "/moderate/a/comments/" + p.str("id")
	for _, d := range r.all(t, w, 3) {
		text, _ := d.json["text"].(string)
		switch {
		case strings.HasPrefix(d.path, "/bot12:token"):
			if d.path != "/bot12:token/sendMessage" || d.json["chat_id"] != "-77" {
				t.Errorf("Telegram: %s %s", d.path, d.body)
			}
		case strings.HasPrefix(d.path, "/_matrix"):
			text, _ = d.json["body"].(string)
			if d.method != "PUT" || d.header.Get("Authorization") != "Bearer sesame" || strings.Contains(d.path, "sesame") ||
				d.json["msgtype"] != "m.text" {
				t.Errorf("Matrix: %s %s %s", d.method, d.path, d.body)
			}
		default:
			if strings.Contains(text, "<b>") {
				t.Errorf("Slack: %s", d.body)
			}
		}
		if !strings.HasPrefix(text, "New comment on Site A\n") || !strings.HasSuffix(text, "\n"+desk) ||
			strings.Contains(text, "https://bad.example") {
			t.Errorf("got %q", text)
		}
	}
	for _, bad := range []m{
		{"url": r.URL + "/bot1/getMe", "kind": "telegram", "events": []string{"comment.arrived"}},
		{"url": r.URL + "/rooms", "kind": "matrix", "events": []string{"comment.arrived"}},
		{"url": r.URL, "kind": "pigeon", "events": []string{"comment.arrived"}},
		{"url": r.URL, "events": []string{}},
		{"url": r.URL, "events": []string{"comment.judged"}},
		{"url": "ftp://127.0.0.1/", "events": []string{"comment.arrived"}},
		{"url": "http://me:secret@127.0.0.1/", "events": []string{"comment.arrived"}},
	} {
		want(t, w.inSession("owner a", "POST", hooksPath, bad), 422, "field.invalid")
	}
}

func TestWebhook_PrivateAddressIsRefused(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	for _, host := range []string{
		"10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "[::1]",
		"[::]", "[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "[fe80::1]", "[fd00:ec2::254]", "[2002:a00:1::]", "[ff02::1]",
		"[2001:db8::1]", "198.18.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.0.2.1", "[::10.0.0.1]",
	} {
		r := w.inSession("owner a", "POST", hooksPath, hookOf("http://"+host+"/latest"))
		if want(t, r, 422, "field.invalid"); !strings.Contains(r.str("detail"), "--reach") {
			t.Errorf("%s: %v", host, r)
		}
	}
	if n := w.as("owner a", "GET", hooksPath, nil).list("webhooks"); len(n) != 0 {
		t.Errorf("added: %v", n)
	}
}

func TestWebhook_HostileReceivers(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	test := func(r *receiver) reply {
		t.Helper()
		id := w.hook(r.URL).str("id")
		return w.as("owner a", "POST", hooksPath+"/"+id+"/test", nil)
	}
	inner := newReceiver(t, nil)
	sends := newReceiver(t, func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", inner.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if got := test(sends); got.at("taken") != false || got.str("failure") != "it answered 307" || len(inner.got) != 0 {
		t.Errorf("a redirect: %v, and %d came", got, len(inner.got))
	}
	endless := newReceiver(t, func(_ int, w http.ResponseWriter) {
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
	})
	if got := test(endless); got.at("taken") != true {
		t.Errorf("an endless answer: %v", got)
	}
	gone := newReceiver(t, nil)
	gone.Close()
	if got := test(gone); got.at("taken") != false || got.str("failure") != "it cannot be reached" {
		t.Errorf("no receiver: %v", got)
	}
	u, err := url.Parse(inner.URL)
	fatal(t, err)
	rebound := w.hook("http://nobody.invalid:" + u.Port()).str("id") // like a host that resolves elsewhere later
	if got := w.as("owner a", "POST", hooksPath+"/"+rebound+"/test", nil); got.at("taken") != false {
		t.Errorf("a name that is not found: %v", got)
	}
	if well := newReceiver(t, nil); test(well).at("taken") != true || well.got[0].dig("type") != "webhook.test" {
		t.Errorf("one that is well: %v", well.got)
	}
}
