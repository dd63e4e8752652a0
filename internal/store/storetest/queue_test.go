package storetest

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

var queueRules = []rule{
	{"each view contains its states, in each order and with each page size", queueOrders},
	{"a queue of several sites has their comments in order, and of no other site", queueOfSites},
	{"pages of a queue are stable while it changes", queueIsStable},
	{"a search finds a literal substring", queueSearch},
	{"the queue is counted up to a limit", queueCounts},
	{"stale verdicts are found in the requested order", staleVerdicts},
	{"a writer's history contains approved, refused and first seen", writerHistory},
	{"a writer's history counts at most a thousand comments per state", prolificWriter},
}

var allViews = []comment.View{
	comment.ViewPending, comment.ViewSuspected, comment.ViewApproved, comment.ViewRejected,
	comment.ViewSpam, comment.ViewReported, comment.ViewAppealed,
}

// pages reads a whole view in pages of limit.
func pages(w *env, q comment.QueueQuery, between func()) (all []comment.Comment) {
	for {
		var piece []comment.Comment
		w.view(func(tx store.Tx) (err error) {
			piece, err = tx.Queue(q)
			return err
		})
		if len(piece) == 0 {
			return all
		}
		all = append(all, piece...)
		last := piece[len(piece)-1]
		q.After = comment.CursorOf(last)
		between()
	}
}

func queueOrders(w *env) {
	byView := map[comment.View][]comment.Comment{}
	var drafts []comment.Comment
	for i := range 40 {
		state := comment.State(i % 5)
		c := w.draft(in(state), at(time.Duration(i*7%11)*time.Second), scored(float64(i*3%8)/7)) // times and scores repeat
		drafts = append(drafts, c)
		if state != comment.Removed {
			byView[comment.ViewAll] = append(byView[comment.ViewAll], c)
		}
		switch state {
		case comment.Pending:
			byView[comment.ViewPending] = append(byView[comment.ViewPending], c)
			if c.Verdict.Score >= 5.0/7 {
				byView[comment.ViewSuspected] = append(byView[comment.ViewSuspected], c)
			}
		case comment.Approved:
			byView[comment.ViewApproved] = append(byView[comment.ViewApproved], c)
		case comment.Rejected:
			byView[comment.ViewRejected] = append(byView[comment.ViewRejected], c)
		case comment.Spam:
			byView[comment.ViewSpam] = append(byView[comment.ViewSpam], c)
		}
	}
	w.insert(drafts...)
	byAge := func(a, b comment.Comment) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	}
	byRisk := func(a, b comment.Comment) int { return cmp.Compare(b.Verdict.Score, a.Verdict.Score) }
	byUse := func(a, b comment.Comment) int {
		return cmp.Compare(math.Abs(a.Verdict.Score-0.5), math.Abs(b.Verdict.Score-0.5))
	}
	for _, view := range append(slices.Clone(allViews), comment.ViewAll) {
		for _, order := range comment.QueueOrders {
			for _, limit := range []int{1, 2, 3, 100} {
				got := pages(w, comment.QueueQuery{Sites: comment.OneSite(w.site.ID), View: view,
					Suspect: comment.Threshold{Score: 5.0 / 7}, Order: order, Limit: limit}, func() {})
				want := slices.SortedFunc(slices.Values(byView[view]), byAge)
				switch order {
				case comment.NewestFirst:
					slices.Reverse(want)
				case comment.UsefulFirst:
					if !slices.IsSortedFunc(got, byUse) {
						w.Errorf("%s by use, limit %d: not sorted: %v", view, limit, ids(got))
					}
					slices.SortFunc(got, byAge)
				case comment.CalmestFirst:
					if slices.Reverse(got); !slices.IsSortedFunc(got, byRisk) {
						w.Errorf("%s by calm, limit %d: not sorted: %v", view, limit, ids(got))
					}
					slices.SortFunc(got, byAge)
				case comment.RiskiestFirst:
					if !slices.IsSortedFunc(got, byRisk) {
						w.Errorf("%s by risk, limit %d: not sorted: %v", view, limit, ids(got))
					}
					slices.SortFunc(got, byAge)
				}
				if !slices.Equal(ids(got), ids(want)) {
					w.Errorf("%s, %s, limit %d: %v, want %v", view, order, limit, ids(got), ids(want))
				}
			}
		}
	}
}

func queueIsStable(w *env) {
	var drafts []comment.Comment
	for i := range 12 {
		drafts = append(drafts, w.draft(at(time.Duration(i)*time.Second), scored(float64(i)/20)))
	}
	w.insert(drafts...)
	decided := 0
	got := pages(w, comment.QueueQuery{Sites: comment.OneSite(w.site.ID), View: comment.ViewPending, Order: comment.OldestFirst, Limit: 3},
		func() {
			// One comment that was already read is decided, and one arrives before the cursor.
			done := drafts[decided]
			decided++
			w.update(func(tx store.Tx) error {
				_, err := tx.SetState(w.site.ID, done.ID, 1, comment.StateChange{State: comment.Spam, DecidedAt: began})
				return err
			})
			w.comment(at(-time.Duration(decided) * time.Second))
		})
	if !slices.Equal(ids(got), ids(drafts)) {
		w.Errorf("read %v, want %v", ids(got), ids(drafts))
	}
}

func queueSearch(w *env) {
	find := func(query string) []string {
		return ids(pages(w, comment.QueueQuery{Sites: comment.OneSite(w.site.ID), View: comment.ViewPending, Order: comment.OldestFirst,
			Search: query, Limit: 2}, func() {}))
	}
	for i, tt := range []struct{ text, hit, miss string }{
		{"sale of 100% wool", "100%", "100%%"},
		{"snake_case", "e_c", "e__c"},
		{`back\slash`, `k\s`, `k\\s`},
		{"қазақ тілі", "ақ ті", "Ақ"},
		{"it's \"quoted\"", `s "q`, `s 'q`},
		{"👩‍👩‍👧 family", "👩‍👩‍👧", "👨"},
	} {
		c := w.comment(at(time.Duration(i)*time.Second), func(c *comment.Comment) { c.Search = "x" + tt.text + "y" })
		if got := find(tt.hit); !slices.Equal(got, []string{c.ID}) {
			w.Errorf("%q finds %v, want %s", tt.hit, got, c.ID)
		}
		if got := find(tt.miss); len(got) != 0 {
			w.Errorf("%q finds %v, want nothing", tt.miss, got)
		}
	}
	if got := find(`%`); len(got) != 1 {
		w.Errorf("a lone percent sign finds %v", got)
	}
}

func queueCounts(w *env) {
	for i := range 7 {
		w.comment(scored(float64(i) / 10))
	}
	w.comment(in(comment.Approved))
	w.view(func(tx store.Tx) error {
		for _, tt := range []struct {
			view  comment.View
			limit int
			want  int
		}{
			{comment.ViewPending, 100, 7}, {comment.ViewPending, 7, 7}, {comment.ViewPending, 3, 3},
			{comment.ViewSuspected, 100, 2}, {comment.ViewSuspected, 1, 1}, {comment.ViewApproved, 100, 1},
			{comment.ViewSpam, 100, 0}, {comment.ViewReported, 100, 0}, {comment.ViewAppealed, 100, 0},
		} {
			got, err := tx.CountQueue(comment.OneSite(w.site.ID), tt.view, comment.Threshold{Score: 0.5}, tt.limit)
			if err != nil {
				return err
			}
			if got != tt.want {
				w.Errorf("%s up to %d: %d, want %d", tt.view, tt.limit, got, tt.want)
			}
		}
		return nil
	})
}

func staleVerdicts(w *env) {
	judgedBy := func(seq uint64) edit { return func(c *comment.Comment) { c.Verdict.ModelSeq = seq } }
	a := w.comment(at(1*time.Second), scored(0.2), judgedBy(1))
	b := w.comment(at(2*time.Second), scored(0.9), judgedBy(4))
	c := w.comment(at(3*time.Second), scored(0.5), judgedBy(2))
	w.comment(at(4*time.Second), scored(0.7), judgedBy(5))
	w.comment(in(comment.Approved), judgedBy(1))
	w.view(func(tx store.Tx) error {
		for order, want := range map[comment.QueueOrder][]string{
			comment.OldestFirst: {a.ID, b.ID, c.ID}, comment.NewestFirst: {c.ID, b.ID, a.ID},
			comment.RiskiestFirst: {b.ID, c.ID, a.ID},
		} {
			for limit := range 4 {
				got, err := tx.StalePending(w.site.ID, 5, order, limit)
				if err != nil {
					return err
				}
				if !slices.Equal(ids(got), want[:limit]) {
					w.Errorf("by %s, %d: %v, want %v", order, limit, ids(got), want[:limit])
				}
			}
		}
		return nil
	})
}

func prolificWriter(w *env) {
	for i := range 2 * (comment.MaxHistory + 1) {
		state := []comment.State{comment.Approved, comment.Spam}[i%2]
		w.comment(func(c *comment.Comment) { c.Writer = []byte("ann") }, at(time.Duration(i)*time.Second), in(state))
	}
	w.view(func(tx store.Tx) error {
		most := comment.History{Approved: comment.MaxHistory, Refused: comment.MaxHistory}
		got, err := tx.Records(w.site.ID, [][]byte{[]byte("ann")})
		if err != nil || got["ann"] != most {
			w.Errorf("the record is %+v, %v, want %+v", got["ann"], err, most)
		}
		ann := site.Ref{Site: w.site.ID, ID: "ann"}
		known, err := tx.Writers([]site.Ref{ann})
		if most.FirstSeen = began; known[ann] != most {
			w.Errorf("the history is %+v, %v, want %+v", known[ann], err, most)
		}
		return err
	})
}

func writerHistory(w *env) {
	by := func(name string) edit { return func(c *comment.Comment) { c.Writer = []byte(name) } }
	w.comment(by("ann"), at(5*time.Second), in(comment.Approved))
	w.comment(by("ann"), at(3*time.Second))
	w.comment(by("ann"), at(7*time.Second), in(comment.Rejected))
	w.comment(by("ann"), at(8*time.Second), in(comment.Spam))
	w.comment(by("ann"), at(9*time.Second), in(comment.Removed))
	w.comment(by("bob"), at(1*time.Second))
	w.comment()
	another := w.newPage(w.newSite("another").ID, "https://another.example/post")
	w.comment(by("ann"), onSite(another), at(2*time.Second), in(comment.Spam))
	w.view(func(tx store.Tx) error {
		ref := func(of int64, name string) site.Ref { return site.Ref{Site: of, ID: name} }
		here, there := w.site.ID, another.Site
		known, err := tx.Writers([]site.Ref{ref(here, "ann"), ref(here, "bob"), ref(here, "nobody"), ref(there, "ann"),
			ref(there, "bob")})
		want := map[site.Ref]comment.History{
			ref(here, "ann"):  {Approved: 1, Refused: 2, FirstSeen: began.Add(3 * time.Second)},
			ref(here, "bob"):  {FirstSeen: began.Add(time.Second)},
			ref(there, "ann"): {Refused: 1, FirstSeen: began.Add(2 * time.Second)},
		}
		if !reflect.DeepEqual(known, want) {
			w.Errorf("histories are %+v, want %+v", known, want)
		}
		if err != nil {
			return err
		}
		got, err := tx.Records(w.site.ID, [][]byte{[]byte("ann"), []byte("bob"), []byte("nobody")})
		if want := map[string]comment.History{"ann": {Approved: 1, Refused: 2}}; !reflect.DeepEqual(got, want) {
			w.Errorf("records are %+v, want %+v", got, want)
		}
		return err
	})
}

// onSite moves a draft to a site and its page.
func onSite(p site.Page) edit {
	return func(c *comment.Comment) { c.Site, c.Page = p.Site, p.ID }
}

func queueOfSites(w *env) {
	places := []site.Page{w.page}
	for i := range 24 {
		blog := w.newSite(fmt.Sprint("site-", i))
		places = append(places, w.newPage(blog.ID, "https://many.example/post"))
	}
	foreign := places[len(places)-1]
	places = places[:len(places)-1]
	var drafts []comment.Comment
	for i := range 50 {
		drafts = append(drafts, w.draft(onSite(places[i*7%len(places)]), at(time.Duration(i*7%11)*time.Second),
			scored(float64(i*3%8)/7))) // times and scores repeat
	}
	twin := drafts[0]
	twin.Site, twin.Page = places[1].Site, places[1].ID // two sites may have the same ID
	drafts = append(drafts, twin)
	w.insert(append(drafts, w.draft(onSite(foreign)))...)
	w.view(func(tx store.Tx) error {
		first := site.Ref{Site: drafts[0].Site, ID: twin.ID}
		got, err := tx.CommentsByRef([]site.Ref{first, {Site: twin.Site, ID: twin.ID}, {Site: foreign.Site, ID: twin.ID}})
		if err != nil {
			return err
		}
		if len(got) != 2 || got[0].ID != twin.ID || got[1].ID != twin.ID || got[0].Site == got[1].Site {
			w.Errorf("the comments %s of two sites are %+v", twin.ID, got)
		}
		pages, err := tx.PagesByRef([]site.Ref{{Site: twin.Site, ID: twin.Page}, {Site: foreign.Site, ID: twin.Page}})
		if len(pages) != 1 || pages[0].Site != twin.Site || pages[0].ID != twin.Page {
			w.Errorf("the page %s of one site is %+v", twin.Page, pages)
		}
		return err
	})
	for _, sites := range []int{1, 2, 3, 20, 21, 24} {
		var ids []int64
		for _, p := range places[:sites] {
			ids = append(ids, p.Site)
		}
		high := ids[0]
		suspect := comment.Threshold{Score: 0.5, Other: map[int64]float64{high: 0.8}}
		for _, view := range []comment.View{comment.ViewPending, comment.ViewSuspected} {
			var want []string
			for _, c := range drafts {
				if slices.Contains(ids, c.Site) && (view == comment.ViewPending || c.Verdict.Score >= suspect.On(c.Site)) {
					want = append(want, fmt.Sprint(c.Site, " ", c.ID))
				}
			}
			slices.Sort(want)
			what := fmt.Sprint(sites, " sites, ", view)
			w.view(func(tx store.Tx) error {
				n, err := tx.CountQueue(comment.SiteSet{IDs: ids}, view, suspect, 1000)
				if n != len(want) {
					w.Errorf("%s: counted %d, want %d", what, n, len(want))
				}
				return err
			})
			for _, order := range comment.QueueOrders {
				for _, limit := range []int{1, 3, 100} {
					list := pages(w, comment.QueueQuery{Sites: comment.SiteSet{IDs: ids}, View: view, Suspect: suspect, Order: order,
						Limit: limit}, func() {})
					checkOrder(w, fmt.Sprint(what, " by ", order, ", limit ", limit), order, list)
					got := make([]string, len(list))
					for i, c := range list {
						got[i] = fmt.Sprint(c.Site, " ", c.ID)
					}
					if slices.Sort(got); !slices.Equal(got, want) {
						w.Errorf("%s by %s, limit %d: got %d comments, want %d", what, order, limit, len(got), len(want))
					}
				}
			}
		}
	}
	every := 0 // the store has sites of other tests too
	for _, c := range pages(w, comment.QueueQuery{Sites: comment.SiteSet{IDs: make([]int64, 100), All: true},
		View: comment.ViewPending, Order: comment.OldestFirst, Limit: 20}, func() {}) {
		if slices.ContainsFunc(places, func(p site.Page) bool { return p.Site == c.Site }) {
			every++
		}
	}
	if every != len(drafts) {
		w.Errorf("all sites: got %d comments, want %d", every, len(drafts))
	}
}

// checkOrder checks that a list is sorted.
func checkOrder(w *env, what string, order comment.QueueOrder, list []comment.Comment) {
	key := map[comment.QueueOrder]func(c comment.Comment) float64{
		comment.OldestFirst:   func(c comment.Comment) float64 { return float64(c.CreatedAt.UnixMicro()) },
		comment.NewestFirst:   func(c comment.Comment) float64 { return -float64(c.CreatedAt.UnixMicro()) },
		comment.RiskiestFirst: func(c comment.Comment) float64 { return -c.Verdict.Score },
		comment.CalmestFirst:  func(c comment.Comment) float64 { return c.Verdict.Score },
		comment.UsefulFirst:   func(c comment.Comment) float64 { return math.Abs(c.Verdict.Score - 0.5) },
	}[order]
	if !slices.IsSortedFunc(list, func(a, b comment.Comment) int { return cmp.Compare(key(a), key(b)) }) {
		w.Errorf("%s: not sorted", what)
	}
}
