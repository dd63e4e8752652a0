package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// perspective calls a method of the Perspective API. query is added to the key of who. It does not check the response
// against openapi.yaml.
func (w *world) perspective(who, method, query, body string, header ...string) (status int, got m) {
	w.t.Helper()
	address := w.url + "/v1alpha1/comments:" + method + "?key=" + url.QueryEscape(w.tokens[who]) + query
	req, err := http.NewRequest("POST", address, strings.NewReader(body))
	fatal(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	fatal(w.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	fatal(w.t, err)
	if err := json.Unmarshal(raw, &got); err != nil || !strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		w.t.Errorf("%s answered %d %s: %s", method, res.StatusCode, res.Header.Get("Content-Type"), raw)
	}
	return res.StatusCode, got
}

// suggestion returns the body of comments:suggestscore.
func suggestion(text, attribute string, value float64) string {
	return fmt.Sprintf(`{"comment":{"text":%q},"attributeScores":{%q:{"summaryScore":{"value":%v}}},"languages":["en"],`+
		`"communityId":"Coral:https://news.example","clientToken":"comment:7"}`, text, attribute, value)
}

// teachPerspective suggests ten scores for each attribute, and waits until the model has learned them.
func (w *world) teachPerspective(attributes ...string) {
	w.t.Helper()
	teach := func(attribute, text string, value float64) {
		w.t.Helper()
		status, got := w.perspective("moderator a", "suggestscore", "", suggestion(text, attribute, value))
		if status != http.StatusOK || got["clientToken"] != "comment:7" {
			w.t.Errorf("suggest %s %v: %d %v", attribute, value, status, got)
		}
	}
	places := strings.Fields("garden kitchen harbour library station market bridge village mountain school")
	for i, place := range places {
		teach("TOXICITY", fmt.Sprintf("I like the %s in week %d, thank you for the %s", place, i*7, places[(i*3+1)%10]), 0.1)
		for _, a := range attributes {
			teach(a, fmt.Sprintf("You %s fool %d from the %s, what %s rubbish", strings.ToLower(a), i*i, place, a), 0.9)
		}
	}
	fatal(w.t, w.service.Learn(w.t.Context(), blog(w.t, w, "a")))
}

// valueOf returns the summary score of an attribute in a response, or -1.
func valueOf(got m, attribute string) float64 {
	scores, _ := got["attributeScores"].(map[string]any)
	one, _ := scores[attribute].(map[string]any)
	summary, _ := one["summaryScore"].(map[string]any)
	if v, ok := summary["value"].(float64); ok && summary["type"] == "PROBABILITY" {
		return v
	}
	return -1
}

func TestPerspective_LearnsAndScores(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		w.teachPerspective("INSULT", "SPAM")
		entries := w.as("owner a", "GET", "/api/v1/sites/a/moderation/log?limit=100", nil).list("entries")
		if len(entries) != 30 || entries[1]["kind"] != "lesson" || entries[1]["subject"] != "personal_attack" {
			t.Fatalf("%d entries, %v", len(entries), entries[0])
		}
		const rude, kind = "You insult fool, what INSULT rubbish", "I like the garden, thank you"
		ask := func(text, attributes string) m {
			t.Helper()
			status, got := w.perspective("moderator a, read only", "analyze", "&site=a", fmt.Sprintf(
				`{"comment":{"text":%q},"requestedAttributes":%s,"dropUnsupportedAttributes":true}`, text, attributes))
			if status != http.StatusOK {
				t.Fatalf("analyze: %d %v", status, got)
			}
			return got
		}
		all := `{"TOXICITY":{},"SEVERE_TOXICITY_EXPERIMENTAL":null,"INSULT":{"scoreType":"PROBABILITY"},"SPAM":{},` +
			`"PROFANITY":{},"IDENTITY_ATTACK":{},"THREAT":{}}`
		bad, good := ask(rude, all), ask(kind, all)
		for _, a := range []string{"TOXICITY", "SEVERE_TOXICITY_EXPERIMENTAL", "INSULT"} {
			if valueOf(bad, a) <= valueOf(good, a) || valueOf(bad, a) < 0.5 || valueOf(bad, a) != valueOf(bad, "INSULT") {
				t.Errorf("%s of the rude text is %v, of the kind one %v", a, valueOf(bad, a), valueOf(good, a))
			}
		}
		if len(bad["attributeScores"].(map[string]any)) != 4 || valueOf(bad, "SPAM") < 0 {
			t.Errorf("attributes that the filter never learned have scores: %v", bad)
		}
		if got := fmt.Sprint(bad["attributeScores"].(map[string]any)["INSULT"].(map[string]any)["spanScores"]); !strings.HasPrefix(
			got, fmt.Sprintf("[map[begin:0 end:%d score:map[type:PROBABILITY value:0.", len(rude))) {
			t.Errorf("the span is %s", got)
		}
		if got := ask(kind, `{"INSULT":{"scoreThreshold":0.99}}`); valueOf(got, "INSULT") != -1 {
			t.Errorf("a score below the threshold: %v", got)
		}
		// Analyze stores nothing. Suggesting the same again adds nothing, another opinion replaces it.
		count := func() int {
			return len(w.as("owner a", "GET", "/api/v1/sites/a/moderation/log?limit=100", nil).list("entries"))
		}
		for _, s := range []struct {
			attribute string
			value     float64
			want      int
		}{
			{"PROFANITY_EXPERIMENTAL", 0.5, 31}, {"PROFANITY", 1, 31}, {"TOXICITY", 0.7, 32}, {"APPROVED", 1, 33}, {"INSULT", 0, 33},
			{"DELETED", 1, 33}, {"THREAT", 0.9, 33}, {"IDENTITY_ATTACK", 1, 34},
		} {
			status, got := w.perspective("moderator a", "suggestscore", "", suggestion("A text that they argue about", s.attribute, s.value))
			if n := count(); status != http.StatusOK || n != s.want {
				t.Errorf("%s %v: %d %v; the log has %d entries, want %d", s.attribute, s.value, status, got, n, s.want)
			}
		}
		if bad, err := w.service.VerifyLog(t.Context(), blog(t, w, "a")); bad != 0 || err != nil {
			t.Errorf("the log is broken at %d, %v", bad, err)
		}
	})
}

// The requests of public clients, as they send them.
func TestPerspective_AnswersPublicClients(t *testing.T) {
	t.Parallel()
	w := onSQLite(t)
	w.teachPerspective("INSULT", "IDENTITY_ATTACK", "PROFANITY")
	for _, tt := range []struct{ client, query, body, header, want string }{
		{"Coral 5+", "&site=a", `{"comment":{"text":"Hello there"},"doNotStore":true,"requestedAttributes":{"TOXICITY":{}},"languages":["en"]}`,
			"application/json", "TOXICITY"},
		{"Talk 4", "", `{"comment":{"text":"Hello there"},"languages":["en"],"doNotStore":"TRUE","requestedAttributes":` +
			`{"TOXICITY":{},"SEVERE_TOXICITY":{}}}`, "application/json", "SEVERE_TOXICITY TOXICITY"},
		{"perspective-api-client", "", `{"comment":{"text":"Hello there"},"requestedAttributes":{"TOXICITY":{},"INSULT":{}},` +
			`"doNotStore":true}`, "application/json;charset=utf-8", "INSULT TOXICITY"},
		{"googleapis discovery, Node", "", `{"comment":{"text":"Hello there"},"requestedAttributes":{"PROFANITY":{}}}`,
			"application/json", "PROFANITY"},
		{"googleapiclient discovery, Python", "&alt=json", `{"comment": {"text": "Hello there"}, "requestedAttributes": ` +
			`{"TOXICITY": {}, "IDENTITY_ATTACK": {"scoreThreshold": 0}}, "languages": ["en"], "spanAnnotations": false}`,
			"application/json", "IDENTITY_ATTACK TOXICITY"},
		{"perspective, Python", "", `{"comment": {"text": "Hello there", "type": "PLAIN_TEXT"}, "languages": ["en"], ` +
			`"requestedAttributes": {"TOXICITY": {"scoreType": "PROBABILITY", "scoreThreshold": 0}}, "doNotStore": true, ` +
			`"clientToken": "t1", "sessionId": "s1", "communityId": "c1", "context": {"entries": [{"text": "Before"}]}}`,
			"application/json", "TOXICITY"},
	} {
		status, got := w.perspective("moderator a", "analyze", tt.query, tt.body, "Content-Type", tt.header)
		scores, _ := got["attributeScores"].(map[string]any)
		if status != http.StatusOK || len(scores) != len(strings.Fields(tt.want)) ||
			fmt.Sprint(got["languages"], got["detectedLanguages"]) != "[en] [en]" {
			t.Errorf("%s: %d %v", tt.client, status, got)
		}
		for _, a := range strings.Fields(tt.want) {
			if v := valueOf(got, a); v < 0 || v > 1 {
				t.Errorf("%s: %s is %v in %v", tt.client, a, v, got)
			}
		}
	}
	// Coral sends a moderator's decision with the address of the comment.
	coral := `{"comment":{"text":"A fine comment"},"context":{"entries":[{"text":"{\"url\":\"https://news.example/1\"}"}]},` +
		`"attributeScores":{"APPROVED":{"summaryScore":{"value":1}}},"languages":["en"],"communityId":"Coral:https://news.example",` +
		`"clientToken":"comment:1"}`
	status, got := w.perspective("moderator a", "suggestscore", "&site=a", coral)
	if status != http.StatusOK || fmt.Sprint(got) != "map[clientToken:comment:1 requestedLanguages:[en]]" {
		t.Errorf("Coral's decision: %d %v", status, got)
	}
}

func TestPerspective_ErrorsHaveGooglesShape(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		analyze := func(rest string) string { return `{"comment":{"text":"Hello"},"languages":["en"],` + rest + `}` }
		toxicity := analyze(`"requestedAttributes":{"TOXICITY":{}}`)
		w.tokens["nobody"] = "aitys_no"
		for _, tt := range []struct {
			why, who, method, query, body string
			status                        int
			name, errorType, message      string
		}{
			{"a wrong key", "nobody", "analyze", "", toxicity, 401, "UNAUTHENTICATED", "", "API key not valid."},
			{"an author's key", "author a", "analyze", "", toxicity, 403, "PERMISSION_DENIED", "", "no moderator"},
			{"several sites", "root", "analyze", "", toxicity, 404, "NOT_FOUND", "", "site=KEY"},
			{"another's site", "moderator a", "analyze", "&site=b", toxicity, 404, "NOT_FOUND", "", "site=KEY"},
			{"a read-only key teaches", "moderator a, read only", "suggestscore", "", suggestion("Hi", "INSULT", 1), 403,
				"PERMISSION_DENIED", "", "read-only"},
			{"a read-only key says why not", "moderator a, read only", "suggestscore", "", suggestion("Hi", "DELETED", 1), 403,
				"PERMISSION_DENIED", "", "read-only"},
			{"a young filter", "moderator a", "analyze", "", toxicity, 400, "INVALID_ARGUMENT", "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
				"Attribute TOXICITY does not support request languages: en. The site's filter is too young: it needs 10 more " +
					"examples of abuse and 10 more good comments."},
			{"a young spam filter", "root", "analyze", "&site=a", analyze(`"requestedAttributes":{"SPAM":{}}`), 400,
				"INVALID_ARGUMENT", "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", "10 more examples of spam"},
			{"no such reason", "moderator a", "analyze", "", analyze(`"requestedAttributes":{"THREAT":{}}`), 400,
				"INVALID_ARGUMENT", "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE", "Attribute THREAT"},
			{"an unknown attribute", "moderator a", "analyze", "", analyze(`"dropUnsupportedAttributes":true,` +
				`"requestedAttributes":{"CHARM":{}}`), 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Unknown requested attribute: CHARM"},
			{"an unknown score type", "moderator a", "analyze", "", analyze(`"requestedAttributes":{"SPAM":{"scoreType":"RAW"}}`), 400,
				"INVALID_ARGUMENT", "INVALID_REQUEST", "score type RAW"},
			{"no attribute", "moderator a", "analyze", "", analyze(`"requestedAttributes":{}`), 400, "INVALID_ARGUMENT",
				"NO_REQUESTED_ATTRIBUTES", "Missing"},
			{"no text", "moderator a", "analyze", "", `{"requestedAttributes":{"SPAM":{}}}`, 400, "INVALID_ARGUMENT", "COMMENT_EMPTY",
				"non-empty"},
			{"HTML", "moderator a", "analyze", "", `{"comment":{"text":"<b>","type":"HTML"}}`, 400, "INVALID_ARGUMENT",
				"INVALID_REQUEST", "PLAIN_TEXT"},
			{"no JSON", "moderator a", "analyze", "", "comment=1", 400, "INVALID_ARGUMENT", "INVALID_REQUEST", "Invalid JSON"},
			{"2 MB", "moderator a", "analyze", "", strings.Repeat(" ", 2<<20), 400, "INVALID_ARGUMENT", "COMMENT_TOO_LONG", "1024 KiB"},
			{"no suggestion", "moderator a", "suggestscore", "", analyze(`"attributeScores":{}`), 400, "INVALID_ARGUMENT",
				"INVALID_REQUEST", "Missing"},
			{"a score of 2", "moderator a", "suggestscore", "", suggestion("Hi", "INSULT", 2), 400, "INVALID_ARGUMENT",
				"INVALID_REQUEST", "from 0 to 1"},
			{"an unknown suggestion", "moderator a", "suggestscore", "", suggestion("Hi", "CHARM", 1), 400, "INVALID_ARGUMENT",
				"INVALID_REQUEST", "Unknown attribute: CHARM"},
		} {
			status, got := w.perspective(tt.who, tt.method, tt.query, tt.body)
			e, _ := got["error"].(map[string]any)
			message, _ := e["message"].(string)
			details := fmt.Sprint(e["details"])
			if status != tt.status || e["code"] != float64(tt.status) || e["status"] != tt.name ||
				!strings.Contains(message, tt.message) || !strings.Contains(details, tt.errorType) {
				t.Errorf("%s: %d %v, want %d %s, %s", tt.why, status, got, tt.status, tt.name, tt.message)
			}
		}
		if n := w.as("owner a", "GET", "/api/v1/sites/a/moderation/log", nil).list("entries"); len(n) != 0 {
			t.Errorf("refused requests taught %v", n)
		}
		// A client may send the key as a header, and drop what the filter cannot score.
		status, got := w.perspective("", "analyze", "", analyze(`"dropUnsupportedAttributes":true,"requestedAttributes":{"TOXICITY":{}}`),
			"X-Goog-Api-Key", w.tokens["moderator a"])
		if scores, ok := got["attributeScores"].(map[string]any); status != http.StatusOK || !ok || len(scores) != 0 {
			t.Errorf("dropped: %d %v", status, got)
		}
	})
}
