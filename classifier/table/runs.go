package table

import "iter"

// runColumns are how many columns a run has.
const runColumns = 4

// Runs are where the runs of a text begin and end: of four letters, or of two characters that are ideographs or whole
// syllables, which say as much. The text is valid UTF-8.
func Runs(text []byte) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		from, columns := 0, 0
		for to := 0; to < len(text); {
			size, more := Extent(text[to])
			to += size
			columns += more
			for n, c := Extent(text[from]); columns-c >= runColumns; n, c = Extent(text[from]) {
				from += n
				columns -= c
			}
			if columns >= runColumns && !yield(from, to) {
				return
			}
		}
	}
}

// Extent is how many bytes a character of UTF-8 takes that begins with this one, and how many columns: two from kana to
// Hangul, as on a page.
func Extent(first byte) (size, columns int) {
	switch {
	case first < 0x80:
		return 1, 1
	case first < 0xE0:
		return 2, 1
	case first < 0xE3 || first == 0xEE || first == 0xEF:
		return 3, 1
	case first < 0xF0:
		return 3, 2
	}
	return 4, 1
}
