package transfer

import (
	"cmp"
	"hash/maphash"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/comment"
)

const onAnotherPage = "it is on another page: the answer stands alone"

// none is no comment, or no page.
const none = -1

// A survey is what is known of a file's comments once it was read, without what they say: some 80 bytes of each.
type survey struct {
	seed    maphash.Seed
	byKey   map[uint64]int32 // of nodes, by hashes of their ids in the file
	nodes   []node
	answers []uint64 // hashes of the ids that nodes answer, or 0
	byURL   map[string]int32
	pages   []dump.Page
	ids     []string // of pages, once they are written
	skipped map[Skip]int
}

// A node is a comment of the file. Its parent is the nearest one above it that is kept.
type node struct {
	id     uuid.UUID
	parent int32
	page   int32
	pass   int16 // in which it was last met
	state  comment.State
	kept   bool
	empty  bool // it was deleted, and only keeps its place
	done   bool
	depth  uint8
}

func newSurvey() *survey {
	return &survey{seed: maphash.MakeSeed(), byKey: map[uint64]int32{}, byURL: map[string]int32{},
		skipped: map[Skip]int{}}
}

func (s *survey) key(id string) uint64 { return max(1, maphash.String(s.seed, id)) }

// skip counts one more thing that is left out. A file may have no end of reasons; those beyond are told as one.
func (s *survey) skip(what, why string) {
	const reasons = 100
	k := Skip{What: what, Why: why}
	if _, known := s.skipped[k]; !known && len(s.skipped) >= reasons {
		k.Why = "for other reasons"
	}
	s.skipped[k]++
}

// add notes a comment by its ids in the file; known: it was there before.
func (s *survey) add(id, parent string, n node) (known bool) {
	key := s.key(id)
	if _, known := s.byKey[key]; known {
		return true
	}
	s.byKey[key] = int32(len(s.nodes))
	s.nodes = append(s.nodes, n)
	answers := uint64(0)
	if parent != "" {
		answers = s.key(parent)
	}
	s.answers = append(s.answers, answers)
	return false
}

// page notes a page by its canonical address, with a comment of some time; what is first said of it counts. It exists
// from its first comment on, or from when it was written, if that is earlier.
func (s *survey) page(p dump.Page, commented time.Time) int32 {
	at, known := s.byURL[p.URL]
	if !known {
		at = int32(len(s.pages))
		s.byURL[p.URL] = at
		s.pages = append(s.pages, p)
		s.ids = append(s.ids, "")
	}
	first := &s.pages[at]
	first.Title = cmp.Or(first.Title, p.Title)
	if !first.At.After(earliest) || commented.Before(first.At) {
		first.At = commented
	}
	return at
}

// settle finds out who answers whom, once the whole file was read: circles are cut, what is left out leaves its
// answers to what is above it, and what is nested too deeply stands as deep as can be.
func (s *survey) settle() {
	for i := range s.nodes {
		n := &s.nodes[i]
		n.parent = none
		if s.answers[i] == 0 {
			continue
		}
		at, known := s.byKey[s.answers[i]]
		switch {
		case !known && n.kept:
			s.skip("parent", "it is not in the file: the answer stands alone")
		case known && s.nodes[at].page != n.page && s.nodes[at].kept && n.kept:
			s.skip("parent", onAnotherPage)
		case known:
			n.parent = at
		}
	}
	s.answers = nil
	order := s.downwards()
	s.keepPlaces()
	for _, i := range order {
		n := &s.nodes[i]
		for n.parent != none && !s.nodes[n.parent].kept {
			n.parent = s.nodes[n.parent].parent // that one is settled: it is kept, or none
		}
		if n.parent == none || !n.kept {
			continue
		}
		if s.nodes[n.parent].page != n.page {
			s.skip("parent", onAnotherPage)
			n.parent = none
			continue
		}
		if s.nodes[n.parent].depth == comment.MaxDepth-1 {
			s.skip("parent", "answers are nested more deeply than can be: it stands beside the one that it answers")
			n.parent = s.nodes[n.parent].parent
		}
		n.depth = s.nodes[n.parent].depth + 1
	}
}

// downwards returns all nodes, each after its parent. Of a circle the one that was met first answers none.
func (s *survey) downwards() []int32 {
	const fresh, above, placed = 0, 1, 2
	order := make([]int32, 0, len(s.nodes))
	at := make([]uint8, len(s.nodes))
	var way []int32
	for i := range s.nodes {
		way = way[:0]
		for up := int32(i); up != none && at[up] != placed; up = s.nodes[up].parent {
			if at[up] == above {
				s.nodes[up].parent = none
				k := slices.Index(way, up)
				way = append(slices.Delete(way, k, k+1), up)
				s.skip("parent", "comments answer one another in a circle: one of them stands alone")
				break
			}
			at[up] = above
			way = append(way, up)
		}
		for _, n := range slices.Backward(way) {
			at[n] = placed
			order = append(order, n)
		}
	}
	return order
}

// keepPlaces leaves out what was deleted without a text, unless an answer needs its place.
func (s *survey) keepPlaces() {
	needed := make([]bool, len(s.nodes))
	for i := range s.nodes {
		if !s.nodes[i].kept || s.nodes[i].empty {
			continue
		}
		for up := s.nodes[i].parent; up != none && !needed[up]; up = s.nodes[up].parent {
			needed[up] = true
		}
	}
	for i := range s.nodes {
		if n := &s.nodes[i]; n.kept && n.empty && !needed[i] {
			n.kept = false
			s.skip("comment", "it was deleted, and nothing of it is left")
		}
	}
}

// report says what was found.
func (s *survey) report() Report {
	r := Report{Skipped: []Skip{}, Notes: []string{}}
	pages := make([]bool, len(s.pages))
	for _, n := range s.nodes {
		if !n.kept {
			continue
		}
		r.Comments++
		pages[n.page] = true
		*[]*int{&r.Pending, &r.Approved, &r.Rejected, &r.Spam, &r.Removed}[n.state]++
	}
	for _, has := range pages {
		if has {
			r.Pages++
		}
	}
	for k, n := range s.skipped {
		k.Count = n
		r.Skipped = append(r.Skipped, k)
	}
	slices.SortFunc(r.Skipped, func(a, b Skip) int {
		return cmp.Or(cmp.Compare(a.What, b.What), b.Count-a.Count, cmp.Compare(a.Why, b.Why))
	})
	return r
}
