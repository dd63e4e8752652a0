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

// TokeniserVersion is raised whenever Read makes other tokens of the same comment, or another
// fingerprint. Models of another version are thrown away and folded anew.
const TokeniserVersion = 11

// What Read looks at. Links are looked for in all of the text, whatever its length.
const (
	maxText  = 40_000 // bytes of folded text: the comment limit of 10,000 characters
	maxWord  = 40     // letters of a word's own token; its 4-grams go on
	maxLinks = 64     // links that become tokens; all are counted
	maxValue = 200    // bytes of any other token
	longName = 3      // words of a name that says something
	allGrams = 2_000  // bytes of folded text of which every 4-gram counts
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
	kindWord:    "word",
	kindGram:    "gram",
	kindHost:    "host",
	kindDomain:  "domain",
	kindTLD:     "tld",
	kindPath:    "path",
	kindMail:    "mail",
	kindMention: "mention",
	kindTrait:   "trait",
	kindPair:    "words",
	kindFirst:   "first",
	kindShout:   "capitals",
	kindName:    "name",
	kindNameOf:  "name_word",
	kindWriter:  "writer_mail",
	kindSite:    "writer_site",
	kindWebsite: "website",
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
	bare   bool     // it leads nowhere and hides nothing
	guess  float64  // what its shape says of spam to who knows nothing of the site, in nats
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
		text:   string(append(r.text, r.more...)),
		folded: len(r.text),
		tokens: slices.Clone(r.tokens),
		words:  r.words,
		asides: slices.Clone(r.asides),
		bare:   !r.shape.leads() && !r.shape.hides(r.words) && strings.TrimSpace(c.URL) == "",
		guess:  r.shape.guess(),
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
	text     []byte // folded text
	more     []byte // values that do not stand in it
	tokens   []token
	places   []occurrence
	index    index
	words    int
	inText   bool // what is added stands in word number words
	textOnly bool // no tokens are wanted

	shape         shape
	scratch, word []rune
	plain         []rune // scratch of undisguise
	odd           bool   // some letters are of other alphabets
	turkic        bool   // ı is a letter of the text's alphabet
	asides        [][2]int
	hosts         []string // of the links, up to maxLinks
	before        int      // where the word before begins in text, or -1
}

var readers = sync.Pool{New: func() any { return new(reader) }}

func (r *reader) reset() {
	marks := r.shape.marks[:0]
	*r = reader{
		text:    r.text[:0],
		more:    r.more[:0],
		tokens:  r.tokens[:0],
		places:  r.places[:0],
		index:   r.index,
		scratch: r.scratch[:0],
		word:    r.word[:0],
		plain:   r.plain[:0],
		asides:  r.asides[:0],
		hosts:   r.hosts[:0],
		before:  -1,
	}
	r.index.clear()
	r.shape.marks = marks
}

// add puts the token whose value is text[off:off+size] into the document, once.
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

// put adds a token whose value, name and value put together, does not stand in the text.
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

// fold appends the folded text, words in lower case with one space between them, and adds their tokens.
func (r *reader) fold(s string) {
	var hrefs []string
	bare := strings.TrimSpace(s)
	first, _ := utf8.DecodeRuneInString(bare)
	last, _ := utf8.DecodeLastRuneInString(bare)
	typed := s
	s, natures := plain(s, func(a string) { hrefs = append(hrefs, a) }, &r.shape)
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
		if n := r.quick(s, home); n > 0 {
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
	if changed && r.shape.links < maxLinks { // full-width punctuation that ended an address is ASCII by now
		for _, a := range address.Find(typed) {
			if host, _, _ := splitLink(a.URL); !slices.Contains(r.hosts, host) {
				r.link(a.URL)
			}
		}
	}
	r.inText = false
}

// quick reads the chunk that s begins with, and the space after it, where it is words of letters and signs beside
// them that neither hide anything nor lead anywhere: as chunk would, in one go. It returns how long they are, or 0.
func (r *reader) quick(s string, home script) int {
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
				r.told(len(r.text)-1, 1)
			}
		} else {
			i += r.quickWord(s[i:end], home)
		}
	}
	return min(end+1, len(s))
}

// quickWord is readWord for the word of letters that s begins with, and returns its length.
func (r *reader) quickWord(s string, home script) int {
	off := len(r.text)
	var seen nature
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
		r.putApart(kindShout, "", s[:end])
	}
	r.told(off, len(r.text)-off)
	return end
}

// chunk reads the text between two spaces: words and addresses. If package address finds none, the whole chunk may be a
// bare host, an e-mail address or a mention.
func (r *reader) chunk(chunk string, home script) {
	if r.odd && len(r.text) <= maxText && strings.ContainsFunc(chunk, oddLetter) {
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

// wordsOf reads the words of a part of a chunk. aside says that it is an address or a mention.
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
	if aside && len(r.asides) < maxLinks {
		r.asides = append(r.asides, [2]int{from, len(r.text)})
	}
}

// ideograph reports a character that is a word by itself: there are no spaces between them.
func ideograph(c rune) bool { return c >= 0x2E80 && unicode.Is(unicode.Han, c) }

// wordEnd returns where the word at the start of s ends. Apostrophes and signs that stand for
// letters belong to it between letters.
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

func (r *reader) addWord(w []rune) {
	off := len(r.text)
	size := 0
	for i, c := range w {
		r.text = utf8.AppendRune(r.text, c)
		if i < maxWord {
			size = len(r.text) - off
		}
	}
	r.told(off, size)
}

// told adds the tokens of the word that the text ends with, whose own is text[off:off+size].
func (r *reader) told(off, size int) {
	r.add(kindWord, off, size, table.Hash(kindWord, r.text[off:off+size]))
	switch {
	case r.before < 0:
		r.putApart(kindFirst, "", string(r.text[off:off+size]))
	case off+size-r.before <= maxValue:
		r.add(kindPair, r.before, off+size-r.before, table.Hash(kindPair, r.text[r.before:off+size]))
	}
	r.before = off
	r.text = append(r.text, ' ')
	r.words++
}

// grams adds every run of the folded text. Of a long text it adds some, always the same ones: a half above allGrams, a
// quarter above twice as much, and so on. The words of a long text say enough, and each run costs a look-up.
func (r *reader) grams() {
	words := r.words
	r.words, r.inText = 0, true
	skip := uint64(1)<<bits.Len(uint(len(r.text)/allGrams)) - 1
	at := 1
	for from, to := range table.Runs(r.text) {
		for ; at < from; at++ {
			if r.text[at] == ' ' {
				r.words++
			}
		}
		// Not the first or last bits of the hash, by which tables spread it.
		if h := table.Hash(kindGram, r.text[from:to]); h>>24&skip == 0 {
			r.add(kindGram, from, to-from, h)
		}
	}
	r.words, r.inText = words, false
}
