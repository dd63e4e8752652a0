package table

import (
	"encoding/binary"
	"math/bits"
)

// Hash returns the hash of a token, by its kind and value. It is never 0. A change of it requires a new
// classifier.TokeniserVersion.
func Hash[K ~byte](k K, value []byte) uint64 {
	h := uint64(k) * 0x9E3779B97F4A7C15
	for len(value) >= 8 {
		h = Mix(h ^ binary.LittleEndian.Uint64(value))
		value = value[8:]
	}
	rest := uint64(len(value)) << 56
	switch n := len(value); {
	case n >= 4:
		first, last := binary.LittleEndian.Uint32(value), binary.LittleEndian.Uint32(value[n-4:])
		rest |= uint64(first) | uint64(last)<<(8*(n-4))
	case n > 0:
		rest |= uint64(value[0]) | uint64(value[n/2])<<(8*(n/2)) | uint64(value[n-1])<<(8*(n-1))
	}
	return max(Mix(h^rest), 1) // 0 marks a free slot
}

// Mix returns a hash in which all bits of h affect all bits.
func Mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h^0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
	return hi ^ lo
}
