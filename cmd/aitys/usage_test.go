package main

import (
	"flag"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/site"
)

var update = flag.Bool("update", false, "rewrite testdata")

// wrongCommands lists wrong command lines. They run in a folder with a database that has a site with a comment.
const wrongCommands = `
help bogus
help site bogus
bogus
sreve
foo
lo
user
Site
import
import wordpress
import livejournal comments.xml --site blog
import wordpress comments.xml
import wordpress comments.xml --site blog
import wordpress data --site blog
import wordpress data/secret --site blog
import wordpress data/secret --site none
import wordpress data/secret --site blog --base blog.example
import wordpress data/secret --site blog --url-map none
copy
copy --to nowhere
copy --to sqlite:data/aitys.db
export
export --site none
export --site blog --format pdf
export --site blog --out data
export --site blog --format static
export --site blog --format static --out data
export --site none --format static --out copy
neighbour
neighbour add
neighbour add https://talk.example/list --site nowhere --key short
neighbour add talk.example --site blog --key short
neighbour add https://talk.example/list --site blog --key short
neighbour add https://talk.example/list --site blog --key short --weight heavy
neighbour remove https://talk.example/list
log verify log.jsonl
log verify data/secret
log verify data/secret --head 17
log
site
site ad
site sso
site sso nowhere
site key
site key nowhere
site set
site set blog
site set blog moderation
site set blog moderatoin=all
site set blog moderation=some
site set blog who=some grace_days=30
site set blog --moderation all
site show blog
site set none moderation=all
site remove
site remove none
site remove --key blog
site remove --keys blog
site remove blog --ys blog
site remove blog
site remove blog --yes
site remove blog --yes blgo
account
account reset nobody@blog.example
account disable nobody@blog.example
account disable --email o@blog.example
account add --email a --name Ann --role owner
account add --email a@blog.example --name Ann
account add --email a@blog.example --name Ann --role moderator --site blog --site blgo
token
token lst
token add --account nobody@blog.example
token add --account o@blog.example --site none
token revoke
token revoke none
token revoke mirror
token revoke mirror --account nobody@blog.example
classifier
classifier eval --site none
classifier erase --site blog --comment zzz
backup nowhere/copy.db
restore data/secret --data elsewhere
secret new
serve -x
migrate down
serve now
serve --lisetn 127.0.0.1:8080
serve --listen 8080
serve --listen BUSY
demo --listen BUSY
site list --data elsewhere
serve --listen 127.0.0.1:0 --database postgres://me:hunter2@127.0.0.1:1/comments
site list --database postgres://me:hunter2@127.0.0.1:1,127.0.0.1:2/comments
site list --database postgres:///comments?host=/nowhere
migrate status --database postgres://postgres@127.0.0.1:1/comments
doctor --database postgres://me:hunter2@127.0.0.1:1/comments
`

// Each command line must print one line, as in the golden file.
func TestUsage_ErrorsMatchGolden(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")
	for _, email := range []string{"o@blog.example", "p@blog.example"} {
		_, errs, code := s.run("a password of some length\n", "account", "add", "--password-stdin",
			"--email", email, "--name", "O", "--role", "owner")
		if code != 0 {
			t.Fatal(errs)
		}
		s.must("token", "add", "--account", email, "--name", "mirror")
	}
	i := s.serve()
	if _, err := client(i, "blog", "").Post(t.Context(), "0123456789abcdef", "https://blog.example/post", "Ruth", "",
		"Thank you."); err != nil {
		t.Fatal(err)
	}
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	var said strings.Builder
	for line := range strings.SplitSeq(strings.TrimSpace(wrongCommands), "\n") {
		out, errs, code := s.run("", strings.Fields(strings.ReplaceAll(line, busyAddress, busy.Addr().String()))...)
		if strings.Contains(errs, "hunter2") {
			t.Errorf("%s repeats a password: %s", line, errs)
		}
		if code == 0 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s: exit %d, stderr %q; want a refusal in one line", line, code, errs)
		}
		errs = strings.ReplaceAll(errs, busy.Addr().String(), busyAddress)
		errs = regexp.MustCompile(`--listen 127\.0\.0\.1:\d+`).ReplaceAllString(errs, "--listen FREE")
		errs = regexp.MustCompile(`"127\.0\.0\.1:\d+`).ReplaceAllString(errs, `"BUSY`)
		if strings.HasPrefix(line, "doctor") { // another test checks the other lines
			out = regexp.MustCompile("(?m)^fail.*\n").FindString(out)
		}
		fmt.Fprintf(&said, "$ aitys %s\n%s%s", line, out, errs)
	}
	testkit.Golden(t, "testdata/wrong.txt", said.String(), *update)
}

// The test follows the advice of the error. It is not parallel, because another test could take the port.
func TestListen_SuggestedPortIsFree(t *testing.T) {
	s := newShell(t)
	first := s.serve()
	said := s.refused("is in use; try --listen 127.0.0.1:", "serve", "--listen", strings.TrimPrefix(first.URL, "http://"))
	_, address, _ := strings.Cut(said, "try --listen ")
	second := s.start("serve", "--data", s.dir+"/other", "--listen", address)
	if second.URL != "http://"+address {
		t.Errorf("the second listens on %s, want %s", second.URL, address)
	}
}

// The test occupies the next fifty ports too, on a loopback address of its own.
func TestListen_StopsAfterFiftyPorts(t *testing.T) {
	t.Parallel()
	const first = 20_000
	for port := first; port <= first+50; port++ {
		l, err := net.Listen("tcp", fmt.Sprintf("127.8.4.7:%d", port))
		if err != nil {
			t.Skipf("no loopback but 127.0.0.1: %v", err)
		}
		defer l.Close()
	}
	newShell(t).refused("is in use; try --listen with another port",
		"serve", "--listen", fmt.Sprintf("127.8.4.7:%d", first))
}

// The server answers, but the database does not exist.
func TestPostgres_RefusalIsQuotedOnce(t *testing.T) {
	t.Parallel()
	u, err := url.Parse(testkit.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/nothing"
	s := newShell(t)
	said := s.refused(`refused the connection: database "nothing" does not exist`, "migrate", "status", "--database", u.String())
	if strings.Count(said, "nothing") != 1 {
		t.Errorf("it is said more than once: %s", said)
	}
}

func TestHelp_NamesDefaults(t *testing.T) {
	t.Parallel()
	_ = kong.Visit(kong.Must(&cli{}, helpVars()).Model, func(n kong.Visitable, next kong.Next) error { // returns what we return
		if f, ok := n.(*kong.Flag); ok && f.Default != "" && !strings.Contains(f.Help, "default "+f.Default) &&
			f.Default != "default" {
			t.Errorf("the help of --%s does not name its default %s: %s", f.Name, f.Default, f.Help)
		}
		return next(nil)
	})
	help := newShell(t).must("site", "set", "--help")
	for _, f := range site.Fields {
		if !regexp.MustCompile(`(?m)^ +` + f.Name + ` +\S`).MatchString(help) {
			t.Errorf("the help of site set does not say the values of %s:\n%s", f.Name, help)
		}
	}
}

func TestPlural_CountsNouns(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{"0 sites": plural(0, "site"), "1 site": plural(1, "site"),
		"2 sites": plural(int64(2), "site"), "1 entry": plural(1, "entry"), "3 entries": plural(3, "entry")} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHelp_AllFormsPrintHelp(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	whole := s.must("--help")
	for _, part := range []string{"serve", "site", "account", "token", "doctor"} {
		if !strings.Contains(whole, "\n  "+part) {
			t.Errorf("the help does not name %s:\n%s", part, whole)
		}
	}
	for asked, same := range map[string]string{"": "--help", "help": "--help", "help site": "site --help",
		"help site add": "site add --help", "help help": "--help"} {
		got, want := s.must(strings.Fields(asked)...), s.must(strings.Fields(same)...)
		if got != want {
			t.Errorf("aitys %s: got %s, want what aitys %s says", asked, got, same)
		}
	}
}

// Tokens are revoked by ID, or by name if it is unique.
func TestToken_ListAndRevoke(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("site", "add", "--key", "blog", "--name", "Blog", "--origin", "https://blog.example")
	values := map[string]string{}
	for _, email := range []string{"o@blog.example", "p@blog.example"} {
		s.must("account", "add", "--email", email, "--name", "O", "--role", "owner")
		values[email] = strings.TrimSpace(s.must("token", "add", "--account", email, "--name", "mirror", "--scope", "read"))
	}
	values["bound"] = strings.TrimSpace(s.must("token", "add", "--account", "o@blog.example", "--name", "for the blog",
		"--site", "blog"))
	var all, of struct{ Tokens []apiTokenLine }
	unpack(t, s.must("token", "list", "--json"), &all)
	unpack(t, s.must("token", "list", "--json", "--account", "P@blog.example"), &of)
	if len(all.Tokens) != 3 || len(of.Tokens) != 1 || of.Tokens[0].Account != "p@blog.example" ||
		of.Tokens[0].Sites != nil || of.Tokens[0].Scope != "read" || of.Tokens[0].CreatedAt.IsZero() {
		t.Fatalf("token list: %+v and %+v", all, of)
	}
	bound := slices.IndexFunc(all.Tokens, func(t apiTokenLine) bool { return t.Name == "for the blog" })
	if bound < 0 || fmt.Sprint(all.Tokens[bound].Sites) != "[blog]" || all.Tokens[bound].Scope != "decide" {
		t.Errorf("the token that is bound to a site: %+v", all)
	}
	if table := s.must("token", "list"); !strings.Contains(table, "mirror") || strings.Contains(table, values["bound"]) {
		t.Errorf("token list printed %s", table)
	}
	i := s.serve()
	works := func(who string) bool {
		return client(i, "blog", values[who]).Do(t.Context(), "GET", "/moderation/pages", nil, nil, nil) == nil
	}
	for who := range values {
		if !works(who) {
			t.Errorf("the token of %s is refused", who)
		}
	}
	testkit.Until(t, "their use is recorded", func() bool {
		unpack(t, s.must("token", "list", "--json"), &all)
		used := 0
		for _, token := range all.Tokens {
			if !token.UsedAt.IsZero() && token.ExpiresAt.IsZero() {
				used++
			}
		}
		return used == len(values)
	})
	if table := s.must("token", "list"); !strings.Contains(table, time.Now().UTC().Format(time.DateOnly)+"  never") {
		t.Errorf("the table does not say when they were used: %s", table)
	}
	for who, args := range map[string][]string{
		"o@blog.example": {"mirror", "--account", "o@blog.example"}, "p@blog.example": {of.Tokens[0].ID},
		"bound": {"for the blog"},
	} {
		if said := s.must(append([]string{"token", "revoke"}, args...)...); !strings.HasPrefix(said, "revoked token ") {
			t.Errorf("token revoke %v printed %q", args, said)
		}
		testkit.Until(t, "the token of "+who+" has ended", func() bool { return !works(who) })
	}
}

// A token expires at the end of a day in UTC.
func TestTokenAdd_UntilIncludesWholeDay(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.must("account", "add", "--email", "o@blog.example", "--name", "O", "--role", "owner")
	last := time.Now().UTC().AddDate(0, 1, 0).Format(time.DateOnly)
	s.must("token", "add", "--account", "o@blog.example", "--name", "mirror", "--until", last)
	var all struct{ Tokens []apiTokenLine }
	unpack(t, s.must("token", "list", "--json"), &all)
	if len(all.Tokens) != 1 || all.Tokens[0].ExpiresAt.Format(time.DateTime) != last+" 23:59:59" {
		t.Errorf("until %s: %+v", last, all)
	}
	if table := s.must("token", "list"); !regexp.MustCompile(`never +` + last).MatchString(table) {
		t.Errorf("the table does not say when it ends: %s", table)
	}
	s.refused("must be in the future", "token", "add", "--account", "o@blog.example", "--until", "2020-01-31")
	s.refused("like 2027-01-31", "token", "add", "--account", "o@blog.example", "--until", "tomorrow")
}

// Only a site with comments needs --yes.
func TestSiteRemove_NeedsYesWithComments(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	for _, key := range []string{"empty", "blog"} {
		s.must("site", "add", "--key", key, "--name", key, "--origin", "https://blog.example")
	}
	i := s.serve()
	if _, err := client(i, "blog", "").Post(t.Context(), "0123456789abcdef", "https://blog.example/post", "Ruth", "",
		"Thank you."); err != nil {
		t.Fatal(err)
	}
	s.must("site", "remove", "empty")
	s.refused("--yes blog", "site", "remove", "blog")
	if list := s.must("site", "list"); !strings.Contains(list, "blog") {
		t.Errorf("it is gone all the same: %s", list)
	}
	s.must("site", "remove", "blog", "--yes", "blog")
	if list := s.must("site", "list"); strings.Contains(list, "blog") {
		t.Errorf("it is still there: %s", list)
	}
}
