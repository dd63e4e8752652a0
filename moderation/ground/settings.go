package ground

import (
	"fmt"
	"maps"
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

// A Kind is what the text of a setting stands for.
type Kind string

// The kinds.
const (
	KindLine    Kind = "line"    // one line
	KindURL     Kind = "url"     // the address of a page
	KindText    Kind = "text"    // lines in a language
	KindTexts   Kind = "texts"   // texts, an empty line between
	KindOrigins Kind = "origins" // addresses, spaces or commas between
	KindPolicy  Kind = "policy"  // one of Policies
	KindNumber  Kind = "number"  // a whole one
	KindScore   Kind = "score"   // a number with a fraction
	KindSwitch  Kind = "switch"  // on or off
	KindWho     Kind = "who"     // one of Whos
)

// Numeric reports whether it is a number.
func (k Kind) Numeric() bool { return k == KindNumber || k == KindScore }

// A Group is what a setting stands together with.
type Group string

// The groups.
const (
	GroupSite       Group = "site"
	GroupModeration Group = "moderation"
	GroupRules      Group = "rules"
	GroupReplies    Group = "replies"
)

// A Field is one thing that is set of a site, as text.
type Field struct {
	Name   string
	Kind   Kind
	Group  Group
	Needed bool   // a site has no default of it
	Tried  bool   // it decides nothing: what it would do can be looked at
	Max    int    // characters of a KindLine
	Lang   string // of a KindText: the language it is for; while it is empty, words has one

	refusal string
	get     func(Site) string
	set     func(*Site, string) bool // reports whether the text is one that may stand there
}

// Of returns a site's own setting as text; "" where it has none.
func (f Field) Of(site Site) string { return f.get(site) }

// Change sets settings of a site, by their names. Where one is refused, or is none, the site is of no
// use any more.
func (site *Site) Change(settings map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		i := slices.IndexFunc(Fields, func(f Field) bool { return f.Name == name })
		if i < 0 {
			return problem.Wrong("field.unknown", "/"+name, "A site has no such setting.")
		}
		if f := Fields[i]; !f.set(site, settings[name]) {
			return problem.Field("/"+name, f.refusal)
		}
	}
	return nil
}

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

func threshold(v string) (float64, bool) {
	score, err := strconv.ParseFloat(v, 64)
	return score, err == nil && IsThreshold(score)
}

// days sets a number of days, from 0 on.
func days(of *int, v string, most int) bool {
	n, err := strconv.Atoi(v)
	*of = n
	return err == nil && n >= 0 && n <= most
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

func setOrigins(s *Site, v string) bool {
	return s.allow(strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }))
}

// allow sets the site's origins.
func (site *Site) allow(origins []string) bool {
	if len(origins) == 0 || len(origins) > maxOrigins {
		return false
	}
	site.Origins = make([]string, len(origins)) // anew: the old one may be in the cache of sites
	for i, o := range origins {
		var ok bool
		if site.Origins[i], ok = text.Origin(o); !ok {
			return false
		}
	}
	return true
}

// Allow adds an origin to the site's, unless it is one of them.
func (site *Site) Allow(origin string) error {
	kept, ok := text.Origin(origin)
	if ok && slices.Contains(site.Origins, kept) {
		return nil
	}
	if !ok || !site.allow(append(slices.Clone(site.Origins), kept)) {
		return problem.Field("/origin", refusedOrigins)
	}
	return nil
}

// rulesField is the rules text in one language.
func rulesField(lang string) Field {
	return Field{
		Name: "rules_" + lang, Kind: KindText, Group: GroupRules, Lang: lang,
		refusal: fmt.Sprintf("The rules are text of at most %d characters.", maxRules),
		get:     func(s Site) string { return s.Settings.Rules[lang] },
		set: func(s *Site, own string) bool {
			if !utf8.ValidString(own) || utf8.RuneCountInString(own) > maxRules {
				return false
			}
			rules := maps.Clone(s.Settings.Rules) // the map may be in the cache of sites
			if rules == nil {
				rules = map[string]string{}
			}
			if rules[lang] = text.Clean(own); rules[lang] == "" {
				delete(rules, lang)
			}
			s.Settings.Rules = rules
			return true
		},
	}
}
