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
const TokeniserVersion = 11

// Limits of Read. Links are found in the whole text, whatever its length.
const (
	maxText  = 40_000 // bytes of folded text: 10,000 characters, the limit of a comment, of four bytes
	maxWord  = 40     // letters in a word token; the 4-grams of a longer word continue
	maxLinks = 64     // links that become tokens; the link count includes all
	maxValue = 200    // bytes of any other token
	longName = 3      // words from which an author's name is also read as text
	allGrams = 2_000  // bytes of folded text up to which every 4-gram is a token
)

// kind is the type of a token. A token's key in the count store is the kind's letter, then the value.
type kind byte

const (
	kindWord       kind = 'w'
	kindGram       kind = 'c'
	kindHost       kind = 'h'
	kindDomain     kind = 'd'
	kindTLD        kind = 't'
	kindPath       kind = 'p'
	kindMail       kind = 'm'
	kindMention    kind = '@'
	kindTrait      kind = '!'
	kindPair       kind = 'b' // two adjacent words
	kindFirstWord  kind = 'f' // the first word
	kindCapitals   kind = 'u' // a word in capitals
	kindName       kind = 'a' // the author's whole name
	kindNameWord   kind = 'n' // a word of the author's name
	kindAuthorMail kind = 'e' // the domain of the author's e-mail
	kindAuthorSite kind = 's' // the author's website: host and domain
	kindHasWebsite kind = 'l' // the author gave a website
)

var kindNames = map[kind]string{
	kindWord:       "word",
	kindGram:       "gram",
	kindHost:       "host",
	kindDomain:     "domain",
	kindTLD:        "tld",
	kindPath:       "path",
	kindMail:       "mail",
	kindMention:    "mention",
	kindTrait:      "trait",
	kindPair:       "words",
	kindFirstWord:  "first",
	kindCapitals:   "capitals",
	kindName:       "name",
	kindNameWord:   "name_word",
	kindAuthorMail: "writer_mail",
	kindAuthorSite: "writer_site",
	kindHasWebsite: "website",
}

// token is one distinct feature of a comment. Its value is text[off:off+size] of the document.
type token struct {
	hash     uint64
	off      uint32
	size     uint16
	kind     kind
	appended bool // the value follows the folded text, because it does not occur there
}

// occurrence places a token in a word of the text, by their numbers.
type occurrence struct{ token, word uint32 }

// A Document is a tokenised comment. It is immutable and may be shared.
type Document struct {
	text         string // folded text, then hosts, traits and fields
	folded       int    // length of the folded text
	tokens       []token
	places       []occurrence // in order of word; nil if the text has too few words for excerpts
	words        int
	linkSpans    [][2]int // spans of links and mentions in the folded text
	discountable bool     // no link, e-mail address, telephone number, money, website or disguise
	prior        float64  // prior logit of spam by the comment's shape, in nats
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
	marks := r.shape.marks[:0]
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
	r.shape.marks = marks
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
	for _, c := range r.shape.marks {
		r.put(kindTrait, "sign=", string(c))
	}
	r.inText = true
	r.text = append(r.text, ' ')
	changed := s != typed
	for s != "" {
		if n := r.readFast(s, home); n > 0 {
			s = s[n:]
			continue
		}
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
			if host, _, _ := splitLink(a.URL); !slices.Contains(r.hosts, host) {
				r.link(a.URL)
			}
		}
	}
	r.inText = false
}

// readFast reads the chunk at the start of s and the space after it, if the chunk is plain words and punctuation
// without a possible link or disguise. It has the effect of chunk in one pass. It returns the number of bytes read, or
// 0.
func (r *reader) readFast(s string, home script) int {
	end, pointed := 0, false
	for end < len(s) {
		c := s[end]
		if c >= utf8.RuneSelf && (c < 0xD0 || c > 0xD3) {
			return 0
		}
		_, size, n := next(s, end)
		if n&blank != 0 {
			break
		}
		if n&(slow|odd) != 0 || pointed && n&ofWord != 0 {
			return 0
		}
		pointed = pointed || n&pointing != 0
		end += size
	}
	if end == 0 || len(r.text) > maxText {
		return 0
	}
	for i := 0; i < end; {
		if c, size, n := next(s, i); n&ofWord == 0 {
			if i += size; c == '!' || c == '?' {
				r.text = append(r.text, byte(c))
				r.addWordTokens(len(r.text)-1, 1)
			}
		} else {
			i += r.readWordFast(s[i:end], home)
		}
	}
	return min(end+1, len(s))
}

// readWordFast is readWord for the word of letters at the start of s. It returns the word's length.
func (r *reader) readWordFast(s string, home script) int {
	off := len(r.text)
	var seen runeProps
	var last rune
	letters, capitals, same, end := 0, 0, 0, 0
	for end < len(s) {
		c, size, n := next(s, end)
		if n&ofWord == 0 {
			break
		}
		end += size
		letters++
		capitals += int(n & capital / capital)
		if c = lower(c); c != last {
			same = 0
			last = c
		} else if same++; same == 2 {
			n |= slow
		}
		seen |= n
		if size == 1 {
			r.text = append(r.text, byte(c))
		} else {
			r.text = append(r.text, byte(0xC0|c>>6), byte(0x80|c&0x3F))
		}
	}
	if letters > maxWord || seen&slow != 0 || seen&barlike != 0 && letters > 1 ||
		seen&(inLatin|inCyrillic) == inLatin|inCyrillic {
		r.text = r.text[:off]
		r.readWord(s[:end], home)
		return end
	}
	if capitals == letters && end > 1 {
		r.putCommentToken(kindCapitals, "", s[:end])
	}
	r.addWordTokens(off, len(r.text)-off)
	return end
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
	held, bars := repeatsAndBars(r.scratch)
	if held {
		r.addSeenWords(collapseRepeats(r.plain[:0], r.scratch), home)
	}
	if bars {
		r.addSeenWords(barsAsL(r.plain[:0], r.scratch), home)
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
