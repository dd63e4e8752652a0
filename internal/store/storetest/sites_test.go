package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/txn"
)

var siteRules = []rule{
	{"the result of reading a spam list is stored only if the list still exists", askedNeighbour},
	{"a site comes back as it was put, and its key is taken once", siteComesBack},
	{"the edit epoch of a site only increases, also when its settings change", epochRises},
	{"a new site has an empty log", newSiteHasEmptyLog},
	{"concurrent requests create one page per URL", pageHasOneAddress},
	{"a comment sets a page's title once, and removes only its own", titleIsFilled},
	{"a page changes, but not to another's address", pageChanges},
	{"pages are listed newest first, in batches", pagesInPieces},
	{"comments are counted by page and state", countsByPage},
	{"removing a site deletes its rows only, and its ID is not reused", siteIsRemoved},
}

func siteComesBack(w *env) {
	s := site.Site{
		Key: w.name + "-full", Name: hostile, CreatedAt: began,
		Origins: []string{"https://x.example", "http://localhost:8080"},
		Settings: site.Settings{
			Moderation: site.PolicySuspicious, Suspect: 0.8, EditMinutes: 5, Rules: map[string]string{"kk": hostile},
			SignInURL: "https://x.example/in",
		},
		EditEpoch: 1 << 50,
	}
	w.update(func(tx store.Tx) error { return tx.InsertSite(&s) })
	if s.ID <= w.site.ID {
		w.Errorf("number %d after %d", s.ID, w.site.ID)
	}
	read := func() (got site.Site) {
		w.view(func(tx store.Tx) (err error) {
			got, err = tx.SiteByKey(s.Key)
			return err
		})
		return got
	}
	if got := read(); !reflect.DeepEqual(got, s) {
		w.Errorf("came back as %+v, want %+v", got, s)
	}
	s.Name, s.Origins, s.Settings.Suspect = "New", []string{"https://y.example"}, 0.95
	w.update(func(tx store.Tx) error { return tx.UpdateSite(s) })
	if got := read(); !reflect.DeepEqual(got, s) {
		w.Errorf("after a change %+v, want %+v", got, s)
	}
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.InsertSite(&site.Site{Key: s.Key}) })
	w.wants("a key twice", err, txn.ErrTaken)
	_, err = w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UpdateSite(site.Site{ID: 1 << 40}) })
	w.wants("a change of no site", err, txn.ErrNotFound)
	w.view(func(tx store.Tx) error {
		_, err := tx.SiteByKey("no such site")
		w.wants("no such site", err, txn.ErrNotFound)
		sites, err := tx.Sites()
		if !slices.IsSortedFunc(sites, func(a, b site.Site) int { return slices.Compare([]byte(a.Key), []byte(b.Key)) }) {
			w.Error("sites are not listed by key")
		}
		return err
	})
}

func epochRises(w *env) {
	read := func(key string) (s site.Site) {
		w.view(func(tx store.Tx) (err error) {
			s, err = tx.SiteByKey(key)
			return err
		})
		return s
	}
	before, other := read(w.site.Key), w.newSite("b")
	w.update(func(tx store.Tx) error { return tx.EndEditTokens(before.ID) })
	w.update(func(tx store.Tx) error { return tx.UpdateSite(before) }) // a stale copy
	if after := read(before.Key); after.EditEpoch != before.EditEpoch+1 {
		w.Errorf("the epoch is %d after %d", after.EditEpoch, before.EditEpoch)
	}
	if got := read(other.Key).EditEpoch; got != other.EditEpoch {
		w.Errorf("another site's epoch is %d after %d", got, other.EditEpoch)
	}
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.EndEditTokens(1 << 40) })
	w.wants("of no site", err, txn.ErrNotFound)
}

func newSiteHasEmptyLog(w *env) {
	w.update(func(tx store.Tx) error {
		head, err := tx.LockLog(w.site.ID)
		if head.Seq != 0 || head.Hash != nil {
			w.Errorf("head is %+v", head)
		}
		return err
	})
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error {
		_, err := tx.LockLog(1 << 40)
		return err
	})
	w.wants("no site's log", err, txn.ErrNotFound)
}

func pageHasOneAddress(w *env) {
	const visitors = 20
	var pages [visitors]site.Page
	var drafts [visitors]site.Page
	for i := range drafts {
		drafts[i] = site.Page{ID: w.id("page"), Site: w.site.ID, URL: "https://x.example/new", Title: "T", Open: true,
			CreatedAt: began}
	}
	runConcurrently(visitors, func(i int) {
		_, err := w.store.Update(w.ctx(), func(tx store.Tx) (err error) {
			pages[i], err = tx.EnsurePage(drafts[i])
			return err
		})
		if err != nil {
			w.Errorf("visitor %d: %v", i, err)
		}
	})
	for i, p := range pages {
		if p != pages[0] {
			w.Errorf("visitor %d was given %+v, visitor 0 %+v", i, p, pages[0])
		}
	}
	w.view(func(tx store.Tx) error {
		byURL, err := tx.PageByURL(w.site.ID, "https://x.example/new")
		if err != nil {
			return err
		}
		byID, err := tx.PagesByID(w.site.ID, []string{pages[0].ID})
		if byURL != pages[0] || len(byID) != 1 || byID[0] != pages[0] {
			w.Errorf("found %+v by URL, %+v by id, want %+v", byURL, byID, pages[0])
		}
		return err
	})
}

func titleIsFilled(w *env) {
	page := w.page
	page.Title = ""
	w.update(func(tx store.Tx) error { return tx.UpdatePage(page) })
	bringing := func(title string) edit { return func(c *comment.Comment) { c.PageTitle = title } }
	first, second := w.comment(bringing(hostile)), w.comment(bringing("Second"))
	for _, step := range []struct {
		says      string
		do        func(store.Tx) error
		title, by string
	}{
		{"untitled", func(tx store.Tx) error { return tx.SetPageTitle(first, false) }, "", ""},
		{"titled", func(tx store.Tx) error { return tx.SetPageTitle(first, true) }, hostile, first.ID},
		{"titled again", func(tx store.Tx) error { return tx.SetPageTitle(second, true) }, hostile, first.ID},
		{"untitled by another", func(tx store.Tx) error { return tx.SetPageTitle(second, false) }, hostile, first.ID},
		{"untitled by its own", func(tx store.Tx) error { return tx.SetPageTitle(first, false) }, "", ""},
		{"titled by the next", func(tx store.Tx) error { return tx.SetPageTitle(second, true) }, "Second", second.ID},
	} {
		w.update(func(tx store.Tx) error {
			if err := step.do(tx); err != nil {
				return err
			}
			p, err := tx.EnsurePage(page)
			if p.Title != step.title || p.TitledBy != step.by {
				w.Errorf("%s: the page has %q by %q, want %q by %q", step.says, p.Title, p.TitledBy, step.title, step.by)
			}
			return err
		})
	}
}

func pageChanges(w *env) {
	other := w.newPage(w.site.ID, "https://x.example/other")
	p := w.page
	p.Title, p.URL, p.Open = hostile, "https://x.example/moved", false
	w.update(func(tx store.Tx) error { return tx.UpdatePage(p) })
	w.view(func(tx store.Tx) error {
		got, err := tx.PagesByID(w.site.ID, []string{p.ID, "nothing"})
		if len(got) != 1 || got[0] != p {
			w.Errorf("after the change %+v, want %+v", got, p)
		}
		return err
	})
	p.URL = other.URL
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UpdatePage(p) })
	w.wants("another's address", err, txn.ErrTaken)
	p.ID = "nothing"
	_, err = w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.UpdatePage(p) })
	w.wants("no page", err, txn.ErrNotFound)
	w.view(func(tx store.Tx) error {
		_, err := tx.PageByURL(w.site.ID, "https://x.example/none")
		w.wants("no page by URL", err, txn.ErrNotFound)
		return nil
	})
}

func pagesInPieces(w *env) {
	want := []string{w.page.ID}
	w.update(func(tx store.Tx) error {
		for i := range 11 {
			p := site.Page{
				ID: w.id("page"), Site: w.site.ID, URL: fmt.Sprintf("https://x.example/%d", i),
				CreatedAt: began.Add(time.Duration(i/3) * time.Second), // three share a time
			}
			if _, err := tx.EnsurePage(p); err != nil {
				return err
			}
			want = append(want, p.ID)
		}
		return nil
	})
	slices.Reverse(want)
	var got []string
	w.view(func(tx store.Tx) error {
		for after := ""; ; after = got[len(got)-1] {
			piece, err := tx.Pages(w.site.ID, after, 5)
			for _, p := range piece {
				got = append(got, p.ID)
			}
			if err != nil || len(piece) == 0 {
				return err
			}
		}
	})
	if !slices.Equal(got, want) {
		w.Errorf("pages are %v, want %v", got, want)
	}
	w.view(func(tx store.Tx) error {
		some, err := tx.PagesByID(w.site.ID, []string{want[3], "nothing", want[1]})
		if len(some) != 2 {
			w.Errorf("two pages by id came back as %+v", some)
		}
		if err != nil {
			return err
		}
		byURL, err := tx.PagesByURL(w.site.ID, []string{w.page.URL, "https://x.example/3", "https://x.example/none"})
		if len(byURL) != 2 {
			w.Errorf("two pages by URL came back as %+v", byURL)
		}
		return err
	})
}

func countsByPage(w *env) {
	other := w.newPage(w.site.ID, "https://x.example/other")
	onOther := func(c *comment.Comment) { c.Page = other.ID }
	for range 3 {
		w.comment(in(comment.Approved))
	}
	w.comment(in(comment.Approved), onOther)
	w.comment()
	w.comment(in(comment.Spam))
	w.view(func(tx store.Tx) error {
		pages := []string{w.page.ID, other.ID, "nothing"}
		approved, err := tx.CountByPage(w.site.ID, pages, comment.Approved)
		if err != nil {
			return err
		}
		pending, err := tx.CountByPage(w.site.ID, pages, comment.Pending)
		if want := map[string]int{w.page.ID: 3, other.ID: 1}; !reflect.DeepEqual(approved, want) {
			w.Errorf("approved %v, want %v", approved, want)
		}
		if want := map[string]int{w.page.ID: 1}; !reflect.DeepEqual(pending, want) {
			w.Errorf("pending %v, want %v", pending, want)
		}
		return err
	})
}

func siteIsRemoved(w *env) {
	other := w.newSite("other")
	fill(w, w.site)
	fill(w, other)
	theirs := w.portrait(other.ID)
	w.update(func(tx store.Tx) error { return tx.DeleteSite(w.site.ID) })
	for method, seen := range w.portrait(w.site.ID) {
		if seen != "" {
			w.Errorf("after the removal %s still shows %s", method, seen)
		}
	}
	if got := w.portrait(other.ID); !reflect.DeepEqual(got, theirs) {
		w.Errorf("the other site was\n%v\nand is\n%v", theirs, got)
	}
	_, err := w.store.Update(w.ctx(), func(tx store.Tx) error { return tx.DeleteSite(w.site.ID) })
	w.wants("removing it twice", err, txn.ErrNotFound)
	w.update(func(tx store.Tx) error { return tx.DeleteSite(other.ID) })
	if next := w.newSite("next"); next.ID <= other.ID {
		w.Errorf("number %d is given again, %d was removed", next.ID, other.ID)
	}
}

func askedNeighbour(w *env) {
	n := spamlist.Source{Site: w.site.ID, ID: "n-" + w.name, URL: "https://talk.example/", Key: "one", Weight: 1,
		At: began}
	w.update(func(tx store.Tx) error { return tx.PutSpamListSource(n) })
	kept := func() (list []spamlist.Source) {
		w.view(func(tx store.Tx) (err error) {
			list, err = tx.SpamListSources(w.site.ID)
			return err
		})
		return list
	}
	note := func(n spamlist.Source) (there bool) {
		w.update(func(tx store.Tx) (err error) {
			there, err = tx.NoteSpamListSource(n)
			return err
		})
		return there
	}
	answered := n
	answered.Weight, answered.Theirs, answered.Campaigns, answered.TriedAt = 0.5, "theirs", 3, began.Add(time.Hour)
	want := answered
	want.Weight = 1 // an owner changed it meanwhile
	if there, got := note(answered), kept(); !there || len(got) != 1 || got[0] != want {
		w.Errorf("noted: %t, %+v, want %+v", there, got, want)
	}
	changed := answered
	changed.Key, changed.Failure = "another", "no list"
	if there, got := note(changed), kept(); there || got[0] != want {
		w.Errorf("under another key: noted %t, %+v, want %+v", there, got, want)
	}
	w.update(func(tx store.Tx) error { return tx.DropSpamListSource(w.site.ID, n.ID) })
	if there, got := note(answered), kept(); there || len(got) != 0 {
		w.Errorf("removed: noted %t, %+v, want none", there, got)
	}
}
