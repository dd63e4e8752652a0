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

// A QueueFilter narrows a view. What is zero, or nil, lets everything through.
type QueueFilter struct {
	Page, Lang string
	Writer     []byte    // as of a Comment
	Host       string    // of a link in the text or of the writer's website, or what that is below
	Written    string    // the host as people write it
	Least      float64   // score
	Most       *float64  // score
	Since      time.Time // of arrival
	Until      time.Time // of arrival, exclusive
}

// WriterID names a writer in requests, "" for one who is not known.
func WriterID(writer []byte) string { return hex.EncodeToString(writer) }

// filter reads what a request says.
func (req QueueRequest) filter() (f QueueFilter, err error) {
	f = QueueFilter{Page: req.Page, Lang: req.Lang}
	if req.Lang != "" && !slices.Contains(text.Languages, req.Lang) {
		return f, problem.Query("lang", "Ask for "+problem.Among(text.Languages)+".")
	}
	if f.Writer, err = hex.DecodeString(req.Writer); err != nil {
		return f, problem.Query("writer", "Name a writer by the id that the queue's items give.")
	}
	if req.Host != "" {
		web, ok := text.ParseWeb("https://" + req.Host)
		if !ok || strings.ContainsAny(req.Host, "/?#@:") {
			return f, problem.Query("host", "A host is a name such as shop.example, without https:// and path.")
		}
		f.Host, f.Written = web.Host()
	}
	if req.Score != "" {
		least, most, both := strings.Cut(req.Score, "..")
		highest := 1.0
		var bad [2]error
		if f.Least, bad[0] = strconv.ParseFloat(least, 64); both {
			highest, bad[1] = strconv.ParseFloat(most, 64)
			f.Most = &highest
		}
		if bad[0] != nil || bad[1] != nil || !(0 <= f.Least && f.Least <= highest && highest <= 1) {
			return f, problem.Query("score", "Scores are two numbers from 0 to 1, such as 0.95..1.")
		}
	}
	if f.Since, err = moment("since", req.Since, 0); err != nil {
		return f, err
	}
	f.Until, err = moment("until", req.Until, 24*time.Hour)
	return f, err
}

// moment reads a time, or a day of which the end is meant when it is as long as that.
func moment(field, said string, day time.Duration) (time.Time, error) {
	if said == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.DateOnly, said); err == nil {
		return t.Add(day), nil
	}
	t, err := time.Parse(time.RFC3339, said)
	if err != nil || t.Year() < 1 || t.Year() > 9999 {
		return t, problem.Query(field, "Say a day such as 2026-11-21, or a time such as 2026-11-21T09:00:00Z.")
	}
	return t, nil
}

// Leads reports whether a comment has a link to a host or below it, or its writer a website there.
func (c Comment) Leads(host string) bool {
	at := func(address string) bool {
		web, ok := text.ParseWeb(address)
		if !ok {
			return false
		}
		name, _ := web.Host()
		return name == host || strings.HasSuffix(name, "."+host)
	}
	return at(c.Website) || slices.ContainsFunc(markup.Links(c.Fresh().HTML), at)
}
