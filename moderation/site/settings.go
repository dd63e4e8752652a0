package site

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// Policy says whose comments wait for a moderator.
type Policy string

// The policies; the zero value of Settings means PolicyAll.
const (
	PolicyAll        Policy = "all"
	PolicyNewWriters Policy = "new_writers"
	PolicySuspicious Policy = "suspicious"
	PolicyNone       Policy = "none"
)

// Policies are all there are, the strictest first.
var Policies = []Policy{PolicyAll, PolicyNewWriters, PolicySuspicious, PolicyNone}

// Known reports whether there is such a policy.
func (p Policy) Known() bool { return slices.Contains(Policies, p) }

// Who says what a reader has to say of themselves to write. Who is signed in has said it all.
type Who string

// What may be asked; the zero value of Settings means WhoAnyone.
const (
	WhoAnyone   Who = "anyone" // a text is enough
	WhoName     Who = "name"
	WhoEmail    Who = "email"    // and a name
	WhoVerified Who = "verified" // an address that a mailed code proved to be theirs, or to be signed in
	WhoAccount  Who = "account"  // to be signed in
)

// Whos are all there are, the easiest first.
var Whos = []Who{WhoAnyone, WhoName, WhoEmail, WhoVerified, WhoAccount}

// Asks returns who may write.
func (s Settings) Asks() Who {
	if s.Who == "" {
		return WhoAnyone
	}
	return s.Who
}

// Settings of a site, as they are kept. Rules holds the rules text by language ("en", "ru", "kk"), where
// the site has one of its own. Suspect is the score from which a comment is suspected (0.9).
// Shadow is a score that is only tried, beside Suspect; 0: none. EditMinutes is how long a
// writer may edit (15). GraceDays is how long what its writer removed is kept (30), KeepRefused for how many days what
// was refused is, KeepAddresses for how many days e-mails and hashes of addresses are; 0: without an end. Replies are
// texts that staff answer with, an empty line between. CloseAfter is for how many days a page takes comments; 0:
// without an end. Neighbours is whether what was refused as spam is published for other sites. Checker is the
// address of a service that is asked about comments, and CheckerEmail whether it is told e-mails. Mirrors are further
// addresses of the same comments, of the service or of copies that the site has signed.
type Settings struct {
	Moderation  Policy  `json:"moderation"`
	Suspect     float64 `json:"suspect"`
	Shadow      float64 `json:"shadow,omitempty"`
	EditMinutes int     `json:"edit_minutes"`
	GraceDays   int     `json:"grace_days,omitempty"`

	KeepRefused   int `json:"keep_refused_days,omitempty"`
	KeepAddresses int `json:"keep_address_days,omitempty"`

	Rules      map[string]string `json:"rules,omitempty"`
	SignInURL  string            `json:"signin_url,omitempty"`
	Replies    string            `json:"replies,omitempty"`
	Who        Who               `json:"who,omitempty"`
	NoVotes    bool              `json:"no_votes,omitempty"`
	CloseAfter int               `json:"close_after_days,omitempty"`
	Neighbours bool              `json:"neighbours,omitempty"`
	Mirrors    []string          `json:"mirrors,omitempty"`

	Checker      string `json:"checker,omitempty"`
	CheckerEmail bool   `json:"checker_email,omitempty"`
}

// Fields are all that is set of a site, by the names that commands, the API and the desk's form use.
// A new setting is a row here (with its place in Settings), in the specification, in words
// ("settings.NAME", with ".hint" if it needs one, and "settings.bad.NAME"), and in a test.
var Fields = []Field{
	{
		Name: "name", Kind: KindLine, Group: GroupSite, Needed: true, Max: maxSiteName,
		refusal: fmt.Sprintf("A site's name is one line of 1 to %d characters.", maxSiteName),
		get:     func(s Site) string { return s.Name },
		set: func(s *Site, v string) (ok bool) {
			s.Name, ok = text.Line(v, maxSiteName)
			return ok && s.Name != ""
		},
	},
	{
		Name: "origin", Kind: KindOrigins, Group: GroupSite, Needed: true,
		refusal: refusedOrigins,
		get:     func(s Site) string { return strings.Join(s.Origins, " ") },
		set:     setOrigins,
	},
	{
		Name: "moderation", Kind: KindPolicy, Group: GroupModeration,
		refusal: "Use " + problem.Among(Policies) + ".",
		get: func(s Site) string {
			if s.Settings.Moderation == "" {
				return string(PolicyAll)
			}
			return string(s.Settings.Moderation)
		},
		set: func(s *Site, v string) bool {
			s.Settings.Moderation = Policy(v)
			return Policy(v).Known()
		},
	},
	{
		Name: "suspect", Kind: KindScore, Group: GroupModeration,
		refusal: "The score from which a comment is suspected is between 0.5 and 1.",
		get:     func(s Site) string { return number(s.Settings.Threshold()) },
		set: func(s *Site, v string) (ok bool) {
			s.Settings.Suspect, ok = threshold(v)
			return ok
		},
	},
	{
		Name: "shadow", Kind: KindScore, Group: GroupModeration, Tried: true,
		refusal: "A score to try is between 0.5 and 1; nothing tries none.",
		get: func(s Site) string {
			if s.Settings.Shadow == 0 {
				return ""
			}
			return number(s.Settings.Shadow)
		},
		set: func(s *Site, v string) (ok bool) {
			if s.Settings.Shadow = 0; v == "" || v == "0" {
				return true
			}
			s.Settings.Shadow, ok = threshold(v)
			return ok
		},
	},
	{
		Name: "edit_minutes", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("Writers may edit for 0 to %d minutes.", maxEditMinutes),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.EditMinutes) },
		set: func(s *Site, v string) bool {
			minutes, err := strconv.Atoi(v)
			s.Settings.EditMinutes = minutes
			return err == nil && minutes >= 0 && minutes <= maxEditMinutes
		},
	},
	{
		Name: "grace_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("What its writer removed is kept for 1 to %d days.", maxGraceDays),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.Grace()) },
		set: func(s *Site, v string) bool {
			days, err := strconv.Atoi(v)
			s.Settings.GraceDays = days
			return err == nil && days >= 1 && days <= maxGraceDays
		},
	},
	{
		Name: "keep_refused_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("What was refused is kept for 1 to %d days, or with 0 without an end.", maxKeep),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.KeepRefused) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.KeepRefused, v, maxKeep) },
	},
	{
		Name: "keep_address_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("E-mails and hashes of addresses are kept for 1 to %d days, or with 0 without an end.", maxKeep),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.KeepAddresses) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.KeepAddresses, v, maxKeep) },
	},
	{
		Name: "close_after_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("Pages take comments for 1 to %d days, or with 0 without an end.", maxCloseAfter),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.CloseAfter) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.CloseAfter, v, maxCloseAfter) },
	},
	{
		Name: "reply_texts", Kind: KindTexts, Group: GroupReplies,
		refusal: fmt.Sprintf("There are at most %d ready replies of at most %d characters, an empty line between them.",
			maxReplies, maxReply),
		get: func(s Site) string { return s.Settings.Replies },
		set: func(s *Site, v string) bool {
			if !utf8.ValidString(v) {
				return false
			}
			s.Settings.Replies = text.Clean(v)
			texts := s.Settings.ReadyReplies()
			s.Settings.Replies = strings.Join(texts, "\n\n")
			return len(texts) <= maxReplies && !slices.ContainsFunc(texts, func(t string) bool {
				return utf8.RuneCountInString(t) > maxReply
			})
		},
	},
	{
		Name: "who", Kind: KindWho, Group: GroupSite,
		refusal: "Use " + problem.Among(Whos) + ".",
		get:     func(s Site) string { return string(s.Settings.Asks()) },
		set: func(s *Site, v string) bool {
			s.Settings.Who = Who(v)
			return slices.Contains(Whos, Who(v))
		},
	},
	{
		Name: "votes", Kind: KindSwitch, Group: GroupSite,
		refusal: "Votes are on or off.",
		get:     func(s Site) string { return onOff(!s.Settings.NoVotes) },
		set: func(s *Site, v string) bool {
			s.Settings.NoVotes = v == "off"
			return v == "on" || v == "off"
		},
	},
	{
		Name: "neighbours", Kind: KindSwitch, Group: GroupModeration,
		refusal: "The list for neighbours is on or off.",
		get:     func(s Site) string { return onOff(s.Settings.Neighbours) },
		set: func(s *Site, v string) bool {
			s.Settings.Neighbours = v == "on"
			return v == "on" || v == "off"
		},
	},
	{
		Name: "checker", Kind: KindURL, Group: GroupModeration,
		refusal: "The address of a checker starts with https:// or http://, without a password in it.",
		get:     func(s Site) string { return s.Settings.Checker },
		set: func(s *Site, v string) bool {
			s.Settings.Checker = v
			_, ok := text.ParseWeb(v)
			return v == "" || ok
		},
	},
	{
		Name: "checker_email", Kind: KindSwitch, Group: GroupModeration,
		refusal: "Whether a checker is told e-mails is on or off.",
		get:     func(s Site) string { return onOff(s.Settings.CheckerEmail) },
		set: func(s *Site, v string) bool {
			s.Settings.CheckerEmail = v == "on"
			return v == "on" || v == "off"
		},
	},
	{
		Name: "mirrors", Kind: KindLine, Group: GroupSite, Max: maxMirrors * maxMirror,
		refusal: fmt.Sprintf("Mirrors are at most %d addresses that start with https:// or http://, spaces between.",
			maxMirrors),
		get: func(s Site) string { return strings.Join(s.Settings.Mirrors, " ") },
		set: func(s *Site, v string) bool {
			s.Settings.Mirrors = strings.Fields(v) // anew: the old ones may be in the cache of sites
			return len(s.Settings.Mirrors) <= maxMirrors && !slices.ContainsFunc(s.Settings.Mirrors, func(at string) bool {
				_, ok := text.ParseWeb(at)
				return !ok || len(at) > maxMirror || strings.ContainsAny(at, "?#")
			})
		},
	},
	rulesField("en"), rulesField("ru"), rulesField("kk"),
	{
		Name: "signin_url", Kind: KindURL, Group: GroupSite,
		refusal: "The address of the sign-in page starts with http:// or https://.",
		get:     func(s Site) string { return s.Settings.SignInURL },
		set: func(s *Site, v string) bool {
			s.Settings.SignInURL = v
			_, ok := text.ParseWeb(v)
			return v == "" || ok
		},
	},
}

// What settings are held to.
const (
	maxSiteName    = 100 // characters
	maxOrigins     = 20
	maxRules       = 2_000 // characters
	maxEditMinutes = 24 * 60
	maxGraceDays   = 365
	maxCloseAfter  = 3_650
	maxKeep        = 3_650
	maxMirrors     = 5
	maxMirror      = 200 // characters
	maxReplies     = 20
	maxReply       = 1_000 // characters
)

var refusedOrigins = fmt.Sprintf("A site has 1 to %d origins: scheme://host[:port] with http or https, "+
	"without a path, like https://blog.example.", maxOrigins)

// DefaultSettings are what a new site has.
func DefaultSettings() Settings {
	return Settings{Moderation: PolicyAll, Suspect: 0.9, EditMinutes: 15, GraceDays: 30}
}

// CheckerName is what people are told that a site's checker is called; "": it has none.
func (s Settings) CheckerName() string {
	u, err := url.Parse(s.Checker)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Threshold is the score from which a comment is suspected.
func (s Settings) Threshold() float64 {
	if s.Suspect <= 0 {
		return DefaultSettings().Suspect
	}
	return s.Suspect
}

// Grace is for how many days a comment that its writer removed is kept.
func (s Settings) Grace() int {
	if s.GraceDays == 0 {
		return DefaultSettings().GraceDays
	}
	return s.GraceDays
}

var emptyLine = regexp.MustCompile(`\n\s*\n`)

// ReadyReplies are the texts that staff answer with.
func (s Settings) ReadyReplies() (texts []string) {
	for _, part := range emptyLine.Split(s.Replies, -1) {
		if part = strings.TrimSpace(part); part != "" {
			texts = append(texts, part)
		}
	}
	return texts
}

// IsThreshold reports whether comments may be suspected from a score on.
func IsThreshold(score float64) bool { return score >= 0.5 && score <= 1 }
