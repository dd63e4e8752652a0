package rules

import (
	"bytes"
	"cmp"
	"slices"
)

// An automaton finds all of its words in one pass over a text, whatever their number: Aho and Corasick, Efficient
// String Matching (1975), https://doi.org/10.1145/360825.360855. Its nodes are the beginnings of the words, those
// of one length after those shorter by one byte, so that the nodes that go on from one stand in a row.
type automaton struct {
	root  [256]int32 // where each first byte leads; 0: back to the root
	nodes []node
	last  []byte // of what each node is
}

// A node is the beginning of some words.
type node struct {
	first, past int32 // the nodes that go on from here
	fail        int32 // of the longest proper end of it that begins a word, too
	word        int32 // that it is all of; -1: none
	shorter     int32 // the next of its ends, the longest first, that is all of a word; 0: none
	length      int32
}

// newAutomaton makes one of words, none of which is empty or stands twice.
func newAutomaton(words []string) *automaton {
	order := make([]int32, len(words))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(words[a], words[b]) })
	a := &automaton{nodes: []node{{word: -1}}, last: []byte{0}}
	type span struct{ from, to int } // of order: the words that a node begins
	spans := []span{{0, len(order)}}
	for n := int32(0); n < int32(len(a.nodes)); n++ {
		s, length := spans[n], int(a.nodes[n].length)
		if s.from < s.to && len(words[order[s.from]]) == length {
			a.nodes[n].word = order[s.from]
			s.from++
		}
		a.nodes[n].first = int32(len(a.nodes))
		for s.from < s.to {
			last, to := words[order[s.from]][length], s.from+1
			for to < s.to && words[order[to]][length] == last {
				to++
			}
			if n == 0 {
				a.root[last] = int32(len(a.nodes))
			}
			a.nodes = append(a.nodes, node{word: -1, length: int32(length) + 1})
			a.last = append(a.last, last)
			spans = append(spans, span{s.from, to})
			s.from = to
		}
		a.nodes[n].past = int32(len(a.nodes))
	}
	for n := range a.nodes { // a node comes after the ends of it
		for child := a.nodes[n].first; child < a.nodes[n].past; child++ {
			c := &a.nodes[child]
			if n != 0 {
				c.fail = a.next(a.nodes[n].fail, a.last[child])
			}
			if c.shorter = c.fail; c.fail != 0 && a.nodes[c.fail].word < 0 {
				c.shorter = a.nodes[c.fail].shorter
			}
		}
	}
	return a
}

// next is where a byte leads from a node: on, or to the longest end of what was read that goes on.
func (a *automaton) next(n int32, b byte) int32 {
	for n != 0 {
		from := &a.nodes[n]
		if i := bytes.IndexByte(a.last[from.first:from.past], b); i >= 0 {
			return from.first + int32(i)
		}
		n = from.fail
	}
	return a.root[b]
}

// each calls fn with each word that stands in a text, by its number, and where.
func (a *automaton) each(text string, fn func(word, from, to int)) {
	if len(a.nodes) == 1 {
		return
	}
	at := int32(0)
	for i := range len(text) {
		at = a.next(at, text[i])
		end := at
		if end != 0 && a.nodes[end].word < 0 {
			end = a.nodes[end].shorter
		}
		for ; end != 0; end = a.nodes[end].shorter {
			n := &a.nodes[end]
			fn(int(n.word), i+1-int(n.length), i+1)
		}
	}
}
