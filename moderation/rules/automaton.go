package rules

import (
	"bytes"
	"cmp"
	"slices"
)

// An automaton finds all of its words in one pass over a text (Aho and Corasick, Efficient String Matching, 1975,
// https://doi.org/10.1145/360825.360855). Its nodes are the prefixes of the words, ordered by length. So the children
// of a node are adjacent.
type automaton struct {
	root  [256]int32 // node for each first byte; 0: the root
	nodes []node
	last  []byte // last byte of each node
}

// A node is a prefix of one or more words.
type node struct {
	first, end int32 // range of children: first to past, exclusive
	fail       int32 // node of its longest proper suffix that is also a prefix of a word
	word       int32 // word that equals the prefix; -1: none
	shorter    int32 // node of its longest proper suffix that is a word; 0: none
	length     int32
}

// newAutomaton returns an automaton for words, which must be distinct and not empty.
func newAutomaton(words []string) *automaton {
	order := make([]int32, len(words))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Compare(words[a], words[b]) })
	a := &automaton{nodes: []node{{word: -1}}, last: []byte{0}}
	type span struct{ from, to int } // range of order: the words that start with the prefix
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
		a.nodes[n].end = int32(len(a.nodes))
	}
	for n := range a.nodes { // the suffixes of a node come before it
		for child := a.nodes[n].first; child < a.nodes[n].end; child++ {
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

// next returns the node after reading b: a child, or the node of the longest suffix that can be extended by b.
func (a *automaton) next(n int32, b byte) int32 {
	for n != 0 {
		from := &a.nodes[n]
		if i := bytes.IndexByte(a.last[from.first:from.end], b); i >= 0 {
			return from.first + int32(i)
		}
		n = from.fail
	}
	return a.root[b]
}

// each calls fn for each occurrence of a word in text, with the index of the word and its byte range.
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
