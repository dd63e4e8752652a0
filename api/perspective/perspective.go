// Package perspective answers in the shape of Google's Perspective API (commentanalyzer v1alpha1), so that programs such
// as Coral get their scores from the models of a site. Requests and responses are JSON. Unlike the service's own API it
// ignores unknown fields, because clients send fields that do not concern it.
//
// The key is an API token of an account, in the query parameter key. Package spamcheck scores comments and learns. Its
// invariants:
//
//   - Every error has the shape of Google's errors.
//   - An attribute that the models do not know well enough has no score. The client gets Perspective's error for an
//     unsupported attribute. With dropUnsupportedAttributes it gets the other scores.
//   - Analyze stores nothing, whatever doNotStore says.
package perspective

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamcheck"
)

// maxBody is the maximum size of a request in bytes.
const maxBody = 1 << 20

// handler handles the methods of the API.
type handler struct {
	kit *web.Kit
	Services
}

// Services are the services that the handlers call.
type Services struct {
	Identity   *identity.Service
	SpamChecks *spamcheck.Service
}

// Routes adds the routes of the API to e.
func (s Services) Routes(e *echo.Echo, kit *web.Kit) {
	d := &handler{kit, s}
	e.POST(`/v1alpha1/comments\:analyze`, d.withComment(d.analyze))
	e.POST(`/v1alpha1/comments\:suggestscore`, d.withComment(d.suggest))
}

// A request is the body of both methods.
type request struct {
	Comment                   struct{ Text, Type string }
	RequestedAttributes       map[string]parameters     // analyze
	AttributeScores           map[string]attributeScore // suggestscore
	Languages                 []string
	DropUnsupportedAttributes bool
	ClientToken               string
}

// parameters configure a requested attribute. Scores below ScoreThreshold are left out.
type parameters struct {
	ScoreType      string
	ScoreThreshold float64
}

type score struct {
	Value *float64 `json:"value"`
	Type  string   `json:"type"`
}

type spanScore struct {
	Begin int   `json:"begin"`
	End   int   `json:"end"`
	Score score `json:"score"`
}

type attributeScore struct {
	SpanScores   []spanScore `json:"spanScores"`
	SummaryScore score       `json:"summaryScore"`
}

type analyzed struct {
	AttributeScores   map[string]attributeScore `json:"attributeScores"`
	Languages         []string                  `json:"languages"`
	DetectedLanguages []string                  `json:"detectedLanguages"`
	ClientToken       string                    `json:"clientToken,omitempty"`
}

type suggested struct {
	RequestedLanguages []string `json:"requestedLanguages"`
	ClientToken        string   `json:"clientToken,omitempty"`
}

// probability is the only score type.
const probability = "PROBABILITY"

// attributes maps the attributes that are labels of a model.
var attributes = map[string]classifier.Label{
	"INSULT": classifier.PersonalAttack, "IDENTITY_ATTACK": classifier.HateSpeech, "PROFANITY": classifier.Obscenity,
	"SPAM": classifier.Spam,
}

// abusive lists the attributes that mean abuse of any kind.
var abusive = []string{"TOXICITY", "SEVERE_TOXICITY"}

// foreign lists attributes of Perspective that no model corresponds to.
var foreign = []string{"THREAT", "SEXUALLY_EXPLICIT", "FLIRTATION", "ATTACK_ON_AUTHOR", "ATTACK_ON_COMMENTER",
	"INCOHERENT", "INFLAMMATORY", "LIKELY_TO_REJECT", "OBSCENE", "UNSUBSTANTIAL"}

// Coral suggests these as attributes, with the score 1, when a moderator decides.
const approved, deleted = "APPROVED", "DELETED"

// baseName returns an attribute's name without the suffix of experimental attributes.
func baseName(name string) string { return strings.TrimSuffix(name, "_EXPERIMENTAL") }

// A refusal is an error in a request. Type is one of Perspective's error types. Attribute is set with
// languageNotSupported.
type refusal struct {
	Type, Message, Attribute string
	Languages                []string
}

func (r *refusal) Error() string { return r.Message }

const (
	invalidRequest       = "INVALID_REQUEST"
	languageNotSupported = "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE"
)

func invalid(format string, args ...any) error {
	return &refusal{Type: invalidRequest, Message: fmt.Sprintf(format, args...)}
}

// statuses maps HTTP statuses to Google's names. Errors with another status are sent as 400 below 500, else as 503.
var statuses = map[int]string{
	http.StatusBadRequest: "INVALID_ARGUMENT", http.StatusUnauthorized: "UNAUTHENTICATED",
	http.StatusForbidden: "PERMISSION_DENIED", http.StatusNotFound: "NOT_FOUND",
	http.StatusInternalServerError: "INTERNAL", http.StatusServiceUnavailable: "UNAVAILABLE",
}

// respond answers with out as JSON.
func respond(c echo.Context, status int, out any) error {
	web.NoStore(c)
	return c.JSON(status, out)
}

// respondError answers with err in the shape of Google's errors.
func (d *handler) respondError(c echo.Context, err error) error {
	type languages struct {
		Attribute         string   `json:"attribute"`
		DetectedLanguages []string `json:"detectedLanguages"`
	}
	type detail struct {
		Type      string     `json:"@type"`
		ErrorType string     `json:"errorType"`
		Languages *languages `json:"languageNotSupportedByAttributeError,omitempty"`
	}
	out := struct {
		Code    int      `json:"code"`
		Message string   `json:"message"`
		Status  string   `json:"status"`
		Details []detail `json:"details,omitempty"`
	}{Code: http.StatusBadRequest}
	if r, ok := errors.AsType[*refusal](err); ok {
		out.Message = r.Message
		out.Details = []detail{{Type: "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", ErrorType: r.Type}}
		if r.Attribute != "" {
			out.Details[0].Languages = &languages{r.Attribute, r.Languages}
		}
	} else {
		p := web.ProblemOf(err)
		out.Message = p.Detail
		switch {
		case statuses[p.Status] != "":
			out.Code = p.Status
		case p.Status >= http.StatusInternalServerError:
			out.Code = http.StatusServiceUnavailable
		}
		web.ProblemHeaders(c, p)
		if p.Status >= http.StatusInternalServerError && !web.ClientGone(err) {
			d.kit.Log.WarnContext(c.Request().Context(), "perspective: score a comment", "code", p.Code, "cause", err)
		}
	}
	out.Status = statuses[out.Code]
	return respond(c, out.Code, map[string]any{"error": out})
}

// withComment returns a handler for a method about a comment. It checks the key, reads the body and finds the site.
func (d *handler) withComment(do func(echo.Context, authz.Actor, site.Site, request) error) echo.HandlerFunc {
	return func(c echo.Context) error {
		who, site, err := d.authenticate(c)
		if err != nil {
			return d.respondError(c, keyError(err))
		}
		in, err := read(c)
		if err == nil {
			err = keyError(do(c, who, site, in))
		}
		if err != nil {
			return d.respondError(c, err)
		}
		return nil
	}
}

// authenticate returns the actor of the key, and the site that the query parameter site names, or else the key's only
// site.
func (d *handler) authenticate(c echo.Context) (authz.Actor, site.Site, error) {
	ctx, key := c.Request().Context(), c.QueryParam("key")
	if key == "" {
		key = c.Request().Header.Get("X-Goog-Api-Key")
	}
	who, err := d.Identity.ActorByToken(ctx, key)
	if err != nil {
		return authz.Actor{}, site.Site{}, err
	}
	site, err := d.SpamChecks.SiteForScore(ctx, who, c.QueryParam("site"))
	return who, site, err
}

// keyError replaces the detail of an error about authentication or rights by one that speaks of the key.
func keyError(err error) error {
	e, ok := errors.AsType[*problem.Error](err)
	switch {
	case !ok:
		return err
	case e.Kind == problem.Unauthenticated:
		return problem.Unproven(e.Code, "API key not valid. The parameter key must be a token of an account.")
	case e.Kind == problem.NotFound:
		return problem.Missing(e.Code, "The key does not select a site. If it has several, add the parameter site=KEY.")
	case e.Kind == problem.Forbidden:
		return problem.Denied(e.Code, "The account of this key is no moderator of the site, or the key is read-only.")
	}
	return err
}

// read reads the body. It ignores the media type.
func read(c echo.Context) (in request, err error) {
	raw, err := io.ReadAll(http.MaxBytesReader(c.Response(), c.Request().Body, maxBody))
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return in, &refusal{Type: "COMMENT_TOO_LONG", Message: "Comment text too long. A request may have 1024 KiB."}
	}
	if err != nil || json.Unmarshal(raw, &in) != nil {
		return in, invalid("Invalid JSON payload received.")
	}
	switch in.Comment.Type {
	case "", "PLAIN_TEXT", "TEXT_TYPE_UNSPECIFIED":
	default:
		return in, invalid("Currently, only 'PLAIN_TEXT' comments are supported.")
	}
	if strings.TrimSpace(in.Comment.Text) == "" {
		return in, &refusal{Type: "COMMENT_EMPTY", Message: "Comment must be non-empty."}
	}
	return in, nil
}

// analyze handles comments:analyze.
func (d *handler) analyze(c echo.Context, who authz.Actor, site site.Site, in request) error {
	if len(in.RequestedAttributes) == 0 {
		return &refusal{Type: "NO_REQUESTED_ATTRIBUTES", Message: "Missing requested_attributes"}
	}
	scores, err := d.SpamChecks.Score(c.Request().Context(), who, site, spamcheck.Request{Body: in.Comment.Text})
	if err != nil {
		return err
	}
	detected := []string{scores.Language}
	if len(in.Languages) == 0 {
		in.Languages = detected
	}
	out := analyzed{AttributeScores: map[string]attributeScore{}, Languages: in.Languages, DetectedLanguages: detected,
		ClientToken: in.ClientToken}
	for _, name := range slices.Sorted(maps.Keys(in.RequestedAttributes)) {
		with := in.RequestedAttributes[name]
		if t := with.ScoreType; t != "" && t != probability && t != "SCORE_TYPE_UNSPECIFIED" {
			return invalid("Requested score type %s is not supported by attribute %s", t, name)
		}
		got, why, err := attribute(name, scores)
		switch {
		case err != nil:
			return err
		case why != "" && in.DropUnsupportedAttributes:
			continue
		case why != "":
			return &refusal{Type: languageNotSupported, Attribute: name, Languages: detected, Message: fmt.Sprintf(
				"Attribute %s does not support request languages: %s. %s", name, strings.Join(in.Languages, ", "), why)}
		case got >= with.ScoreThreshold:
			one := score{&got, probability}
			out.AttributeScores[name] = attributeScore{[]spanScore{{0, scores.Length, one}}, one}
		}
	}
	return respond(c, http.StatusOK, out)
}

// attribute returns the score of an attribute, or why it has none. It returns an error for a name that Perspective does
// not have.
func attribute(name string, scores spamcheck.Scores) (value float64, why string, err error) {
	base := baseName(name)
	label, ok := attributes[base]
	one, learned := scores.Labels[label], strings.ReplaceAll(label.String(), "_", " ")
	switch {
	case slices.Contains(abusive, base):
		one, learned = scores.Abuse, "abuse"
	case slices.Contains(foreign, base):
		return 0, "The filter has no such reason.", nil
	case !ok:
		return 0, "", invalid("Unknown requested attribute: %s", name)
	}
	if !one.Known() {
		return 0, fmt.Sprintf("The site's filter is too young: it needs %d more examples of %s and %d more good comments.",
			one.MoreLabel, learned, one.MoreHam), nil
	}
	return one.Probability, "", nil
}

// suggest handles comments:suggestscore, which teaches the client's opinion.
func (d *handler) suggest(c echo.Context, who authz.Actor, site site.Site, in request) error {
	opinion, err := parseOpinion(in.AttributeScores)
	if err != nil {
		return err
	}
	comment := spamcheck.Request{Body: in.Comment.Text}
	if err := d.SpamChecks.TeachOpinion(c.Request().Context(), who, site, comment, opinion); err != nil {
		return err
	}
	return respond(c, http.StatusOK, suggested{web.List(in.Languages), in.ClientToken})
}

// parseOpinion reads suggested scores. Coral's APPROVED is the opinion that nothing speaks against the comment. Its
// DELETED does not say why.
func parseOpinion(suggested map[string]attributeScore) (spamcheck.Opinion, error) {
	o := spamcheck.Opinion{Labels: map[classifier.Label]float64{}}
	if len(suggested) == 0 {
		return o, invalid("Missing attribute_scores")
	}
	for _, name := range slices.Sorted(maps.Keys(suggested)) {
		v := suggested[name].SummaryScore.Value
		if v == nil || *v < 0 || *v > 1 {
			return o, invalid("The summary score of attribute %s must be from 0 to 1", name)
		}
		base := baseName(name)
		label, ok := attributes[base]
		switch {
		case ok:
			o.Labels[label] = max(o.Labels[label], *v)
		case slices.Contains(abusive, base):
			o.Abuse = max(o.Abuse, *v)
		case name == approved:
			o.Other = max(o.Other, 1-*v)
		case name == deleted || slices.Contains(foreign, base):
			o.Other = max(o.Other, *v)
		default:
			return o, invalid("Unknown attribute: %s", name)
		}
	}
	return o, nil
}
