package comment

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"time"
)

// A QueueCursor identifies the last comment of the previous page.
type QueueCursor struct {
	At    time.Time
	ID    string
	Score float64
	Site  int64
}

// CursorOf returns the cursor of the page that starts after c.
func CursorOf(c Comment) *QueueCursor {
	return &QueueCursor{At: c.CreatedAt, ID: c.ID, Score: c.Verdict.Score, Site: c.Site}
}

// Encode encodes the cursor as an opaque string. It includes the order, because a cursor is valid in one order only.
func (c QueueCursor) Encode(order QueueOrder) string {
	raw := []byte{order[0]}
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.At.UnixMicro()))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(c.Score))
	raw = append(append(raw, c.ID...), '/')
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(raw, c.Site, 10))
}

// readQueueCursor returns nil if text is not a cursor of that order.
func readQueueCursor(order QueueOrder, text string) *QueueCursor {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) < 18 || len(raw) > 80 || raw[0] != order[0] {
		return nil
	}
	id, site, whole := strings.Cut(string(raw[17:]), "/")
	c := QueueCursor{
		At:    time.UnixMicro(int64(binary.BigEndian.Uint64(raw[1:]))).UTC(),
		Score: math.Float64frombits(binary.BigEndian.Uint64(raw[9:])),
		ID:    id,
	}
	if c.Site, err = strconv.ParseInt(site, 10, 64); err != nil && whole { // older versions left out the site
		return nil
	}
	if id == "" || !(c.Score >= 0 && c.Score <= 1) || strings.ContainsFunc(c.ID, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil
	}
	return &c
}
