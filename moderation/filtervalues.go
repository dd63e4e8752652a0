package moderation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

// FilterValues are the values that a filter of a view can have, most frequent first, and the comments that match a
// text. They are counted in the first comment.MaxCount comments of the view.
type FilterValues struct {
	Langs, Sites, Pages, Writers []FilterValue
	Scores                       []float64 // one per comment
	Text                         int       // comments that contain the text
	Host                         int       // comments with a link to the host that the text names
	More                         bool      // the view has more comments than were counted
}

// A FilterValue is a language, the key of a site, the ID of a page or the ID of a commenter. Label is the name of the
// site or commenter, or the title or address of the page.
type FilterValue struct {
	Value, Label string
	N            int
}

// FilterValues returns the values of filters in the view of AccountQueue, and counts the comments that match typed.
func (s *Service) FilterValues(
	ctx context.Context, who authz.Actor, only string, req comment.QueueRequest, typed string,
) (FilterValues, error) {
	var out FilterValues
	of, err := s.sitesOf(ctx, who, only)
	if err != nil {
		return out, err
	}
	q, err := req.Query(of.set, of.suspect)
	if err != nil {
		return out, err
	}
	q.Limit, q.After = comment.MaxCount, nil
	var list []comment.Comment
	pages := map[pageKey]site.Page{}
	err = s.work.View(ctx, func(tx Tx) error {
		found, next, err := queuePage(tx, q, matcher(who, q))
		if err != nil {
			return err
		}
		list, out.More = found, next != nil
		wanted := map[int64][]string{}
		for _, c := range list {
			wanted[c.Site] = append(wanted[c.Site], c.Page)
		}
		for blog, ids := range wanted {
			found, err := tx.PagesByID(blog, unique(ids))
			if err != nil {
				return fmt.Errorf("read pages: %w", err)
			}
			for _, p := range found {
				pages[pageKey{blog, p.ID}] = p
			}
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("count the values of filters: %w", err)
	}
	out.count(who, of.list, pages, list, typed)
	return out, nil
}

type pageKey struct {
	site int64
	id   string
}

func (v *FilterValues) count(
	who authz.Actor, sites []site.Site, pages map[pageKey]site.Page, list []comment.Comment, typed string,
) {
	names := map[int64]site.Site{}
	for _, blog := range sites {
		names[blog.ID] = blog
	}
	wanted, host := text.Fold(typed), ""
	if f, err := (comment.QueueRequest{Host: typed}).Query(comment.SiteSet{}, comment.Threshold{}); err == nil {
		host = f.Filter.Host
	}
	langs, ofSites, ofPages, writers := tally{}, tally{}, tally{}, tally{}
	for _, c := range list {
		page, blog := pages[pageKey{c.Site, c.Page}], names[c.Site]
		langs.add(c.Lang, "")
		ofSites.add(blog.Key, blog.Name)
		ofPages.add(page.ID, cmp.Or(page.Title, page.URL))
		writers.add(comment.WriterID(c.Writer), c.Name)
		v.Scores = append(v.Scores, c.Verdict.Score)
		if wanted != "" && strings.Contains(searchText(who, c), wanted) {
			v.Text++
		}
		if host != "" && c.Leads(host) {
			v.Host++
		}
	}
	v.Langs, v.Sites, v.Pages, v.Writers = langs.values(), ofSites.values(), ofPages.values(), writers.values()
}

// A tally counts values. The label of a value is the first.
type tally map[string]*FilterValue

func (t tally) add(value, label string) {
	if value == "" {
		return
	}
	if t[value] == nil {
		t[value] = &FilterValue{Value: value, Label: label}
	}
	t[value].N++
}

// values returns the values, most frequent first.
func (t tally) values() []FilterValue {
	all := make([]FilterValue, 0, len(t))
	for _, v := range t {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b FilterValue) int {
		return cmp.Or(b.N-a.N, cmp.Compare(a.Label, b.Label), cmp.Compare(a.Value, b.Value))
	})
	return all
}
