package transfer

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// earliest is before any comment was written on the web: what says so has a wrong clock.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// A draft is a comment that can be imported, not rendered yet, with its page.
type draft struct {
	page    dump.Page
	comment comment.Comment
	source  string
	empty   bool
}

// draft makes a comment of a record. noted is told of what of it is left out or changed; why is why all of it is, or
// "".
func (r *run) draft(in dump.Record, noted func(what, why string)) (d draft, why string) {
	d, why = r.publicDraft(in, noted)
	if why != "" || in.Hidden == "" {
		return d, why
	}
	d.page.Title = ""
	if d.comment.State != comment.Removed {
		d.comment.State = comment.Rejected // for "other", which teaches nothing
	}
	if !r.in.WithPrivate {
		why = in.Hidden
	}
	return d, why
}

// publicDraft is draft without regard to in.Hidden.
func (r *run) publicDraft(in dump.Record, noted func(what, why string)) (d draft, why string) {
	if in.ID = strings.TrimSpace(in.ID); in.ID == "" {
		return d, "it has no id"
	}
	if d.page, why = r.pageOf(in.Page); why != "" {
		return d, why
	}
	d.comment = comment.Comment{
		ID:   txn.IDOf("import", r.in.Format, in.ID, strconv.FormatInt(in.At.UnixMicro(), 10)),
		Site: r.site.ID, Version: 1, Submissions: 1, FormAge: -1, State: in.State,
	}
	d.comment.CreatedAt = r.timeOf(in, noted)
	d.comment.EditUntil = d.comment.CreatedAt
	d.sign(in, noted)
	if addr := in.Addr(); d.comment.Name != "" || d.comment.Email != "" {
		d.comment.Writer = r.secret.Hash("writer", r.site.ID, d.comment.Identity(text.Prefix(addr))...)
	}
	if in.Long {
		return d, "its text is longer than " + strconv.Itoa(dump.MaxMessage>>10) + " KiB"
	}
	d.source = in.Markdown()
	if in.Deleted && !text.Visible(d.source) {
		d.empty, d.source, d.comment.Lang = true, "", "und"
		d.comment.State, d.comment.RemovedAt = comment.Removed, d.comment.CreatedAt
		d.comment.Name, d.comment.Email, d.comment.Website, d.comment.Writer = "", "", "", nil
		return d, ""
	}
	source, err := comment.CheckBody(d.source)
	switch {
	case err == nil:
	case text.Visible(d.source):
		return d, "it is longer than " + strconv.Itoa(comment.MaxLength) + " characters"
	default:
		return d, "it has no text"
	}
	d.source = source
	return d, ""
}

// pageOf finds the page that is meant: completed, mapped, and of the site.
func (r *run) pageOf(p dump.Page) (dump.Page, string) {
	p.Title = text.First(text.CleanLine(strings.ToValidUTF8(p.Title, "")), comment.MaxTitle)
	web, ok := text.ParseWeb(r.in.Map.of(complete(r.in.Base, strings.TrimSpace(p.URL))))
	switch {
	case !ok && r.in.Base != "":
		return p, "its page has no address"
	case !ok:
		return p, "its page has no address; --base completes those that name no host"
	}
	if !slices.Contains(r.site.Origins, web.Origin) {
		r.foreign = cmp.Or(r.foreign, web.Origin)
		return p, "its page is at " + web.Origin + ", which is no address of the site"
	}
	if p.URL, ok = web.Page(); !ok {
		return p, "its page's address is longer than 2,048 bytes"
	}
	return p, ""
}

// complete returns an address with the base's host, where it names none.
func complete(base, address string) string {
	u, err := url.Parse(address)
	if base == "" || err != nil || u.Scheme != "" || address == "" {
		return address
	}
	if u.Host != "" { // //blog.example/post
		scheme, _, _ := strings.Cut(base, ":")
		return scheme + ":" + address
	}
	return strings.TrimSuffix(base, "/") + "/" + strings.TrimPrefix(address, "/")
}

// timeOf is when a record was written, as far as that can be believed.
func (r *run) timeOf(in dump.Record, noted func(what, why string)) time.Time {
	sane := func(t time.Time) bool { return t.After(earliest) && !t.After(r.now) }
	switch at := in.At.UTC().Truncate(time.Microsecond); {
	case sane(at):
		return at
	case sane(in.Page.At):
		noted("time", "it is not said, before 1990 or to come: that of the page is taken")
		return in.Page.At.UTC().Truncate(time.Microsecond)
	default:
		noted("time", "it is not said, before 1990 or to come: that of the import is taken")
		return r.now
	}
}

// sign gives a draft the writer's own fields, as far as they are such.
func (d *draft) sign(in dump.Record, noted func(what, why string)) {
	name := text.CleanLine(strings.ToValidUTF8(in.Name, ""))
	if first := text.First(name, comment.MaxName); first != name {
		noted("name", "it is longer than "+strconv.Itoa(comment.MaxName)+" characters: its beginning is taken")
		name = first
	}
	email, website := strings.ToValidUTF8(in.Email, ""), strings.TrimSpace(strings.ToValidUTF8(in.Website, ""))
	if website == "http://" || website == "https://" { // what forms began with
		website = ""
	}
	var whole comment.Comment
	if whole.Sign("", email, "") != nil {
		noted("e-mail", "it is none: left out")
		email = ""
	}
	if whole.Sign("", "", website) != nil {
		noted("website", "it is no address of one: left out")
		website = ""
	}
	_ = d.comment.Sign(name, email, website) // each of them was tried
}

// A Map has the addresses that pages have now, by those that they had.
type Map []Mapping

// A Mapping is one line of a Map; with Rest what stands behind Old stays behind New.
type Mapping struct {
	Old, New string
	Rest     bool
}

// of is what an address is now: the first line that fits says it.
func (m Map) of(address string) string {
	for _, line := range m {
		rest, fits := strings.CutPrefix(address, line.Old)
		if fits && (line.Rest || rest == "") {
			return line.New + rest
		}
	}
	return address
}
