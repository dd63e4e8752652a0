package campaign

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/event"
)

const (
	approvedAmong = 200 // approved comments that are compared: the newest
	approvedSites = 64  // of so many sites they are kept in memory
)

// approved are sites' newest approved comments, in memory: what is approved is in no campaign of its own.
type approved struct {
	mu    sync.Mutex
	sites map[int64]approvedSite
	event uint64 // counts what was heard
}

// An approvedSite is prints by the comments' ids. It is not current when something else may be public by now.
type approvedSite struct {
	prints  map[string]approvedPrint
	current bool
}

type approvedPrint struct {
	Print
	textAt time.Time
}

// heard notes an event. It is quick, as those who are told of events must be.
func (a *approved) heard(e event.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.event++
	switch {
	case e.Kind == event.Behind:
		a.sites = nil
	case e.Shown:
		s := a.sites[e.Site]
		s.current = false
		if s.prints != nil {
			a.sites[e.Site] = s
		}
	}
}

// of returns a site's prints; read reads its newest approved comments, where they are not known.
func (a *approved) of(site int64, read func() ([]comment.Comment, error)) (map[string]approvedPrint, error) {
	a.mu.Lock()
	known, event := a.sites[site], a.event
	a.mu.Unlock()
	if known.current {
		return known.prints, nil
	}
	list, err := read()
	if err != nil {
		return nil, err
	}
	prints := make(map[string]approvedPrint, len(list))
	for _, c := range list {
		p, ok := known.prints[c.ID]
		if !ok || !p.textAt.Equal(c.TextAt()) {
			p = approvedPrint{PrintOf(c), c.TextAt()}
		}
		if c.Account == "" {
			prints[c.ID] = p
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sites == nil || len(a.sites) >= approvedSites {
		a.sites = map[int64]approvedSite{}
	}
	a.sites[site] = approvedSite{prints, a.event == event}
	return prints, nil
}

// ApprovedLike counts, by the ids of comments, the readers' comments that are nearly the same as each among the
// newest 200 that were approved. Who asks may see the comments.
func (s *Service) ApprovedLike(
	ctx context.Context, site int64, comments []comment.Comment,
) (like map[string]int, err error) {
	prints, err := s.approved.of(site, func() (newest []comment.Comment, err error) {
		err = s.work.View(ctx, func(tx Tx) (err error) {
			newest, err = tx.Queue(comment.QueueQuery{
				Site: site, View: comment.ViewApproved, Order: comment.NewestFirst, Limit: approvedAmong,
			})
			return err
		})
		return newest, err
	})
	if err != nil {
		return nil, fmt.Errorf("read what was approved: %w", err)
	}
	like = make(map[string]int, len(comments))
	for _, c := range comments {
		p := PrintOf(c)
		if !p.compares() {
			continue
		}
		for id, other := range prints {
			if id != c.ID && p.Duplicate(other.Fingerprint) {
				like[c.ID]++
			}
		}
	}
	return like, nil
}
