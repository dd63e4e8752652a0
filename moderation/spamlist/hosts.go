package spamlist

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/text"
)

const (
	commentsPage  = 500
	maxKnownHosts = 200_000 // approved hosts kept per site; with more, no hosts are published
)

// hosts returns the hosts that the spam links to, most frequent first. It leaves out the site's own hosts and hosts
// in approved comments.
func hosts(site site.Site, spam map[string]comment.Comment, stand map[string]bool) []string {
	times := map[string]int{}
	for _, c := range spam {
		for host := range hostsOf(c) {
			times[host]++
		}
	}
	own := map[string]bool{}
	for _, o := range site.Origins {
		own[hostOf(o)] = true
	}
	maps.DeleteFunc(times, func(host string, _ int) bool {
		if own[host] || stand[host] || len(stand) >= maxKnownHosts {
			return true
		}
		web, ok := text.ParseWebURL("http://" + host)
		if !ok {
			return true
		}
		_, seen := web.Host()
		return stand[seen]
	})
	list := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(times[b]-times[a], strings.Compare(a, b))
	})
	return list[:min(len(list), maxHosts)]
}

// hostsOf returns the hosts that a comment and its writer's website link to, in lookup form.
func hostsOf(c comment.Comment) map[string]bool {
	all := map[string]bool{}
	for _, address := range append(markup.Links(c.HTML()), c.Website) {
		if web, ok := text.ParseWebURL(address); ok {
			host, _ := web.Host()
			all[host] = true
		}
	}
	return all
}

// hostPattern finds possible hosts in folded text.
var hostPattern = regexp.MustCompile(`[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+`)

// noteHosts adds the hosts in a comment, from links or words, and their parent domains.
func noteHosts(stand map[string]bool, c comment.Comment) {
	all := hostPattern.FindAllString(c.Search, -1)
	all = slices.AppendSeq(all, maps.Keys(hostsOf(c)))
	for _, host := range all {
		for rest := host; strings.Contains(rest, "."); _, rest, _ = strings.Cut(rest, ".") {
			stand[rest] = true
		}
	}
}

// readHosts updates the hosts in a site's approved comments: at first it reads all of these comments, later only new
// ones. A host that was seen once stays unpublished as long as the process runs.
func (s *Service) readHosts(ctx context.Context, site site.Site, o *ownList) error {
	s.mu.Lock()
	fresh, first := o.approved, o.hosts == nil
	o.approved = nil
	if first {
		o.hosts = map[string]bool{} // events about approved comments are noted from here on
	}
	s.mu.Unlock()
	err := s.readApproved(ctx, site, o.hosts, first, fresh)
	if err != nil { // start over next time
		s.mu.Lock()
		o.hosts, o.approved = nil, nil
		s.mu.Unlock()
	}
	return err
}

func (s *Service) readApproved(
	ctx context.Context, site site.Site, stand map[string]bool, first bool, fresh []string,
) error {
	noteAll := func(list []comment.Comment) {
		for _, c := range list {
			if c.State == comment.Approved && len(stand) < maxKnownHosts {
				noteHosts(stand, c)
			}
		}
	}
	for some := range slices.Chunk(fresh, commentsPage) {
		var list []comment.Comment
		err := s.work.View(ctx, func(tx Tx) (err error) {
			list, err = tx.CommentsByID(site.ID, some)
			return err
		})
		if err != nil {
			return fmt.Errorf("read comments: %w", err)
		}
		noteAll(list)
	}
	q := comment.QueueQuery{Sites: comment.OneSite(site.ID), View: comment.ViewApproved, Order: comment.OldestFirst, Limit: commentsPage}
	for first {
		began := time.Now()
		var list []comment.Comment
		err := s.work.View(ctx, func(tx Tx) (err error) {
			list, err = tx.Queue(q)
			return err
		})
		if err != nil {
			return fmt.Errorf("read approved comments: %w", err)
		}
		noteAll(list)
		if len(list) < commentsPage {
			break
		}
		q.After = comment.CursorOf(list[len(list)-1])
		select { // leave the machine to requests
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
	return nil
}
