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

// earliest is the least plausible time. An earlier one comes from a wrong clock.
var earliest = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// A draft is a comment to import, before rendering, with its page.
type draft struct {
	page    dump.Page
	comment comment.Comment
	source  string
	empty   bool
}

// draft makes a comment of a record. It calls noted for each field that it drops or changes. why is the reason to skip
// the comment, or "".
func (r *run) draft(in dump.Record, noted func(what, why string)) (d draft, why string) {
	d, why = r.publicDraft(in, noted)
	if why != "" || in.Hidden == "" {
		return d, why
	}
	d.page.Title = ""
	if d.comment.State != comment.Removed {
		d.comment.State = comment.Rejected // with the reason "other", which is no lesson
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
		ID:   txn.StableID("import", r.in.Format, in.ID, strconv.FormatInt(in.At.UnixMicro(), 10)),
		Site: r.site.ID, Version: 1, Submissions: 1, FormAge: -1, State: in.State,
	}
	d.comment.CreatedAt = r.timeOf(in, noted)
	d.comment.EditUntil = d.comment.CreatedAt
	d.sign(in, noted)
	if addr := in.Addr(); d.comment.Name != "" || d.comment.Email != "" {
		d.comment.Writer = r.secret.Hash("writer", r.site.ID, d.comment.Identity(text.Network(addr))...)
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

// pageOf returns the page with its address resolved, mapped and canonical. why is the reason if the site has no such
// page.
func (r *run) pageOf(p dump.Page) (dump.Page, string) {
	p.Title = text.First(text.CleanLine(strings.ToValidUTF8(p.Title, "")), comment.MaxTitle)
	web, ok := text.ParseWebURL(r.in.Map.apply(resolve(r.in.Base, strings.TrimSpace(p.URL))))
	switch {
	case !ok && r.in.Base != "":
		return p, "its page has no address"
	case !ok:
		return p, "its page has no address; --base completes those that name no host"
	}
	if !slices.Contains(r.site.Origins, web.Origin) {
		r.foreignOrigin = cmp.Or(r.foreignOrigin, web.Origin)
		return p, "its page is at " + web.Origin + ", which is no address of the site"
	}
	if p.URL, ok = web.PageURL(); !ok {
		return p, "its page's address is longer than 2,048 bytes"
	}
	return p, ""
}

// resolve returns an address with the base's host, if it has no host.
func resolve(base, address string) string {
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

// timeOf returns the time of a record, or if it is implausible that of its page or of the import.
func (r *run) timeOf(in dump.Record, noted func(what, why string)) time.Time {
	sane := func(t time.Time) bool { return t.After(earliest) && !t.After(r.now) }
	switch at := in.At.UTC().Truncate(time.Microsecond); {
	case sane(at):
		return at
	case sane(in.Page.At):
		noted("time", "it is missing, before 1990 or in the future: the page's time is used")
		return in.Page.At.UTC().Truncate(time.Microsecond)
	default:
		noted("time", "it is missing, before 1990 or in the future: the time of the import is used")
		return r.now
	}
}

// sign sets the author's name, e-mail and website. It drops invalid ones and cuts a long name.
func (d *draft) sign(in dump.Record, noted func(what, why string)) {
	name := text.CleanLine(strings.ToValidUTF8(in.Name, ""))
	if first := text.First(name, comment.MaxName); first != name {
		noted("name", "it is longer than "+strconv.Itoa(comment.MaxName)+" characters: it is cut")
		name = first
	}
	email, website := strings.ToValidUTF8(in.Email, ""), strings.TrimSpace(strings.ToValidUTF8(in.Website, ""))
	if website == "http://" || website == "https://" { // an old form's default
		website = ""
	}
	var whole comment.Comment
	if whole.Sign("", email, "") != nil {
		noted("e-mail", "it is invalid: dropped")
		email = ""
	}
	if whole.Sign("", "", website) != nil {
		noted("website", "it is not a web address: dropped")
		website = ""
	}
	_ = d.comment.Sign(name, email, website) // each was checked above
}

// A Map maps old page addresses to new ones.
type Map []Mapping

// A Mapping is one line of a Map. With Rest, Old and New are prefixes.
type Mapping struct {
	Old, New string
	Rest     bool
}

// apply returns the new address by the first matching line, or the address.
func (m Map) apply(address string) string {
	for _, line := range m {
		rest, fits := strings.CutPrefix(address, line.Old)
		if fits && (line.Rest || rest == "") {
			return line.New + rest
		}
	}
	return address
}
