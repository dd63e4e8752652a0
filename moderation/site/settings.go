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

// Policy says which comments wait for a moderator.
type Policy string

// The policies; the zero value of Settings means PolicyAll.
const (
	PolicyAll        Policy = "all"
	PolicyNewWriters Policy = "new_writers"
	PolicySuspicious Policy = "suspicious"
	PolicyNone       Policy = "none"
)

// Policies lists all policies, the strictest first.
var Policies = []Policy{PolicyAll, PolicyNewWriters, PolicySuspicious, PolicyNone}

// Known reports whether p is one of Policies.
func (p Policy) Known() bool { return slices.Contains(Policies, p) }

// An IdentityPolicy says what commenters must provide. A signed-in commenter meets every policy.
type IdentityPolicy string

// The identity policies; the zero value of Settings means IdentityAnyone.
const (
	IdentityAnyone   IdentityPolicy = "anyone" // only a text
	IdentityName     IdentityPolicy = "name"
	IdentityEmail    IdentityPolicy = "email"    // e-mail address and name
	IdentityVerified IdentityPolicy = "verified" // an e-mail address confirmed by a mailed code, or a sign-in
	IdentityAccount  IdentityPolicy = "account"  // a sign-in
)

// IdentityPolicies lists all identity policies, the least strict first.
var IdentityPolicies = []IdentityPolicy{IdentityAnyone, IdentityName, IdentityEmail, IdentityVerified, IdentityAccount}

// RequiredIdentity returns what commenters must provide.
func (s Settings) RequiredIdentity() IdentityPolicy {
	if s.Identity == "" {
		return IdentityAnyone
	}
	return s.Identity
}

// Settings are the settings of a site as they are stored. These fields need an explanation; defaults are in
// parentheses:
//
// Rules holds the commenting rules by language ("en", "ru", "kk"), where the site has its own. Suspect is the score
// from which a comment is suspected (0.9). Shadow is a score that is only evaluated, never applied; 0 means none.
// EditMinutes is how long a commenter may edit (15). GraceDays is how long a comment withdrawn by its commenter is kept
// (30). KeepRefused is how many days a refused comment is kept, and KeepAddresses how many days e-mail addresses and
// address hashes are; 0 means forever. Replies holds reply texts for staff, separated by empty lines. CloseAfter is how
// many days a page takes comments; 0 means forever. Neighbours says whether spam decisions are published for other
// sites. Checker is the URL of an external spam checker, and CheckerEmail says whether it receives e-mail addresses.
// Mirrors lists more URLs of the same comments: of the service, or of static copies that the site has signed.
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
	Identity   IdentityPolicy    `json:"who,omitempty"`
	NoVotes    bool              `json:"no_votes,omitempty"`
	CloseAfter int               `json:"close_after_days,omitempty"`
	Neighbours bool              `json:"neighbours,omitempty"`
	Mirrors    []string          `json:"mirrors,omitempty"`

	Checker      string `json:"checker,omitempty"`
	CheckerEmail bool   `json:"checker_email,omitempty"`
}

// Fields lists the settings of a site, by the names that commands, the API and the settings page use. A new setting
// needs a row here, a field in Settings, a property in the API specification, sentences in package i18n
// ("settings.NAME", ".hint" if needed, and "settings.bad.NAME"), and a test.
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
		refusal: "The shadow score is between 0.5 and 1, or empty for none.",
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
		refusal: fmt.Sprintf("Withdrawn comments are kept for 1 to %d days.", maxGraceDays),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.Grace()) },
		set: func(s *Site, v string) bool {
			days, err := strconv.Atoi(v)
			s.Settings.GraceDays = days
			return err == nil && days >= 1 && days <= maxGraceDays
		},
	},
	{
		Name: "keep_refused_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("Refused comments are kept for 1 to %d days, or forever with 0.", maxKeep),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.KeepRefused) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.KeepRefused, v, maxKeep) },
	},
	{
		Name: "keep_address_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("E-mail addresses and address hashes are kept for 1 to %d days, or forever with 0.", maxKeep),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.KeepAddresses) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.KeepAddresses, v, maxKeep) },
	},
	{
		Name: "close_after_days", Kind: KindNumber, Group: GroupModeration,
		refusal: fmt.Sprintf("Pages take comments for 1 to %d days, or forever with 0.", maxCloseAfter),
		get:     func(s Site) string { return strconv.Itoa(s.Settings.CloseAfter) },
		set:     func(s *Site, v string) bool { return days(&s.Settings.CloseAfter, v, maxCloseAfter) },
	},
	{
		Name: "reply_texts", Kind: KindTexts, Group: GroupReplies,
		refusal: fmt.Sprintf("Use at most %d reply texts of at most %d characters, separated by empty lines.",
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
		Name: "who", Kind: KindIdentity, Group: GroupSite,
		refusal: "Use " + problem.Among(IdentityPolicies) + ".",
		get:     func(s Site) string { return string(s.Settings.RequiredIdentity()) },
		set: func(s *Site, v string) bool {
			s.Settings.Identity = IdentityPolicy(v)
			return slices.Contains(IdentityPolicies, IdentityPolicy(v))
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
		refusal: "The shared spam list is on or off.",
		get:     func(s Site) string { return onOff(s.Settings.Neighbours) },
		set: func(s *Site, v string) bool {
			s.Settings.Neighbours = v == "on"
			return v == "on" || v == "off"
		},
	},
	{
		Name: "checker", Kind: KindURL, Group: GroupModeration,
		refusal: "The checker needs an http or https URL without a password.",
		get:     func(s Site) string { return s.Settings.Checker },
		set: func(s *Site, v string) bool {
			s.Settings.Checker = v
			_, ok := text.ParseWebURL(v)
			return v == "" || ok
		},
	},
	{
		Name: "checker_email", Kind: KindSwitch, Group: GroupModeration,
		refusal: "Sending e-mail addresses to the checker is on or off.",
		get:     func(s Site) string { return onOff(s.Settings.CheckerEmail) },
		set: func(s *Site, v string) bool {
			s.Settings.CheckerEmail = v == "on"
			return v == "on" || v == "off"
		},
	},
	{
		Name: "mirrors", Kind: KindLine, Group: GroupSite, Max: maxMirrors * maxMirror,
		refusal: fmt.Sprintf("Use at most %d mirror addresses with http or https, separated by spaces.",
			maxMirrors),
		get: func(s Site) string { return strings.Join(s.Settings.Mirrors, " ") },
		set: func(s *Site, v string) bool {
			s.Settings.Mirrors = strings.Fields(v) // a new slice: the cache of sites may hold the old one
			return len(s.Settings.Mirrors) <= maxMirrors && !slices.ContainsFunc(s.Settings.Mirrors, func(at string) bool {
				_, ok := text.ParseWebURL(at)
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
			_, ok := text.ParseWebURL(v)
			return v == "" || ok
		},
	},
}

// Limits of settings.
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

// ReviewsAll reports whether a moderator reads every comment before it is published.
func (s Settings) ReviewsAll() bool { return s.Moderation == "" || s.Moderation == PolicyAll }

// DefaultSettings returns the settings of a new site.
func DefaultSettings() Settings {
	return Settings{Moderation: PolicyAll, Suspect: 0.9, EditMinutes: 15, GraceDays: 30}
}

// CheckerName returns the host name of the site's external checker, which people see as its name, or "" if the site has
// none.
func (s Settings) CheckerName() string {
	u, err := url.Parse(s.Checker)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// Threshold returns the score from which a comment is suspected.
func (s Settings) Threshold() float64 {
	if s.Suspect <= 0 {
		return DefaultSettings().Suspect
	}
	return s.Suspect
}

// Grace returns how many days a comment withdrawn by its commenter is kept.
func (s Settings) Grace() int {
	if s.GraceDays == 0 {
		return DefaultSettings().GraceDays
	}
	return s.GraceDays
}

var emptyLine = regexp.MustCompile(`\n\s*\n`)

// ReadyReplies returns the reply texts for staff.
func (s Settings) ReadyReplies() (texts []string) {
	for _, part := range emptyLine.Split(s.Replies, -1) {
		if part = strings.TrimSpace(part); part != "" {
			texts = append(texts, part)
		}
	}
	return texts
}

// IsThreshold reports whether score is valid as a threshold for suspected comments.
func IsThreshold(score float64) bool { return score >= 0.5 && score <= 1 }
