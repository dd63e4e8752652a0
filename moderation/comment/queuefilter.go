package comment

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/markup"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
)

// A QueueFilter filters a view. Zero or nil fields match everything.
type QueueFilter struct {
	Page, Lang string
	Writer     []byte    // Comment.Writer
	Host       string    // host, or parent domain of the host, of a link in the text or of the website
	HostText   string    // the host in Unicode form
	MinScore   float64   // lowest score
	MaxScore   *float64  // highest score
	Since      time.Time // submitted at or after
	Until      time.Time // submitted before
}

// WriterID returns the ID of a commenter in requests, "" if unknown.
func WriterID(writer []byte) string { return hex.EncodeToString(writer) }

// filter parses the filters of a request.
func (req QueueRequest) filter() (f QueueFilter, err error) {
	f = QueueFilter{Page: req.Page, Lang: req.Lang}
	if req.Lang != "" && !slices.Contains(text.Languages, req.Lang) {
		return f, problem.Query("lang", "Ask for "+problem.Among(text.Languages)+".")
	}
	if f.Writer, err = hex.DecodeString(req.Writer); err != nil {
		return f, problem.Query("writer", "Use a writer ID from the items of the queue.")
	}
	if req.Host != "" {
		web, ok := text.ParseWebURL("https://" + req.Host)
		if !ok || strings.ContainsAny(req.Host, "/?#@:") {
			return f, problem.Query("host", "A host is a name such as shop.example, without https:// and path.")
		}
		f.Host, f.HostText = web.Host()
	}
	if req.Score != "" {
		least, most, both := strings.Cut(req.Score, "..")
		highest := 1.0
		var bad [2]error
		if f.MinScore, bad[0] = strconv.ParseFloat(least, 64); both {
			highest, bad[1] = strconv.ParseFloat(most, 64)
			f.MaxScore = &highest
		}
		if bad[0] != nil || bad[1] != nil || !(0 <= f.MinScore && f.MinScore <= highest && highest <= 1) {
			return f, problem.Query("score", "Scores are two numbers from 0 to 1, such as 0.95..1.")
		}
	}
	if f.Since, err = parseTime("since", req.Since, 0); err != nil {
		return f, err
	}
	f.Until, err = parseTime("until", req.Until, 24*time.Hour)
	return f, err
}

// parseTime parses a time or a day. A day means its start plus day, so 24 hours give its end.
func parseTime(field, said string, day time.Duration) (time.Time, error) {
	if said == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, said); err == nil {
		return t.Add(day), nil
	}
	t, err := time.Parse(time.RFC3339, said)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return t, problem.Query(field, "Use a day such as 2026-11-21, or a time such as 2026-11-21T09:00:00Z.")
	}
	return t, nil
}

// Leads reports whether the comment links to a host or its subdomains, or the commenter's website is there.
func (c Comment) Leads(host string) bool {
	at := func(address string) bool {
		web, ok := text.ParseWebURL(address)
		if !ok {
			return false
		}
		name, _ := web.Host()
		return name == host || strings.HasSuffix(name, "."+host)
	}
	return at(c.Website) || slices.ContainsFunc(markup.Links(c.HTML()), at)
}
