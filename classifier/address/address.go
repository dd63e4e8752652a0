// Package address finds web addresses in text, in any script and next to any character.
//
// Markup links the addresses that Find returns. Rules, signals, host lists, importers and the classifier read the same
// ones, so that no spelling is a link to readers and plain text to the filter. The package is pure, and the time that
// it takes is linear in the length of the text.
package address

import (
	"net/netip"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

const (
	maxHost      = 253 // bytes, as in DNS
	maxAuthority = 512 // bytes of user name, password, host and port
)

// An Address is text[From:To] of the text that was searched.
type Address struct {
	From, To int
	Host     string // see Host
	URL      string // absolute, with this host and without user name and password; the path is as typed
}

// Find returns the http and https addresses of a text, and those that begin with "www.", in order. The text need not be
// valid UTF-8. An address ends before white space, quotation marks, brackets that it did not open, CJK punctuation,
// Markdown characters and invisible characters. Punctuation at its end belongs to the sentence.
func Find(text string) (found []Address) {
	for at := 0; at < len(text); {
		scheme, skip := prefix(text, at)
		if scheme == "" {
			at++
			continue
		}
		a, ok := read(text, at, scheme, skip)
		if !ok {
			at += max(skip, 1)
			continue
		}
		found = append(found, a)
		at = a.To
	}
	return found
}

// prefix returns the scheme of an address that may begin at an offset, and the length of its spelling: 0 for "www.".
func prefix(text string, at int) (scheme string, skip int) {
	switch text[at] | 0x20 {
	case 'h':
		for _, scheme := range [...]string{"http://", "https://"} {
			if startsWith(text[at:], scheme) {
				return scheme, len(scheme)
			}
		}
	case 'w':
		if startsWith(text[at:], "www.") && !continuesWord(text[:at]) {
			return "http://", 0
		}
	}
	return "", 0
}

func startsWith(text, ascii string) bool {
	return len(text) >= len(ascii) && strings.EqualFold(text[:len(ascii)], ascii)
}

// continuesWord reports whether "www." after this text is a part of another name: "awww.", "me@www.", "docs.www.".
func continuesWord(before string) bool {
	n := len(before)
	if n > 1 && before[n-1] == '.' {
		n--
	}
	return n > 0 && (isASCIIWord(before[n-1]) || strings.IndexByte("-@", before[n-1]) >= 0)
}

func isASCIIWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// read reads the address that begins at an offset.
func read(text string, at int, scheme string, skip int) (a Address, ok bool) {
	from := at + skip
	host, port, size := authority(text[from:])
	if host == "" || skip == 0 && strings.Count(host, ".") < 2 { // "www.readme" is no host
		return a, false
	}
	a = Address{From: at, To: from + size, Host: host}
	if rest := text[a.To:]; rest != "" && strings.IndexByte("/?#", rest[0]) >= 0 {
		a.To = trim(text, a.To, pathEnd(text, a.To, quoteBefore(text[:at])))
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	a.URL = scheme + host + port + text[from+size:a.To]
	return a, true
}

// authority reads the host and the port, ":8080" or "", at the start of text, after a user name if there is one. size
// is their total length. The host is "" if a browser would find none.
func authority(text string) (host, port string, size int) {
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text[:min(len(text), maxAuthority)], ']')
		if end < 0 {
			return "", "", 0
		}
		host, ok := Host(text[1:end])
		if !ok || !strings.Contains(host, ":") {
			return "", "", 0
		}
		port = portOf(text[end+1:])
		return host, port, end + 1 + len(port)
	}
	end := strings.IndexFunc(text, func(r rune) bool { return !inHost(r) && !strings.ContainsRune(":@~+=!$&", r) })
	if end < 0 {
		end = len(text)
	}
	if end > maxAuthority {
		return "", "", 0
	}
	if n := schemeAtEnd(text[:end]); n < end && strings.HasPrefix(text[end:], "//") { // of the next address
		end = n
	}
	from := strings.LastIndexByte(text[:end], '@') + 1
	typed := text[from:end]
	if n := strings.IndexFunc(typed, func(r rune) bool { return !inHost(r) }); n >= 0 {
		typed = typed[:n]
	}
	if goesOnUnseen(text[from+len(typed):]) {
		return "", "", 0
	}
	typed = withoutTail(typed, text[from+len(typed):])
	host, ok := hostOf(typed)
	if !ok {
		return "", "", 0
	}
	size = from + len(typed)
	port = portOf(text[size:])
	return host, port, size + len(port)
}

// schemeAtEnd returns the length of text without a trailing "http:" or "https:".
func schemeAtEnd(text string) int {
	for _, scheme := range [...]string{"http:", "https:"} {
		if n := len(text) - len(scheme); n >= 0 && strings.EqualFold(text[n:], scheme) {
			return n
		}
	}
	return len(text)
}

// goesOnUnseen reports whether a host continues after invisible characters, or after a character that browsers read as
// a dot. What looks like one host must not link to another.
func goesOnUnseen(after string) bool {
	first, size := utf8.DecodeRuneInString(after)
	if norm.NFKC.String(string(first)) == "." && first != '.' {
		return true
	}
	for Unseen(first) {
		after = after[size:]
		if first, size = utf8.DecodeRuneInString(after); inHost(first) || first == '@' || first == ':' {
			return true
		}
	}
	return false
}

// withoutTail strips from a host what belongs to the sentence: punctuation at its end, and letters of another script
// after the top-level domain, as in texts without spaces. after is the text that follows the host.
func withoutTail(host, after string) string {
	name := strings.TrimRight(host, ".-_%")
	if host != name+"." || after == "" || strings.IndexByte("/?#:", after[0]) < 0 {
		host = name
	}
	if strings.Contains(host, "%") {
		return host
	}
	from := strings.LastIndexByte(strings.TrimSuffix(host, "."), '.') + 1
	first, _ := utf8.DecodeRuneInString(host[from:])
	for i, r := range host[from:] {
		switch {
		case i > 0 && unicode.IsLetter(r) && unicode.Is(unicode.Latin, r) != unicode.Is(unicode.Latin, first) &&
			unicode.IsLetter(first),
			i > 0 && r >= 0x80 && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r):
			return strings.TrimRight(host[:from+i], ".-_")
		}
	}
	return host
}

// hostOf is Host for a name that was typed in an address: it has a dot and a top-level domain, or is an IP address.
func hostOf(typed string) (host string, ok bool) {
	if strings.Contains(typed, "%") { // browsers decode hosts
		decoded, err := url.PathUnescape(typed)
		if err != nil || strings.ContainsFunc(decoded, func(r rune) bool { return r == '%' || !inHost(r) }) {
			return "", false
		}
		typed = decoded
	}
	if host, ok = Host(typed); !ok || strings.HasPrefix(host, ".") || strings.Contains(host, "..") {
		return "", false
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return host, addr.Is4()
	}
	dot := strings.LastIndexByte(host, '.')
	top := host[dot+1:]
	return host, dot > 0 && strings.Trim(top, "-_") == top && strings.Trim(top, "0123456789") != ""
}

// portOf returns the port at the start of text, with its colon.
func portOf(text string) string {
	if text == "" || text[0] != ':' {
		return ""
	}
	n := 1
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n == 1 || n > 6 {
		return ""
	}
	return text[:n]
}

// inHost reports whether r may occur in a host name. It accepts letters of any script, and emoji.
func inHost(r rune) bool {
	if r < utf8.RuneSelf {
		return isASCIIWord(byte(r)) || r == '-' || r == '_' || r == '.' || r == '%'
	}
	return r == '\uFE0F' || r != utf8.RuneError && !Unseen(r) &&
		(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) || unicode.Is(unicode.So, r))
}

// Unseen reports whether r is invisible: a joiner, direction mark, soft hyphen, filler or variation selector.
func Unseen(r rune) bool {
	return r >= 0xAD &&
		unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// quoteBefore returns the closing quotation mark that matches the opening one at the end of text, if an address may
// contain it; else 0.
func quoteBefore(text string) rune {
	switch last, _ := utf8.DecodeLastRuneInString(text); last {
	case '\'':
		return '\''
	case '‘', '’', '‚':
		return '’'
	}
	return 0
}

// pathEnd returns where the path that begins at an offset ends, with its query and fragment.
func pathEnd(text string, at int, quote rune) int {
	var closers []rune // of the brackets that are open
	last := '/'
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		next, _ := utf8.DecodeRuneInString(text[at+size:])
		switch r {
		case '(', '[', '{':
			closers = append(closers, map[rune]rune{'(': ')', '[': ']', '{': '}'}[r])
		case ')', ']', '}':
			n := len(closers) - 1
			if n < 0 || closers[n] != r {
				return at
			}
			closers = closers[:n]
		case '\'', '’':
			if r == quote || !isWord(last) || !isWord(next) {
				return at
			}
		case ',', ';', '!':
			if scheme, _ := prefix(text, min(at+size, len(text)-1)); scheme != "" || unicode.In(next, unspaced...) {
				return at // before the next address of a list, or the next clause
			}
		case '~':
			if next == '~' { // strikethrough
				return at
			}
		case '\u200C', '\u200D': // Persian, Indic scripts and emoji need them
			if last < utf8.RuneSelf || next < utf8.RuneSelf || !inPath(next) {
				return at
			}
		default:
			if !inPath(r) {
				return at
			}
		}
		last = r
		at += size
	}
	return at
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r) }

// unspaced lists the scripts that are written without spaces, also after punctuation.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana}

// inPath reports whether r may occur anywhere in a path, query or fragment.
func inPath(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return isASCIIWord(byte(r)) || strings.ContainsRune("-._~:/?#@!$&+,;=%^", r)
	case r == utf8.RuneError, r == '—', r == '―', r == '…', r == '‥':
		return false
	case 0xFE00 <= r && r <= 0xFE0F: // of an emoji
		return true
	case unicode.IsPunct(r):
		cjk := 0x3000 <= r && r <= 0x303F || 0xFE10 <= r && r <= 0xFE4F || 0xFF00 <= r && r <= 0xFFEF
		return !cjk && unicode.In(r, unicode.Pc, unicode.Pd, unicode.Po)
	}
	return !Unseen(r) && (isWord(r) || unicode.IsSymbol(r))
}

// trim returns the end of the address text[:end] without the punctuation of the sentence around it, HTML entities, and
// emoji after a letter. The result is never before least.
func trim(text string, least, end int) int {
	for end > least {
		r, size := utf8.DecodeLastRuneInString(text[least:end])
		switch {
		case r == ';':
			end = max(least, beforeEntity(text[:end]))
		case r < utf8.RuneSelf && strings.ContainsRune("?!.,:_'([{~", r), r == '’',
			r >= utf8.RuneSelf && unicode.IsPunct(r):
			end -= size
		case isPicture(r):
			word := strings.TrimRightFunc(text[least:end], isPicture)
			if before, _ := utf8.DecodeLastRuneInString(word); !isWord(before) {
				return end
			}
			end = least + len(word)
		default:
			return end
		}
	}
	return end
}

func isPicture(r rune) bool {
	return r == '\u200D' || 0xFE00 <= r && r <= 0xFE0F ||
		r >= utf8.RuneSelf && unicode.In(r, unicode.So, unicode.Sk)
}

// beforeEntity returns the length of a text that ends with ";" without the entity or the semicolon at its end.
func beforeEntity(text string) int {
	const longest = 10 // letters
	semicolon := len(text) - 1
	for at := semicolon - 1; at >= max(0, semicolon-longest); at-- {
		switch c := text[at]; {
		case c == '&' && at < semicolon-1:
			return at
		case !isASCIIWord(c) && c != '#':
			return semicolon
		}
	}
	return semicolon
}

// lookup maps a host as browsers do: https://url.spec.whatwg.org/#concept-domain-to-ascii.
var lookup = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false),
	idna.CheckHyphens(false))

// Host returns a host as it is looked up: in lower case, internationalised labels as Punycode, without a dot at its
// end. An IPv6 address has no brackets. ok is false if no such host can exist.
func Host(typed string) (host string, ok bool) {
	if strings.Contains(typed, ":") {
		addr, err := netip.ParseAddr(typed)
		return addr.String(), err == nil && addr.Zone() == ""
	}
	host = strings.ToLower(typed)
	if strings.ContainsFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }) {
		var err error
		if host, err = lookup.ToASCII(host); err != nil {
			return "", false
		}
	}
	host = strings.TrimSuffix(host, ".")
	known := func(c rune) bool { return c < utf8.RuneSelf && isASCIIWord(byte(c)) || strings.ContainsRune("-_.", c) }
	return host, host != "" && len(host) <= maxHost && !strings.ContainsFunc(host, func(c rune) bool { return !known(c) })
}
