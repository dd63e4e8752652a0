// Package thread is what readers ask of the comments of a page: an order, a part of it, and where the next
// part begins.
//
// It reads requests and cursors, both of them strangers' bytes, and makes queries of them; what readers
// are shown is decided in package moderation.
package thread

import (
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
)

// Order orders the roots of a thread; replies are oldest first below each.
type Order uint8

// The orders of a thread.
const (
	Oldest Order = iota
	Newest
)

// A Query asks for shown comments of a page in depth-first order, after a Path
// (exclusive) or, with From, from it on (inclusive).
type Query struct {
	Site  int64
	Page  string
	Order Order
	After string
	From  string
	Limit int
}

// A Request asks for a part of a page's comments. Sort is "oldest", "newest" or "top";
// After is a Thread's Next; Around is a comment's id. At most one of the two.
type Request struct {
	PageURL string
	Sort    string
	Limit   int // 1 to 100; 0 means 25
	After   string
	Around  string
}

const (
	usual = 25
	most  = 100
)

// sorts of a thread; until there are votes, "top" is by age.
var sorts = map[string]Order{"": Oldest, "oldest": Oldest, "newest": Newest, "top": Oldest}

// Query reads the request but for its page; Limit is one more than asked, to see whether
// more follow.
func (req Request) Query(site int64) (Query, error) {
	order, ok := sorts[req.Sort]
	if !ok {
		return Query{}, problem.Query("sort", "Sort by oldest, newest or top.")
	}
	if req.Limit < 0 || req.Limit > most {
		return Query{}, problem.Query("limit", fmt.Sprintf("A limit is a number from 1 to %d.", most))
	}
	if req.After != "" && req.Around != "" {
		return Query{}, problem.Query("around", "Ask with after or with around, not with both.")
	}
	q := Query{Site: site, Order: order, Limit: req.Limit + 1}
	if req.Limit == 0 {
		q.Limit = usual + 1
	}
	if req.After != "" {
		if q.After, ok = readCursor(order, req.After); !ok {
			return Query{}, problem.Cursor()
		}
	}
	return q, nil
}

// Cursor is the last comment's path, marked with the order that it belongs to.
func Cursor(order Order, path string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(orderMark(order) + path))
}

func readCursor(order Order, cursor string) (path string, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return "", false
	}
	path, ok = strings.CutPrefix(string(raw), orderMark(order))
	return path, ok && comment.IsPath(path)
}

func orderMark(order Order) string { return []string{"oldest:", "newest:"}[order] }
