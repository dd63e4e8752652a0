package classifier

import "github.com/aitys/aitys/classifier/table"

// copies recognises near-duplicate lessons, so that a campaign of a thousand comments counts as one lesson. It stores
// half the bands of each lesson's fingerprint, hashed with the label: the same text with another label is a correction,
// not a copy.
type copies struct{ bands table.Table[struct{}] }

const (
	copyBands    = table.Bands / 2 // bands stored of a lesson
	minCopyBands = 10              // known bands that make a copy; texts of similarity 0.8 have as many
)

// add stores a lesson and reports whether it is a near-duplicate of earlier ones. Short texts never are, because many
// commenters write "thank you" independently.
func (c *copies) add(d Document, l Label) bool {
	own := d.Fingerprint().Bands()
	if own == nil {
		return false
	}
	known := 0
	own = own[:copyBands]
	for i, b := range own {
		own[i] = max(1, table.Mix(b^uint64(l)))
		if _, ok := c.bands.Get(own[i]); ok {
			known++
		}
	}
	if known >= minCopyBands {
		return true
	}
	for _, b := range own {
		c.bands.At(b)
	}
	return false
}
