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
	commentsRead = 500
	hostsKept    = 200_000 // of a site's approved comments: beyond that no host is published
)

// hosts are those that comments lead to most, but for the site's own and those that stand in what was approved.
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
		if own[host] || stand[host] || len(stand) >= hostsKept {
			return true
		}
		web, ok := text.ParseWeb("http://" + host)
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

// hostsOf are the hosts that a comment, or its writer's website, leads to, as they are looked up.
func hostsOf(c comment.Comment) map[string]bool {
	all := map[string]bool{}
	for _, address := range append(markup.Links(c.Fresh().HTML), c.Website) {
		if web, ok := text.ParseWeb(address); ok {
			host, _ := web.Host()
			all[host] = true
		}
	}
	return all
}

// named finds what may be a host in folded text.
var named = regexp.MustCompile(`[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)+`)

// note notes the hosts that stand in a comment, as links or in words, and what they are below.
func note(stand map[string]bool, c comment.Comment) {
	all := named.FindAllString(c.Search, -1)
	all = slices.AppendSeq(all, maps.Keys(hostsOf(c)))
	for _, host := range all {
		for rest := host; strings.Contains(rest, "."); _, rest, _ = strings.Cut(rest, ".") {
			stand[rest] = true
		}
	}
}

// readHosts reads which hosts stand in a site's approved comments: all of them once, and then what is new. One that
// stood there stays left out as long as the process lives.
func (s *Service) readHosts(ctx context.Context, site site.Site, o *own) error {
	s.mu.Lock()
	fresh, first := o.approved, o.hosts == nil
	o.approved = nil
	if first {
		o.hosts = map[string]bool{} // from here on it is heard what is approved
	}
	s.mu.Unlock()
	err := s.readApproved(ctx, site, o.hosts, first, fresh)
	if err != nil { // all over again
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
			if c.State == comment.Approved && len(stand) < hostsKept {
				note(stand, c)
			}
		}
	}
	for some := range slices.Chunk(fresh, commentsRead) {
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
	q := comment.QueueQuery{Site: site.ID, View: comment.ViewApproved, Order: comment.OldestFirst, Limit: commentsRead}
	for first {
		began := time.Now()
		var list []comment.Comment
		err := s.work.View(ctx, func(tx Tx) (err error) {
			list, err = tx.Queue(q)
			return err
		})
		if err != nil {
			return fmt.Errorf("read what was approved: %w", err)
		}
		noteAll(list)
		if len(list) < commentsRead {
			break
		}
		q.After = comment.CursorOf(list[len(list)-1])
		select { // people wait for the same machine
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Since(began)):
		}
	}
	return nil
}
