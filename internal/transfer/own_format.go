package transfer

import (
	"encoding/base64"
	"strconv"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
)

// An export of Aitys is JSONL: a header, lines that each begin with their type, and an end with a hash over these
// lines.
//
// Types named …Part mirror the fields of a domain type. The code converts between the two, so it does not compile if
// one has a field that the other lacks.
const (
	ownFormat  = "aitys"
	ownVersion = 1
)

// A header is the first line of an export.
type header struct {
	Format     string    `json:"format"`
	Version    int       `json:"version"`
	ExportedAt time.Time `json:"exported_at"`
	Site       string    `json:"site"`
}

// The types of lines.
const (
	lineSetting  = "setting"
	linePage     = "page"
	lineComment  = "comment"
	lineReport   = "report"
	lineAppeal   = "appeal"
	lineRule     = "rule"
	lineBlock    = "block"
	lineNote     = "note"
	lineTakedown = "takedown"
	lineDecision = "decision"
	lineLesson   = "lesson"
	lineAccount  = "account"
	lineEnd      = "end"
)

// A settingLine is the value of one of site.Fields.
type settingLine struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// An accountLine is the name of an account that acted in the site. It gives no rights.
type accountLine struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// An endLine is the last line: the number of lines between header and end, and their SHA-256.
type endLine struct {
	Type  string `json:"type"`
	Lines int    `json:"lines"`
	Sum   []byte `json:"sha256"`
}

type pageLine struct {
	Type string `json:"type"`
	pagePart
}

// A pagePart mirrors site.Page.
type pagePart struct {
	ID        string       `json:"id"`
	Site      int64        `json:"-"`
	URL       string       `json:"url"`
	Title     string       `json:"title,omitempty"`
	TitledBy  string       `json:"titled_by,omitempty"`
	Open      bool         `json:"open"`
	CreatedAt time.Time    `json:"created_at"`
	Withheld  *site.Notice `json:"withheld,omitempty"`
}

// A commentLine is a comment with its enumerations by name. It omits search text and other fields that an import
// derives from the text.
type commentLine struct {
	Type string `json:"type"`
	commentPart
	State   string      `json:"state"`
	Reason  string      `json:"reason,omitempty"`
	Writer  string      `json:"writer,omitempty"` // byEmail, or a hash
	Verdict verdictLine `json:"verdict"`
}

// byEmail replaces a writer's hash that follows from name, e-mail and the server's secret. An import computes it with
// its own secret.
const byEmail = "email"

// A commentPart mirrors comment.Comment.
type commentPart struct {
	ID        string        `json:"id"`
	Site      int64         `json:"-"`
	Page      string        `json:"page"`
	PageTitle string        `json:"page_title,omitempty"`
	Parent    string        `json:"parent,omitempty"`
	Depth     int           `json:"depth,omitempty"`
	Path      string        `json:"path"`
	State     comment.State `json:"-"`
	Version   int64         `json:"version"`

	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Website  string `json:"website,omitempty"`
	Account  string `json:"account,omitempty"`
	Badge    string `json:"badge,omitempty"`
	Verified bool   `json:"verified,omitempty"`
	Source   string `json:"source"`
	Lang     string `json:"lang"`

	Reason comment.Reason `json:"-"`
	Note   string         `json:"note,omitempty"`

	Writer      []byte `json:"-"`
	Address     []byte `json:"address,omitempty"`
	Same        []byte `json:"same,omitempty"`
	Submissions int    `json:"submissions"`

	Verdict  comment.Verdict `json:"-"`
	Standing uint64          `json:"standing,omitempty"`

	ShownReplies int       `json:"shown_replies,omitempty"`
	Shown        bool      `json:"shown,omitempty"`
	Votes        int       `json:"votes,omitempty"`
	Reports      int       `json:"reports,omitempty"`
	AppealedAt   time.Time `json:"appealed_at,omitzero"`

	Trap    bool   `json:"trap,omitempty"`
	FormAge int    `json:"form_age"`
	Search  string `json:"-"`

	CreatedAt time.Time `json:"created_at"`
	EditedAt  time.Time `json:"edited_at,omitzero"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	EditUntil time.Time `json:"edit_until,omitzero"`
	RemovedAt time.Time `json:"removed_at,omitzero"`

	RedactedAt  time.Time          `json:"redacted_at,omitzero"`
	RedactedWhy string             `json:"redacted_why,omitempty"`
	Kept        []comment.Revision `json:"kept,omitempty"`

	Withheld *site.Notice `json:"withheld,omitempty"`
}

type verdictLine struct {
	verdictPart
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
}

// A verdictPart mirrors comment.Verdict.
type verdictPart struct {
	Score    float64          `json:"score"`
	Action   comment.Action   `json:"-"`
	Reason   comment.Reason   `json:"-"`
	Signals  []comment.Signal `json:"signals,omitempty"`
	Spam     float64          `json:"spam"`
	Warm     bool             `json:"warm,omitempty"`
	ModelSeq uint64           `json:"model_seq,omitempty"`
}

// newCommentLine returns the line of a comment. own is the writer's hash by name and e-mail, or nil.
func newCommentLine(c comment.Comment, own []byte) commentLine {
	l := commentLine{Type: lineComment, commentPart: commentPart(c), State: c.State.String(), Reason: c.Reason.String(),
		Writer: base64.StdEncoding.EncodeToString(c.Writer)}
	l.Verdict = verdictLine{verdictPart(c.Verdict), c.Verdict.Action.String(), c.Verdict.Reason.String()}
	if c.Email != "" && string(c.Writer) == string(own) {
		l.Writer = byEmail
	}
	return l
}

// A reportLine is a report without its reporter.
type reportLine struct {
	Type string `json:"type"`
	reportPart
	Reason string `json:"reason"`
}

// A reportPart mirrors report.Report.
type reportPart struct {
	Site     int64          `json:"-"`
	Comment  string         `json:"comment"`
	ID       string         `json:"id"`
	Reporter []byte         `json:"-"`
	Reason   comment.Reason `json:"-"`
	Detail   string         `json:"detail,omitempty"`
	Settled  uint64         `json:"settled,omitempty"`
	At       time.Time      `json:"at"`
}

type appealLine struct {
	Type string `json:"type"`
	appealPart
}

// An appealPart mirrors report.Appeal.
type appealPart struct {
	Site    int64     `json:"-"`
	Comment string    `json:"comment"`
	Refusal uint64    `json:"refusal"`
	Text    string    `json:"text"`
	Settled uint64    `json:"settled,omitempty"`
	At      time.Time `json:"at"`
}

type ruleLine struct {
	Type string `json:"type"`
	rulePart
}

// A rulePart mirrors rules.Rule.
type rulePart struct {
	ID        string       `json:"id"`
	Site      int64        `json:"-"`
	Kind      rules.Kind   `json:"kind"`
	Words     string       `json:"words,omitempty"`
	Limit     int          `json:"limit,omitempty"`
	Action    rules.Action `json:"action"`
	Until     time.Time    `json:"until,omitzero"`
	By        string       `json:"by,omitempty"`
	CreatedAt time.Time    `json:"created_at"`
	RemovedAt time.Time    `json:"removed_at,omitzero"`
}

type blockLine struct {
	Type string `json:"type"`
	blockPart
}

// A blockPart mirrors rules.Block.
type blockPart struct {
	ID        string          `json:"id"`
	Site      int64           `json:"-"`
	Kind      rules.BlockKind `json:"kind"`
	Value     string          `json:"value,omitempty"` // "" means the writer of Comment
	Comment   string          `json:"comment,omitempty"`
	Trust     bool            `json:"trust,omitempty"`
	Until     time.Time       `json:"until,omitzero"`
	By        string          `json:"by,omitempty"`
	CreatedAt time.Time       `json:"created_at"`
	RemovedAt time.Time       `json:"removed_at,omitzero"`
}

type noteLine struct {
	Type string `json:"type"`
	notePart
}

// A notePart mirrors rules.Note.
type notePart struct {
	ID        string    `json:"id"`
	Site      int64     `json:"-"`
	Writer    []byte    `json:"writer,omitempty"` // absent: the writer of Comment
	Comment   string    `json:"comment"`
	Text      string    `json:"text"`
	By        string    `json:"by,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	RemovedAt time.Time `json:"removed_at,omitzero"`
}

// A takedownLine is a takedown with its comments. A takedown of a page has none.
type takedownLine struct {
	Type string `json:"type"`
	takedownPart
	Comments []string `json:"comments,omitempty"`
}

// A takedownPart mirrors the record of package takedown.
type takedownPart struct {
	Site int64  `json:"-"`
	ID   string `json:"id"`
	Seq  uint64 `json:"seq"`
	Page string `json:"page,omitempty"`

	By        string              `json:"by"`
	Kind      takedown.Kind       `json:"kind"`
	Law       string              `json:"law,omitempty"`
	Country   string              `json:"country,omitempty"`
	Reference string              `json:"reference,omitempty"`
	Public    takedown.Disclosure `json:"public"`
	Received  time.Time           `json:"received_at"`
	Until     time.Time           `json:"until,omitzero"`

	Count   int       `json:"count"`
	Salt    string    `json:"salt"`
	Account string    `json:"account,omitempty"`
	At      time.Time `json:"created_at"`

	Ended   time.Time `json:"ended_at,omitzero"`
	EndSeq  uint64    `json:"end_seq,omitempty"`
	EndedBy string    `json:"ended_by,omitempty"`
	Why     string    `json:"why,omitempty"`
}

// A decisionLine is an auditlog.Entry. Under is the site's identifier in the entry's hash. In old entries it is a
// number.
type decisionLine struct {
	Type string `json:"type"`
	Kind string `json:"kind"`
	decisionPart
	*rulingLine
	*teachingPart
	Hash []byte `json:"hash"`
}

// A decisionPart mirrors auditlog.Entry.
type decisionPart struct {
	Kind              auditlog.Kind `json:"-"`
	Seq               uint64        `json:"seq"`
	Site              int64         `json:"-"`
	Batch             string        `json:"batch"`
	By                string        `json:"by,omitempty"`
	At                time.Time     `json:"at"`
	Undoes            uint64        `json:"undoes,omitempty"`
	Undone            bool          `json:"-"`
	Salt              []byte        `json:"salt,omitempty"`
	Proof             []byte        `json:"proof,omitempty"`
	Under             string        `json:"under"`
	Lesson            []byte        `json:"lesson,omitempty"`
	Hash              []byte        `json:"-"`
	auditlog.Ruling   `json:"-"`
	auditlog.Teaching `json:"-"`
}

// A rulingLine is the ruling of an entry with its enumerations by name.
type rulingLine struct {
	rulingPart
	Action    string `json:"action"`
	Reason    string `json:"reason,omitempty"`
	From      string `json:"from"`
	To        string `json:"to"`
	Suggested string `json:"suggested"`
}

// A rulingPart mirrors auditlog.Ruling.
type rulingPart struct {
	Comment  string         `json:"comment"`
	Version  int64          `json:"version"`
	Action   comment.Action `json:"-"`
	Reason   comment.Reason `json:"-"`
	Note     string         `json:"note,omitempty"`
	From     comment.State  `json:"-"`
	To       comment.State  `json:"-"`
	Before   uint64         `json:"before,omitempty"`
	Restores uint64         `json:"restores,omitempty"`

	Score     float64        `json:"score"`
	Suggested comment.Action `json:"-"`
	Spam      float64        `json:"spam,omitempty"`
	Warm      bool           `json:"warm,omitempty"`
	ModelSeq  uint64         `json:"model_seq,omitempty"`
}

// A teachingPart mirrors auditlog.Teaching.
type teachingPart struct {
	Subject string `json:"subject,omitempty"`
	Lessons int    `json:"lessons,omitempty"`
	Lowest  uint64 `json:"lowest,omitempty"`
}

// newDecisionLine returns the line of an entry.
func newDecisionLine(d auditlog.Entry) decisionLine {
	if d.Under == "" {
		d.Under = strconv.FormatInt(d.Site, 10)
	}
	l := decisionLine{Type: lineDecision, Kind: d.Kind.String(), decisionPart: decisionPart(d), Hash: d.Hash}
	if t := teachingPart(d.Teaching); t != (teachingPart{}) {
		l.teachingPart = &t
	}
	if d.Ruling != (auditlog.Ruling{}) { // also for another program's text: it identifies the content
		l.rulingLine = &rulingLine{rulingPart(d.Ruling), d.Action.String(), d.Reason.String(), d.From.String(),
			d.To.String(), d.Suggested.String()}
	}
	return l
}

// A lessonLine is an auditlog.Lesson. Fallen marks a lesson whose decision was undone.
type lessonLine struct {
	Type      string `json:"type"`
	Seq       uint64 `json:"seq"`
	Part      int    `json:"part,omitempty"`
	Of        string `json:"comment,omitempty"`
	Label     string `json:"label"`
	Text      string `json:"text,omitempty"`
	Author    string `json:"author,omitempty"`
	Email     string `json:"email,omitempty"`
	URL       string `json:"url,omitempty"`
	Salt      []byte `json:"salt,omitempty"`
	Proof     []byte `json:"proof,omitempty"`
	Fallen    bool   `json:"fallen,omitempty"`
	Withdrawn uint64 `json:"withdrawn,omitempty"`
}

func newLessonLine(l auditlog.Lesson) lessonLine {
	return lessonLine{
		Type:      lineLesson,
		Seq:       l.Seq,
		Part:      l.Part,
		Of:        l.Of,
		Label:     l.Label.String(),
		Text:      l.Comment.Text,
		Author:    l.Comment.Author,
		Email:     l.Comment.Email,
		URL:       l.Comment.URL,
		Salt:      l.Salt,
		Proof:     l.Proof,
		Fallen:    l.Fallen,
		Withdrawn: l.Withdrawn,
	}
}

func newReportLine(r report.Report) reportLine {
	return reportLine{lineReport, reportPart(r), r.Reason.String()}
}

func newPageLine(p site.Page) pageLine { return pageLine{linePage, pagePart(p)} }
