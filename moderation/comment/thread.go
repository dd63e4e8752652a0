package comment

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aitys/aitys/moderation/problem"
)

// A ThreadOrder is the order of root comments in a thread. Replies are always oldest first.
type ThreadOrder uint8

// The orders of a thread.
const (
	OldestRoots ThreadOrder = iota
	NewestRoots
	TopRoots // most votes first
)

// A ThreadQuery selects shown comments of a page in depth-first order: after the Path After (exclusive), or starting at
// the Path From (inclusive).
type ThreadQuery struct {
	Site  int64
	Page  string
	Order ThreadOrder
	After string
	From  string
	Limit int
}

// A ThreadRequest asks for a slice of a page's comments. Sort is "oldest", "newest" or "top". After is the Next of a
// Thread; Around is a comment ID. At most one of the two may be set.
type ThreadRequest struct {
	PageURL string
	Sort    string
	Limit   int // 1 to 100; 0 means 25
	After   string
	Around  string
}

const (
	defaultThreadPage = 25
	maxThreadPage     = 100
)

var threadSorts = map[string]ThreadOrder{"": OldestRoots, "oldest": OldestRoots, "newest": NewestRoots,
	"top": TopRoots}

// Query validates the request and returns its query without Page. Limit is one more than requested, which shows whether
// more comments follow.
func (req ThreadRequest) Query(site int64) (ThreadQuery, error) {
	order, ok := threadSorts[req.Sort]
	if !ok {
		return ThreadQuery{}, problem.Query("sort", "Sort by oldest, newest or top.")
	}
	if req.Limit < 0 || req.Limit > maxThreadPage {
		return ThreadQuery{}, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", maxThreadPage))
	}
	if req.After != "" && req.Around != "" {
		return ThreadQuery{}, problem.Query("around", "Ask with after or with around, not with both.")
	}
	q := ThreadQuery{Site: site, Order: order, Limit: req.Limit + 1}
	if req.Limit == 0 {
		q.Limit = defaultThreadPage + 1
	}
	if req.After != "" {
		if q.After, ok = readThreadCursor(order, req.After); !ok {
			return ThreadQuery{}, problem.Cursor()
		}
	}
	return q, nil
}

// ThreadCursor encodes the path of the last comment together with the order, because a cursor is valid in one order
// only.
func ThreadCursor(order ThreadOrder, path string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(threadMark(order) + path))
}

func readThreadCursor(order ThreadOrder, cursor string) (path string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", false
	}
	path, ok = strings.CutPrefix(string(raw), threadMark(order))
	return path, ok && IsPath(path)
}

func threadMark(order ThreadOrder) string { return []string{"oldest:", "newest:", "top:"}[order] }
