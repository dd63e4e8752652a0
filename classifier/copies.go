package classifier

import "github.com/aitys/aitys/classifier/table"

// copies knows what was taught, well enough to notice that nearly the same is taught again: a
// campaign of a thousand comments is one lesson. It keeps half the bands of each fingerprint,
// by label: the same text with another label is no copy but a correction.
type copies struct{ bands table.Table[struct{}] }

const (
	copyBands = table.Bands / 2
	copyFrom  = 10 // bands known: texts alike by four fifths
)

// add notes a lesson and reports whether it is a copy. Short texts never are: "thank you" is
// said by many, and each of them means it.
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
	if known >= copyFrom {
		return true
	}
	for _, b := range own {
		c.bands.At(b)
	}
	return false
}
