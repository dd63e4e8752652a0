package classifier

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/aitys/aitys/classifier/address"
	"github.com/aitys/aitys/classifier/table"
)

// TokeniserVersion changes whenever Read returns other tokens or another fingerprint for the same comment. A model of
// another version is discarded and folded again from its lessons.
const TokeniserVersion = 12

// Limits of Read. Links are found in the whole text, whatever its length.
const (
	maxText  = 40_000 // bytes of folded text: 10,000 characters, the limit of a comment, of four bytes
	maxWord  = 40     // letters in a word token; the 4-grams of a longer word continue
	maxLinks = 64     // links that become tokens; the link count includes all
	maxValue = 200    // bytes of any other token
	allGrams = 2_000  // bytes of folded text up to which every 4-gram is a token
)

// A Document is a tokenised comment. It is immutable and may be shared.
type Document struct {
	text         string // folded text, then domains, traits and fields
	folded       int    // length of the folded text
	tokens       []token
	places       []occurrence // in order of word; nil if the text has too few words for excerpts
	words        int
	linkSpans    [][2]int     // spans of links and mentions in the folded text
	discountable bool         // no link, e-mail address, telephone number, money, website or disguise
	prior        float64      // prior logit of spam by the comment's shape, in nats
	unquoted     *Fingerprint // of a text with quotes
}

// Read tokenises a comment. It accepts any bytes.
func Read(c Comment) Document {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.reset()
	r.fold(c.Text)
	r.grams()
	r.traits()
	r.author(c)
	d := Document{
		text:         string(append(r.text, r.more...)),
		folded:       len(r.text),
		tokens:       slices.Clone(r.tokens),
		words:        r.words,
		linkSpans:    slices.Clone(r.linkSpans),
		discountable: !r.shape.hasContact() && !r.shape.hasDisguise(r.words) && strings.TrimSpace(c.URL) == "",
		prior:        r.shape.prior(),
	}
	if own, quotes := withoutQuotes(c.Text); quotes {
		f := fingerprintOf(own)
		d.unquoted = &f
	}
	for i, t := range d.tokens {
		if t.appended {
			d.tokens[i].off += uint32(len(r.text))
		}
	}
	if r.words > excerptAbove {
		d.places = slices.Clone(r.places)
	}
	return d
}

// reader is the state of one Read. A pool reuses its memory.
type reader struct {
	text     []byte // folded text
	more     []byte // token values that do not occur in text
	tokens   []token
	places   []occurrence
	index    index
	words    int
	inText   bool // add records that the token occurs in the current word, number words
	textOnly bool // make no tokens

	shape         shape
	scratch, word []rune
	plain         []rune // scratch of undisguise
	odd           bool   // some letters are not on the keyboards for English, Russian and Kazakh
	turkic        bool   // ı is a letter of the text's alphabet
	linkSpans     [][2]int
	hosts         []string // hosts of the links, up to maxLinks
	prevWord      int      // start of the previous word in text, or -1
}

var readers = sync.Pool{New: func() any { return new(reader) }}

func (r *reader) reset() {
	*r = reader{
		text:      r.text[:0],
		more:      r.more[:0],
		tokens:    r.tokens[:0],
		places:    r.places[:0],
		index:     r.index,
		scratch:   r.scratch[:0],
		word:      r.word[:0],
		plain:     r.plain[:0],
		linkSpans: r.linkSpans[:0],
		hosts:     r.hosts[:0],
		prevWord:  -1,
	}
	r.index.clear()
}

// add adds the token with the value text[off:off+size], unless the document has it already.
func (r *reader) add(k kind, off, size int, hash uint64) {
	if r.textOnly {
		return
	}
	at, fresh := r.index.find(hash)
	if fresh {
		r.tokens = append(r.tokens, token{hash: hash, off: uint32(off), size: uint16(size), kind: k})
	}
	if r.inText {
		r.places = append(r.places, occurrence{token: uint32(at), word: uint32(r.words)})
	}
}

// put adds a token whose value, name+value, does not occur in the text.
func (r *reader) put(k kind, name, value string) {
	off := len(r.more)
	r.more = append(r.more, name...)
	r.more = append(r.more, value[:min(len(value), maxValue)]...)
	n := len(r.tokens)
	if len(r.more) > off {
		r.add(k, off, len(r.more)-off, table.Hash(k, r.more[off:]))
	}
	if len(r.tokens) == n {
		r.more = r.more[:off]
	} else {
		r.tokens[n].appended = true
	}
}

// putCommentToken is put for a token of the whole comment, not of the word in which it was found.
func (r *reader) putCommentToken(k kind, name, value string) {
	in := r.inText
	r.inText = false
	r.put(k, name, value)
	r.inText = in
}

// fold appends the folded text to r.text, and adds the tokens of its words. Folded text is lower-case words with one
// space between them.
func (r *reader) fold(s string) {
	var hrefs []string
	bare := strings.TrimSpace(s)
	first, _ := utf8.DecodeRuneInString(bare)
	last, _ := utf8.DecodeLastRuneInString(bare)
	typed := s
	s, natures := normalise(s, func(a string) { hrefs = append(hrefs, a) }, &r.shape)
	home := mainScript(r.shape.scripts)
	r.shape.first, r.shape.last = first, last
	r.odd = natures&odd != 0
	r.turkic = r.odd && strings.ContainsRune(s, 'ı') && strings.ContainsAny(s, "çğöşüÇĞÖŞÜİ")
	r.inText = true
	r.text = append(r.text, ' ')
	changed := s != typed
	for s != "" {
		chunk := s
		if n := strings.IndexFunc(s, space); n >= 0 {
			chunk, s = s[:n], strings.TrimLeftFunc(s[n:], space)
		} else {
			s = ""
		}
		if chunk != "" {
			r.chunk(chunk, home)
		}
	}
	for _, a := range hrefs {
		r.link(a)
	}
	if changed && r.shape.links < maxLinks { // normalisation made ASCII of full-width punctuation that ended an address
		for _, a := range address.Find(typed) {
			if host, _ := splitLink(a.URL); !slices.Contains(r.hosts, host) {
				r.link(a.URL)
			}
		}
	}
	r.inText = false
}

// chunk reads the text between two spaces: words and addresses. If package address finds no address, the whole chunk
// may be a bare host, an e-mail address or a mention.
func (r *reader) chunk(chunk string, home script) {
	if r.odd && len(r.text) <= maxText && strings.ContainsFunc(chunk, uncommonLetter) {
		r.undisguise(chunk, home)
	}
	found := address.Find(chunk)
	if found == nil {
		bare := strings.TrimFunc(chunk, func(c rune) bool {
			return !wordRune(c) && c != '@' && c != '/' && (unicode.IsPunct(c) || unicode.IsSymbol(c))
		})
		r.wordsOf(chunk, r.link(bare) || r.address(bare), home)
		return
	}
	at := 0
	for _, a := range found {
		r.wordsOf(chunk[at:a.From], false, home)
		r.link(a.URL)
		r.wordsOf(chunk[a.From:a.To], true, home)
		at = a.To
	}
	r.wordsOf(chunk[at:], false, home)
}

// wordsOf reads the words of a part of a chunk. aside marks the part as an address or a mention.
func (r *reader) wordsOf(part string, aside bool, home script) {
	if len(r.text) > maxText {
		return
	}
	from := len(r.text)
	for part != "" {
		c, n := utf8.DecodeRuneInString(part)
		switch {
		case wordRune(c):
			n = wordEnd(part)
			r.readWord(part[:n], home)
		case isEmoji(c), unicode.IsSymbol(c), c == '!', c == '?':
			r.addWord(append(r.word[:0], c))
		}
		part = part[n:]
	}
	if aside && len(r.linkSpans) < maxLinks {
		r.linkSpans = append(r.linkSpans, [2]int{from, len(r.text)})
	}
}

// ideograph reports whether c is a Chinese character. Each is a word of its own, because Chinese has no spaces.
func ideograph(c rune) bool { return c >= 0x2E80 && unicode.Is(unicode.Han, c) }

// wordEnd returns the end of the word at the start of s. Between letters, apostrophes and the signs @ and $, which
// replace letters, belong to the word.
func wordEnd(s string) int {
	end := 0
	for i, c := range s {
		switch {
		case ideograph(c):
			return cmp.Or(end, utf8.RuneLen(c))
		case wordRune(c):
			end = i + utf8.RuneLen(c)
		case end == i && (c == '@' || c == '$' || c == '\'' || c == '’'):
		default:
			return lastAt(s, end)
		}
	}
	return lastAt(s, end)
}

// lastAt returns end, or end+1 if an @ there replaces the last letter of a word.
func lastAt(s string, end int) int {
	before, _ := utf8.DecodeLastRuneInString(s[:end])
	after, _ := utf8.DecodeRuneInString(s[min(len(s), end+1):])
	if end < len(s) && s[end] == '@' && unicode.IsLetter(before) && !wordRune(after) {
		return end + 1
	}
	return end
}

func (r *reader) readWord(raw string, home script) {
	r.addWordTraits(raw)
	r.scratch = r.scratch[:0]
	for _, c := range raw {
		if c != '\'' && c != '’' {
			r.scratch = append(r.scratch, c)
		}
	}
	r.word = foldWord(r.word[:0], r.scratch, home, &r.shape.disguises)
	r.addWord(r.word)
	if repeatsLetter(r.scratch) {
		r.addSeenWords(collapseRepeats(r.plain[:0], r.scratch), home)
	}
}

func (r *reader) addWord(w []rune) {
	off := len(r.text)
	size := 0
	for i, c := range w {
		r.text = utf8.AppendRune(r.text, c)
		if i < maxWord {
			size = len(r.text) - off
		}
	}
	r.addWordTokens(off, size)
}

// addWordTokens adds the tokens of the last word in the text: the word itself, text[off:off+size], and its pair with
// the previous word, or the first-word token.
func (r *reader) addWordTokens(off, size int) {
	r.add(kindWord, off, size, table.Hash(kindWord, r.text[off:off+size]))
	switch {
	case r.prevWord < 0:
		r.putCommentToken(kindFirstWord, "", string(r.text[off:off+size]))
	case off+size-r.prevWord <= maxValue:
		r.add(kindPair, r.prevWord, off+size-r.prevWord, table.Hash(kindPair, r.text[r.prevWord:off+size]))
	}
	r.prevWord = off
	r.text = append(r.text, ' ')
	r.words++
}

// grams adds the 4-grams of the folded text. Of a text longer than allGrams it adds half, of one twice as long
// a quarter, and so on, always the same ones. A long text has enough words, and each 4-gram costs a look-up.
func (r *reader) grams() {
	words := r.words
	r.words, r.inText = 0, true
	skip := uint64(1)<<bits.Len(uint(len(r.text)/allGrams)) - 1
	at := 1
	for from, to := range table.Grams(r.text) {
		for ; at < from; at++ {
			if r.text[at] == ' ' {
				r.words++
			}
		}
		// The first and last bits of the hash are left to the tables.
		if h := table.Hash(kindGram, r.text[from:to]); h>>24&skip == 0 {
			r.add(kindGram, from, to-from, h)
		}
	}
	r.words, r.inText = words, false
}
