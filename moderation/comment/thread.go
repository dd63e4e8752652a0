package comment

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aitys/aitys/moderation/problem"
)

// Order orders the roots of a thread; replies are oldest first below each.
type ThreadOrder uint8

// The orders of a thread.
const (
	OldestRoots ThreadOrder = iota
	NewestRoots
	TopRoots // those with most votes
)

// A Query asks for shown comments of a page in depth-first order, after a Path
// (exclusive) or, with From, from it on (inclusive).
type ThreadQuery struct {
	Site  int64
	Page  string
	Order ThreadOrder
	After string
	From  string
	Limit int
}

// A Request asks for a part of a page's comments. Sort is "oldest", "newest" or "top";
// After is a Thread's Next; Around is a comment's id. At most one of the two.
type ThreadRequest struct {
	PageURL string
	Sort    string
	Limit   int // 1 to 100; 0 means 25
	After   string
	Around  string
}

const (
	usualPart = 25
	mostPart  = 100
)

// sorts of a thread.
var threadSorts = map[string]ThreadOrder{"": OldestRoots, "oldest": OldestRoots, "newest": NewestRoots,
	"top": TopRoots}

// Query reads the request but for its page; Limit is one more than asked, to see whether
// more follow.
func (req ThreadRequest) Query(site int64) (ThreadQuery, error) {
	order, ok := threadSorts[req.Sort]
	if !ok {
		return ThreadQuery{}, problem.Query("sort", "Sort by oldest, newest or top.")
	}
	if req.Limit < 0 || req.Limit > mostPart {
		return ThreadQuery{}, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", mostPart))
	}
	if req.After != "" && req.Around != "" {
		return ThreadQuery{}, problem.Query("around", "Ask with after or with around, not with both.")
	}
	q := ThreadQuery{Site: site, Order: order, Limit: req.Limit + 1}
	if req.Limit == 0 {
		q.Limit = usualPart + 1
	}
	if req.After != "" {
		if q.After, ok = readThreadCursor(order, req.After); !ok {
			return ThreadQuery{}, problem.Cursor()
		}
	}
	return q, nil
}

// Cursor is the last comment's path, marked with the order that it belongs to.
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
