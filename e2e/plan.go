package e2e

import (
	"slices"
	"strings"
)

// A Plan says how a house has to stand: what a Tree is held against.
type Plan struct {
	Module string // path of the module

	// Arrows say which rooms a room may import. A room of the product that is not here may not exist.
	Arrows map[string][]string
	// Wide are the rooms that may import every room below Domain.
	Wide   []string
	Domain string
	// Homes say in which rooms an outside library may be imported, or in which file.
	Homes map[string][]string
	// Problem is the room that makes refusals, of its type Error.
	Problem string

	Words  string   // the package of sentences
	Spoken []string // packages and files that may contain other languages
	Store  string   // the room of the tables
	Made   []string // generated files
}

// House is the plan of this module, as docs/ARCHITECTURE.md draws it.
var House = Plan{
	Module: "github.com/aitys/aitys",
	Arrows: map[string][]string{
		"classifier":         {"classifier/address", "classifier/table"},
		"classifier/address": nil,
		"classifier/table":   nil,
		"moderation/text":    nil,
		"moderation/markup":  {"classifier/address"},
		"moderation/secret":  nil,
		"moderation/problem": nil,
		"moderation/people":  {"moderation/problem"},
		"moderation/ground":  {"moderation/people", "moderation/problem", "moderation/secret", "moderation/text"},
		"moderation/comment": {
			"moderation/ground", "moderation/markup", "moderation/problem", "moderation/text", "classifier",
		},
		"moderation/ledger": {
			"moderation/comment", "moderation/ground", "moderation/people", "moderation/problem", "classifier",
		},
		"moderation/rules": {
			"moderation/comment", "moderation/ground", "moderation/markup", "moderation/people", "moderation/problem",
			"moderation/text", "classifier",
		},
		"moderation/campaign": {
			"moderation/comment", "moderation/ground", "moderation/people", "moderation/problem", "classifier",
		},
		"moderation/reaction": {
			"moderation/comment", "moderation/ground", "moderation/problem", "moderation/secret", "moderation/text",
		},
		"moderation/complaint": {
			"moderation/comment", "moderation/ground", "moderation/problem", "moderation/secret", "moderation/text",
		},
		"moderation/mailbox": {"moderation/problem", "moderation/secret", "moderation/text"},
		"moderation/subscription": {
			"moderation/comment", "moderation/ground", "moderation/mailbox", "moderation/problem", "moderation/secret",
			"moderation/text",
		},
		"moderation/privacy": {
			"moderation/comment", "moderation/complaint", "moderation/ground", "moderation/learning", "moderation/ledger",
			"moderation/mailbox", "moderation/people", "moderation/problem", "moderation/secret",
			"moderation/subscription", "moderation/text",
		},
		"moderation/guest": {
			"moderation/comment", "moderation/ground", "moderation/mailbox", "moderation/people", "moderation/problem",
			"moderation/secret", "moderation/text",
		},
		"moderation/neighbour": {
			"moderation/campaign", "moderation/comment", "moderation/ground", "moderation/ledger", "moderation/markup",
			"moderation/people", "moderation/problem", "moderation/signet", "moderation/text", "classifier",
		},
		"moderation/checker": {
			"moderation/comment", "moderation/ground", "moderation/people", "moderation/problem", "moderation/secret",
			"moderation/text",
		},
		"moderation/register": {
			"moderation/comment", "moderation/ground", "moderation/ledger", "moderation/people", "moderation/problem",
			"moderation/text",
		},
		"moderation/signet":    {"moderation/ground", "moderation/people", "moderation/secret"},
		"moderation/hindsight": {"moderation/comment", "moderation/ledger", "classifier"},
		"moderation/sites": {
			"moderation/comment", "moderation/ground", "moderation/hindsight", "moderation/people", "moderation/problem",
			"moderation/text",
		},
		"moderation/inquiry": {
			"moderation/campaign", "moderation/comment", "moderation/ground", "moderation/ledger", "moderation/people",
			"moderation/secret", "moderation/text", "classifier",
		},
		"moderation/identity/password": {"moderation/problem"},
		"moderation/identity": {
			"moderation/identity/password", "moderation/ground", "moderation/people", "moderation/problem",
			"moderation/secret", "moderation/text",
		},
		"moderation/learning/fold": {"moderation/ledger", "classifier"},
		"moderation/learning": {
			"moderation/learning/fold", "moderation/hindsight", "moderation/ledger", "moderation/comment",
			"moderation/ground", "moderation/people", "moderation/problem", "moderation/secret", "moderation/text",
			"classifier",
		},
		"moderation": {
			"moderation/campaign", "moderation/complaint", "moderation/hindsight", "moderation/ledger", "moderation/comment",
			"moderation/rules", "moderation/ground",
			"moderation/people", "moderation/problem", "moderation/secret", "moderation/markup", "moderation/text",
			"classifier",
		},
		"notify": {
			"moderation/checker", "moderation/comment", "moderation/complaint", "moderation/ground", "moderation/identity",
			"moderation/ledger",
			"moderation/mailbox", "moderation/people", "moderation/problem", "moderation/register", "moderation/secret",
			"moderation/subscription", "moderation/text", "words",
		},
		"transfer/dump": {"moderation/comment", "moderation/markup", "classifier/address"},
		"transfer": {
			"transfer/dump", "moderation/comment", "moderation/complaint", "moderation/ground", "moderation/ledger",
			"moderation/people", "moderation/problem", "moderation/register", "moderation/rules", "moderation/secret",
			"moderation/text", "classifier",
		},
		"transfer/static": {
			"moderation/comment", "moderation/ground", "moderation/people", "moderation/problem", "moderation/register",
			"store/file", "words",
		},
		"migrations": nil,
		"store": {
			"store/file", "store/server", "store/position", "store/rows", "store/crowd", "store/outbox", "store/register",
			"store/mirror", "store/neighbour", "moderation", "notify",
			"transfer", "transfer/static", "classifier", "migrations",
		},
		"store/file":      {"store/rows", "migrations", "moderation/ground"},
		"store/server":    {"store/rows", "migrations", "moderation/ground"},
		"store/position":  {"moderation/ground"},
		"store/rows":      {"moderation/ground"},
		"store/mirror":    nil,
		"store/crowd":     {"store/rows"},
		"store/neighbour": {"store/rows"},
		"store/outbox":    {"store/rows", "notify"},
		"store/register":  {"store/rows"},
		"coord":           {"moderation/ground", "moderation/secret"},
		"widget":          nil,
		"api/web":         {"moderation", "notify", "words"},
		"words":           nil,
		"api":             {"api/live", "api/web", "moderation", "notify", "classifier", "widget", "words"},
		"api/live":        {"api/web", "moderation"},
		"api/desk":        {"api/web", "moderation", "classifier", "words"},
		"api/desk/owner":  {"api/desk", "api/web", "moderation", "notify", "words"},
		"api/reader":      {"api/web", "moderation", "words"},
		"api/akismet":     {"api/web", "moderation", "classifier"},
		"api/register":    {"api/web", "moderation"},
		"api/manage":      {"api/web", "moderation", "notify", "words"},
		"api/neighbour":   {"api/web", "moderation"},
		"internal/app": {
			"api", "api/web", "api/desk", "api/desk/owner", "api/reader", "api/akismet", "api/manage",
			"api/neighbour", "api/register",
			"store/file", "coord", "moderation", "notify", "transfer", "transfer/static", "widget", "words",
		},
		"cmd/aitys/demo":    {"moderation", "internal/app"},
		"cmd/aitys/stdio":   {"classifier", "store/file"},
		"cmd/aitys/flags":   {"coord", "moderation/text"},
		"cmd/aitys/figures": {"moderation/hindsight", "moderation/learning", "moderation/ledger"},
		"cmd/aitys": {
			"cmd/aitys/demo", "cmd/aitys/figures", "cmd/aitys/flags", "cmd/aitys/stdio", "words",
			"api", "api/web", "internal/app",
			"store", "store/file", "coord", "moderation", "notify", "transfer", "transfer/static", "classifier", "widget",
			"migrations",
		},
	},
	Wide: []string{
		"store", "store/crowd", "store/neighbour", "store/outbox", "store/register",
		"api/web", "api", "api/live", "api/desk", "api/desk/owner",
		"api/reader", "api/akismet", "api/manage", "api/neighbour", "api/register",
		"cmd/aitys", "cmd/aitys/demo", "internal/app",
	},
	Domain: "moderation",
	Homes: map[string][]string{
		"golang.org/x/text/encoding/htmlindex": {"transfer/dump"},

		"golang.org/x/text/language": {"words"},
		"golang.org/x/text/feature":  {"words"},
		"golang.org/x/text/message":  {"words"},
		"golang.org/x/text/number":   {"words"},
		"github.com/labstack/echo": {
			"api", "api/live", "api/web", "api/desk", "api/desk/owner", "api/reader", "api/akismet", "api/manage",
			"api/neighbour",
			"api/register", "cmd/aitys",
		},
		"github.com/coreos/go-oidc":          {"notify"},
		"golang.org/x/oauth2":                {"notify"},
		"gorm.io":                            {"store", "store/file", "store/server", "store/rows", "store/mirror"},
		"modernc.org":                        {"store/file"},
		"github.com/jackc":                   {"store/server"},
		"github.com/redis":                   {"coord"},
		"github.com/go-redis":                {"coord"},
		"github.com/jbrukh/bayesian":         {"classifier/counts.go"},
		"github.com/pressly/goose":           {"migrations"},
		"github.com/yuin/goldmark":           {"moderation/markup"},
		"github.com/microcosm-cc/bluemonday": {"moderation/markup"},
		"github.com/alexedwards/argon2id":    {"moderation/identity/password"},
		"github.com/alecthomas/kong":         {"cmd/aitys", "cmd/aitys/flags"},
		"github.com/clipperhouse/uax29":      {"moderation/text"},
		"github.com/wneessen/go-mail":        {"notify"},
		"github.com/golang-jwt/jwt":          {"moderation/guest"},
		"net/http": {
			"api", "api/live", "api/web", "api/desk", "api/desk/owner", "api/reader", "api/akismet", "api/manage",
			"api/neighbour",
			"api/register", "cmd/aitys", "cmd/aitys/demo", "internal/app", "widget", "notify",
		},
		"database/sql": {"store", "store/file", "store/server", "store/rows", "migrations"},
	},
	Problem: "moderation/problem",
	Words:   "words",
	Spoken: []string{"words", "widget/src/words", "classifier", "moderation/text/language.go", "cmd/aitys/demo",
		// These contain words of other languages only to compare with them.
		"moderation/comment/namesake.go", "moderation/identity/password/guessable.go"},
	Store: "store",
	Made:  []string{"api/docs.html", "api/openapi.json"},
}

// serves reports whether a room is of the product. The others serve tests, and may import what they
// like.
func (r *Room) serves() bool {
	return r.Path != "e2e" && !strings.HasPrefix(r.Path, "e2e/") && !strings.HasSuffix(r.Path, "test")
}

// may reports whether one room may import another.
func (p Plan) may(room, other string) bool {
	return slices.Contains(p.Arrows[room], other) ||
		slices.Contains(p.Wide, room) && strings.HasPrefix(other, p.Domain+"/")
}
