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

const onAnotherPage = "it is on another page: the reply becomes a top-level comment"

// none is the index of no comment and no page.
const none = -1

// A survey describes the comments of a file after the first reading, without their texts. It takes some 80 bytes per
// comment.
type survey struct {
	seed    maphash.Seed
	byKey   map[uint64]int32 // indexes of nodes, by hash of the ID in the file
	nodes   []node
	parents []uint64 // by node: hash of the parent's ID in the file, or 0
	byURL   map[string]int32
	pages   []dump.Page
	ids     []string // by page: its ID once it is written
	skipped map[Skip]int
}

// A node is a comment of the file. After resolveParents, parent is the nearest kept ancestor.
type node struct {
	id     uuid.UUID
	parent int32
	page   int32
	pass   int16 // the last pass that read it
	state  comment.State
	kept   bool // it is imported
	empty  bool // it was deleted and only keeps its place
	done   bool // it is written, or is in a batch
	depth  uint8
}

func newSurvey() *survey {
	return &survey{seed: maphash.MakeSeed(), byKey: map[uint64]int32{}, byURL: map[string]int32{},
		skipped: map[Skip]int{}}
}

func (s *survey) key(id string) uint64 { return max(1, maphash.String(s.seed, id)) }

// skip counts a skipped thing. After a hundred different reasons, further ones are counted as one.
func (s *survey) skip(what, why string) {
	const reasons = 100
	k := Skip{What: what, Why: why}
	if _, known := s.skipped[k]; !known && len(s.skipped) >= reasons {
		k.Why = "for other reasons"
	}
	s.skipped[k]++
}

// add adds a comment with its ID and parent in the file. It reports whether the ID is known already.
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
	s.parents = append(s.parents, answers)
	return false
}

// page returns the index of the page with a canonical address, and adds the page if it is new. The first title counts.
// The page's creation time is its time in the file or that of its first comment, whichever is earlier.
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

// resolveParents sets the parents of all nodes after the whole file was read. It cuts cycles, attaches the replies of a
// skipped comment to its nearest kept ancestor, and limits the depth.
func (s *survey) resolveParents() {
	for i := range s.nodes {
		n := &s.nodes[i]
		n.parent = none
		if s.parents[i] == 0 {
			continue
		}
		at, known := s.byKey[s.parents[i]]
		switch {
		case !known && n.kept:
			s.skip("parent", "it is not in the file: the reply becomes a top-level comment")
		case known && s.nodes[at].page != n.page && s.nodes[at].kept && n.kept:
			s.skip("parent", onAnotherPage)
		case known:
			n.parent = at
		}
	}
	s.parents = nil
	order := s.topological()
	s.dropEmpty()
	for _, i := range order {
		n := &s.nodes[i]
		for n.parent != none && !s.nodes[n.parent].kept {
			n.parent = s.nodes[n.parent].parent // resolved before: a kept node, or none
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
			s.skip("parent", "replies are nested too deeply: the reply moves up one level")
			n.parent = s.nodes[n.parent].parent
		}
		n.depth = s.nodes[n.parent].depth + 1
	}
}

// topological returns the indexes of all nodes, each after its parent. It removes the parent of the first node of a
// cycle.
func (s *survey) topological() []int32 {
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
				s.skip("parent", "comments reply to one another in a cycle: one becomes a top-level comment")
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

// dropEmpty skips deleted comments without text, unless a kept reply needs their place.
func (s *survey) dropEmpty() {
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
			s.skip("comment", "it was deleted and has no text")
		}
	}
}

// report returns the counts of the survey.
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
