package table

import "iter"

// gramColumns is the width of a 4-gram in columns.
const gramColumns = 4

// Grams returns an iterator over the bounds of the overlapping 4-grams of a text, which must be valid UTF-8. A 4-gram
// has four columns: four letters, or two ideographs or syllables, which carry as much information.
func Grams(text []byte) iter.Seq2[int, int] {
	return func(yield func(from, to int) bool) {
		from, columns := 0, 0
		for to := 0; to < len(text); {
			size, more := Extent(text[to])
			to += size
			columns += more
			for n, c := Extent(text[from]); columns-c >= gramColumns; n, c = Extent(text[from]) {
				from += n
				columns -= c
			}
			if columns >= gramColumns && !yield(from, to) {
				return
			}
		}
	}
}

// Extent returns the number of bytes and of columns of the UTF-8 character with the given first byte. Characters from
// kana to Hangul have two columns, as on a terminal.
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
