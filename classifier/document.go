package classifier

import (
	"math/bits"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// TokeniserVersion is raised whenever Read makes other tokens of the same comment. Models of
// another version are thrown away and folded anew.
const TokeniserVersion = 5

// What Read looks at. Links are looked for in all of the text, whatever its length.
const (
	maxText   = 40_000 // bytes of folded text: the comment limit of 10,000 characters
	maxWord   = 40     // letters of a word's own token; its 4-grams go on
	maxLinks  = 64     // links that become tokens; all are counted
	maxValue  = 200    // bytes of any other token
	gramRunes = 4
	longName  = 3     // words of a name that says something
	allGrams  = 2_000 // bytes of folded text of which every 4-gram counts
)

// kind is what a token is. Its key in the count store is the kind's letter and the value.
type kind byte

const (
	kindWord    kind = 'w'
	kindGram    kind = 'c'
	kindHost    kind = 'h'
	kindDomain  kind = 'd'
	kindTLD     kind = 't'
	kindPath    kind = 'p'
	kindMail    kind = 'm'
	kindMention kind = '@'
	kindTrait   kind = '!'
	kindPair    kind = 'b' // two words in a row
	kindFirst   kind = 'f' // the first word
	kindShout   kind = 'u' // a word in capitals
	kindName    kind = 'a' // the writer's whole name
	kindNameOf  kind = 'n' // a word of it
	kindWriter  kind = 'e' // the domain of the writer's e-mail
	kindSite    kind = 's' // the writer's site: host and domain
	kindWebsite kind = 'l' // that there is one
)

var kindNames = map[kind]string{
	kindWord: "word", kindGram: "gram", kindHost: "host", kindDomain: "domain", kindTLD: "tld",
	kindPath: "path", kindMail: "mail", kindMention: "mention", kindTrait: "trait",
	kindPair: "words", kindFirst: "first", kindShout: "capitals",
	kindName: "name", kindNameOf: "name_word", kindWriter: "writer_mail", kindSite: "writer_site", kindWebsite: "website",
}

// token is one distinct feature of a comment: text[off:off+size] of its document.
type token struct {
	hash  uint64
	off   uint32
	size  uint16
	kind  kind
	apart bool // its value does not stand in the folded text, but after it
}

// occurrence says that a token stands in a word of the text.
type occurrence struct{ token, word uint32 }

// A Document is what the tokeniser makes of a comment. Reading never fails, whatever the bytes.
// It is immutable and may be shared.
type Document struct {
	text   string // folded text, then hosts, traits and fields
	folded int    // how much of text is the folded text
	tokens []token
	places []occurrence // in order of word; nil when the text has too few words for windows
	words  int
	asides [][2]int // where links and mentions stand in the folded text
}

// Read tokenises a comment.
func Read(c Comment) Document {
	r := readers.Get().(*reader)
	defer readers.Put(r)
	r.reset()
	r.fold(c.Text)
	r.grams()
	r.traits()
	r.writer(c)
	d := Document{
		text: string(append(r.text, r.more...)), folded: len(r.text),
		tokens: slices.Clone(r.tokens), words: r.words, asides: slices.Clone(r.asides),
	}
	for i, t := range d.tokens {
		if t.apart {
			d.tokens[i].off += uint32(len(r.text))
		}
	}
	if r.words > excerptAbove {
		d.places = slices.Clone(r.places)
	}
	return d
}

// reader is the state of one Read. Its memory is used again.
type reader struct {
	text   []byte // folded text
	more   []byte // values that do not stand in it
	tokens []token
	places []occurrence
	index  tokenIndex
	words  int
	inText bool // what is added stands in word number words

	shape                 shape
	single, scratch, word []rune
	plain                 []rune // scratch of undisguise
	odd                   bool   // some letters are of other alphabets
	turkic                bool   // ı is a letter of the text's alphabet
	asides                [][2]int
	before                int // where the word before begins in text, or -1
}

var readers = sync.Pool{New: func() any { return new(reader) }}

func (r *reader) reset() {
	*r = reader{
		text: r.text[:0], more: r.more[:0], tokens: r.tokens[:0], places: r.places[:0], index: r.index,
		single: r.single[:0], scratch: r.scratch[:0], word: r.word[:0], plain: r.plain[:0], asides: r.asides[:0], before: -1,
	}
	r.index.clear()
}

// add puts the token whose value is text[off:off+size] into the document, once.
func (r *reader) add(k kind, off, size int, hash uint64) {
	at, fresh := r.index.find(hash, r.tokens)
	if fresh {
		r.tokens = append(r.tokens, token{hash: hash, off: uint32(off), size: uint16(size), kind: k})
	}
	if r.inText {
		r.places = append(r.places, occurrence{token: uint32(at), word: uint32(r.words)})
	}
}

// put adds a token whose value, name and value put together, does not stand in the text.
func (r *reader) put(k kind, name, value string) {
	off := len(r.more)
	r.more = append(r.more, name...)
	r.more = append(r.more, value[:min(len(value), maxValue)]...)
	n := len(r.tokens)
	if len(r.more) > off {
		r.add(k, off, len(r.more)-off, hashOf(k, r.more[off:]))
	}
	if len(r.tokens) == n {
		r.more = r.more[:off]
	} else {
		r.tokens[n].apart = true
	}
}

// putApart adds a token that belongs to the whole comment, not to the word it was found in.
func (r *reader) putApart(k kind, name, value string) {
	in := r.inText
	r.inText = false
	r.put(k, name, value)
	r.inText = in
}

// fold appends the folded text, words in lower case with one space between them, and adds
// their tokens.
func (r *reader) fold(s string) {
	var hrefs []string
	bare := strings.TrimSpace(s)
	first, _ := utf8.DecodeRuneInString(bare)
	last, _ := utf8.DecodeLastRuneInString(bare)
	s, r.shape.disguises = plain(s, func(a string) { hrefs = append(hrefs, a) })
	home := r.shape.survey(s)
	r.shape.first, r.shape.last = first, last
	r.odd = strings.ContainsFunc(s, oddLetter)
	r.turkic = r.odd && strings.ContainsRune(s, 'ı') && strings.ContainsAny(s, "çğöşüÇĞÖŞÜİ")
	s = joinSpaced(s, &r.shape.spaced)
	r.signs(s)
	r.inText = true
	r.text = append(r.text, ' ')
	for s != "" {
		chunk := s
		if n := strings.IndexFunc(s, unicode.IsSpace); n >= 0 {
			chunk, s = s[:n], strings.TrimLeftFunc(s[n:], unicode.IsSpace)
		} else {
			s = ""
		}
		if chunk != "" {
			r.chunk(chunk, home)
		}
	}
	r.joinSingles(home)
	for _, a := range hrefs {
		r.link(a)
	}
	r.inText = false
}

// chunk reads what stands between two spaces: a link, an address or a mention, and its words.
func (r *reader) chunk(chunk string, home script) {
	bare := strings.TrimFunc(chunk, func(c rune) bool {
		return c != '@' && c != '/' && (unicode.IsPunct(c) || unicode.IsSymbol(c))
	})
	aside := r.link(bare) || r.address(bare)
	if len(r.text) > maxText {
		return
	}
	if aside {
		r.joinSingles(home)
	}
	from := len(r.text)
	if r.odd && strings.ContainsFunc(chunk, oddLetter) {
		r.undisguise(chunk, home)
	}
	for chunk != "" {
		c, n := utf8.DecodeRuneInString(chunk)
		switch {
		case wordRune(c):
			n = wordEnd(chunk)
			r.readWord(chunk[:n], home)
		case isEmoji(c), unicode.IsSymbol(c), c == '!', c == '?':
			r.joinSingles(home)
			r.addWord(append(r.word[:0], c))
		}
		chunk = chunk[n:]
	}
	if aside && len(r.asides) < maxLinks {
		r.joinSingles(home)
		r.asides = append(r.asides, [2]int{from, len(r.text)})
	}
}

func wordRune(c rune) bool {
	if c < utf8.RuneSelf {
		return '0' <= c && c <= '9' || isASCIILetter(byte(c))
	}
	if 0x400 <= c && c <= 0x481 || 0x483 <= c && c <= 0x52F {
		return true
	}
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c)
}

// wordEnd returns where the word at the start of s ends. Apostrophes and signs that stand for
// letters belong to it between letters.
func wordEnd(s string) int {
	end := 0
	for i, c := range s {
		switch {
		case wordRune(c):
			end = i + utf8.RuneLen(c)
		case end == i && (c == '@' || c == '$' || c == '\'' || c == '’'):
		default:
			return lastAt(s, end)
		}
	}
	return lastAt(s, end)
}

// lastAt moves end behind an @ that stands for the last letter of a word.
func lastAt(s string, end int) int {
	before, _ := utf8.DecodeLastRuneInString(s[:end])
	after, _ := utf8.DecodeRuneInString(s[min(len(s), end+1):])
	if end < len(s) && s[end] == '@' && unicode.IsLetter(before) && !wordRune(after) {
		return end + 1
	}
	return end
}

func (r *reader) readWord(raw string, home script) {
	r.figure(raw)
	r.scratch = r.scratch[:0]
	for _, c := range raw {
		if c != '\'' && c != '’' {
			r.scratch = append(r.scratch, c)
		}
	}
	if len(r.scratch) == 1 && unicode.IsLetter(r.scratch[0]) {
		r.single = append(r.single, r.scratch[0])
		return
	}
	r.joinSingles(home)
	r.word = foldWord(r.word[:0], r.scratch, home, &r.shape.disguises)
	r.addWord(r.word)
	held, bars := oddities(r.scratch)
	if held {
		r.seeWords(drawn(r.plain[:0], r.scratch), home)
	}
	if bars {
		r.seeWords(barred(r.plain[:0], r.scratch), home)
	}
}

// joinSingles adds the letters that stood alone: four or more in a row are one word with
// spaces put into it.
func (r *reader) joinSingles(home script) {
	if len(r.single) >= 4 {
		r.shape.spaced = true
		r.word = foldWord(r.word[:0], r.single, home, &r.shape.disguises)
		r.addWord(r.word)
	} else {
		for _, c := range r.single {
			r.addWord(append(r.word[:0], lower(c)))
		}
	}
	r.single = r.single[:0]
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
	r.add(kindWord, off, size, hashOf(kindWord, r.text[off:off+size]))
	switch {
	case r.before < 0:
		r.putApart(kindFirst, "", string(r.text[off:off+size]))
	case off+size-r.before <= maxValue:
		r.addPair(off + size)
	}
	r.before = off
	r.text = append(r.text, ' ')
	r.words++
}

// addPair adds the word before and this one, which end at end. It belongs to the whole comment.
func (r *reader) addPair(end int) {
	r.inText = false
	r.add(kindPair, r.before, end-r.before, hashOf(kindPair, r.text[r.before:end]))
	r.inText = true
}

// grams adds every run of four characters of the folded text. Of a long text it adds some, always
// the same ones: a half above allGrams, a quarter above twice as much, and so on. The words of
// a long text say enough, and each run costs a look-up and its place in the model.
func (r *reader) grams() {
	words := r.words
	r.words, r.inText = 0, true
	skip := uint64(1)<<bits.Len(uint(len(r.text)/allGrams)) - 1
	add := func(off, end int) {
		// Not the first or last bits of the hash, by which tables spread it.
		if h := hashOf(kindGram, r.text[off:end]); h>>24&skip == 0 {
			r.add(kindGram, off, end-off, h)
		}
	}
	var at [gramRunes]int // where the last characters begin
	n := 0
	for i := range string(r.text) {
		if n >= gramRunes {
			off := at[n%gramRunes]
			add(off, i)
			if r.text[off] == ' ' && off > 0 {
				r.words++
			}
		}
		at[n%gramRunes] = i
		n++
	}
	if n >= gramRunes {
		add(at[n%gramRunes], len(r.text))
	}
	r.words, r.inText = words, false
}

// writer adds what the writer says of themselves.
func (r *reader) writer(c Comment) {
	if name := r.field(c.Author); name != "" {
		r.put(kindName, "", name)
		words := strings.Fields(name)
		for _, w := range words {
			r.put(kindNameOf, "", w)
		}
		if len(words) >= longName {
			for _, w := range words {
				r.put(kindWord, "", w)
			}
			r.put(kindTrait, "name ", "long")
		}
	}
	if _, domain, ok := strings.Cut(r.field(c.Email), "@"); ok {
		r.put(kindWriter, "", domain)
	}
	if host, domain, _ := splitLink(strings.TrimSpace(c.URL)); host != "" {
		r.put(kindSite, "", host)
		if domain != host {
			r.put(kindSite, "", domain)
		}
		r.put(kindWebsite, "", "given")
		r.put(kindHost, "", host)
		r.put(kindDomain, "", domain)
		r.put(kindTLD, "", domain[strings.LastIndexByte(domain, '.')+1:])
	}
}

// field folds a short field: its words, with one space between them.
func (r *reader) field(s string) string {
	s, _ = plain(s[:min(len(s), maxValue)], func(string) {})
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}

// tokenIndex finds the tokens of one document by hash: open addressing, at most half full.
type tokenIndex struct {
	slots []uint32 // place in tokens, plus one
	used  int
}

// find returns the place of the token with hash, which is len(tokens) when it is fresh and
// must then be appended.
func (x *tokenIndex) find(hash uint64, tokens []token) (at int, fresh bool) {
	if 2*x.used >= len(x.slots) {
		x.grow(tokens)
	}
	mask := uint64(len(x.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		switch s := x.slots[i]; {
		case s == 0:
			x.slots[i] = uint32(len(tokens)) + 1
			x.used++
			return len(tokens), true
		case tokens[s-1].hash == hash:
			return int(s - 1), false
		}
	}
}

// clear forgets all, and gives up what only long comments need.
func (x *tokenIndex) clear() {
	x.slots, x.used = x.slots[:min(len(x.slots), 1024)], 0
	clear(x.slots)
}

func (x *tokenIndex) grow(tokens []token) {
	if size := max(256, 4*len(x.slots)); size <= cap(x.slots) {
		x.slots = x.slots[:size]
		clear(x.slots)
	} else {
		x.slots = make([]uint32, size)
	}
	mask := uint64(len(x.slots) - 1)
	for n, t := range tokens {
		i := t.hash & mask
		for x.slots[i] != 0 {
			i = (i + 1) & mask
		}
		x.slots[i] = uint32(n) + 1
	}
}

// hashOf names a token in the tables of weights. It is part of the tokeniser's version.
func hashOf(k kind, value []byte) uint64 {
	h := uint64(k) * 0x9E3779B97F4A7C15
	for len(value) >= 8 {
		h = mix(h ^ (uint64(value[0]) | uint64(value[1])<<8 | uint64(value[2])<<16 | uint64(value[3])<<24 |
			uint64(value[4])<<32 | uint64(value[5])<<40 | uint64(value[6])<<48 | uint64(value[7])<<56))
		value = value[8:]
	}
	rest := uint64(len(value)) << 56
	for i, c := range value {
		rest |= uint64(c) << (8 * i)
	}
	return max(mix(h^rest), 1) // 0 marks a free slot
}

func mix(h uint64) uint64 {
	hi, lo := bits.Mul64(h^0xD6E8FEB86659FD93, 0xA0761D6478BD642F)
	return hi ^ lo
}
