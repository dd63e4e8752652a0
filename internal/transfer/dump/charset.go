package dump

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headSize is the number of bytes that are searched for the declaration.
const headSize = 64 << 10

var declaration = regexp.MustCompile(`<\?xml[^>]*?\sencoding\s*=\s*["']([^"'<>]{1,40})["']`)

// open returns the file's text in UTF-8. The first call reads the file to find its encoding.
func (f *File) open(ctx context.Context) (io.ReadCloser, error) {
	if !f.scanned {
		if err := f.scan(ctx); err != nil {
			return nil, err
		}
		f.scanned = true
	}
	in, err := Open(f.Path)
	if err != nil {
		return nil, err
	}
	var text io.Reader = &contextReader{ctx, in}
	if f.MaxBytes > 0 {
		text = &cappedReader{text, f.MaxBytes, f.MaxBytes}
	}
	if f.encoding != nil {
		text = transform.NewReader(text, f.encoding.NewDecoder())
	}
	return opened{text, in}, nil
}

// scan finds the encoding of the file. nil is UTF-8.
func (f *File) scan(ctx context.Context) error {
	in, err := Open(f.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	text := bufio.NewReaderSize(&contextReader{ctx, in}, headSize)
	head, err := text.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return truncated(err)
	}
	if f.encoding = utf16Of(head); f.encoding != nil {
		return nil
	}
	declared := ""
	if found := declaration.FindSubmatch(head); found != nil {
		declared = string(found[1])
	}
	var n byteCounts
	if err := n.read(text); err != nil {
		return truncated(err)
	}
	f.encoding, err = f.choose(declared, n)
	return err
}

// utf16Of returns UTF-16 if a text begins with its byte order mark, or with an ASCII letter in two bytes.
func utf16Of(head []byte) encoding.Encoding {
	if len(head) < 2 {
		return nil
	}
	switch {
	case head[0] == 0xFF && head[1] == 0xFE, head[0] != 0 && head[1] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case head[0] == 0xFE && head[1] == 0xFF, head[0] == 0 && head[1] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	}
	return nil
}

// byteCounts are counts of the bytes that are not ASCII.
type byteCounts struct {
	valid  int // UTF-8 sequences
	broken int // bytes that are in none
	high   int // bytes
	pairs  int // bytes that follow another one
}

// Counting stops after maxScan bytes, or after enoughHigh bytes that are not ASCII.
const (
	maxScan    = 64 << 20
	enoughHigh = 1 << 20
)

func (n *byteCounts) read(in io.Reader) error {
	in = io.LimitReader(in, maxScan)
	buffer, kept, pair := make([]byte, headSize), 0, false
	for n.high < enoughHigh {
		more, err := in.Read(buffer[kept:])
		part := buffer[:kept+more]
		for len(part) > 0 {
			if part[0] < utf8.RuneSelf {
				part, pair = part[1:], false
				continue
			}
			if err == nil && !utf8.FullRune(part) {
				break
			}
			r, size := utf8.DecodeRune(part)
			if r == utf8.RuneError && size == 1 {
				n.broken++
			} else {
				n.valid++
			}
			n.high += size
			if n.pairs += size - 1; pair {
				n.pairs++
			}
			part, pair = part[size:], true
		}
		kept = copy(buffer, part)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// choose returns the encoding of a text by what it declares, unless its bytes say otherwise.
func (f *File) choose(declared string, n byteCounts) (encoding.Encoding, error) {
	name := "" // unknown
	if named, err := htmlindex.Get(declared); err == nil {
		name, _ = htmlindex.Name(named) // it came from the index
	}
	isUTF := declared == "" || strings.HasPrefix(name, "utf-")
	found := name
	switch {
	case n.valid > 10*n.broken, isUTF && n.broken <= n.valid, n.high == 0 && (isUTF || name == ""):
		if n.broken > 0 {
			f.Notes = append(f.Notes, "Some bytes in the file are no UTF-8. They became \uFFFD.")
		}
		if !isUTF && name != "" && n.high > 0 {
			f.misdeclared(declared, "UTF-8")
		}
		return nil, nil
	case name == "replacement":
		return nil, fmt.Errorf("it is written in %s, which cannot be read; save it as UTF-8", declared)
	case (isUTF || name == "") && !n.dense():
		found = "windows-1252"
	case isUTF || name == "", name == "windows-1252" && n.dense() && n.pairs >= enoughPairs:
		found = "windows-1251"
	}
	if found != name {
		f.misdeclared(cmp.Or(declared, "UTF-8"), found)
	}
	return htmlindex.Get(found)
}

// enoughPairs is the least number of pairs of bytes that overrules a declaration of windows-1252.
const enoughPairs = 8

// dense reports whether most bytes that are not ASCII are adjacent, as in Cyrillic words. In Western European words
// they are isolated.
func (n byteCounts) dense() bool { return 2*n.pairs > n.high }

func (f *File) misdeclared(declared, found string) {
	f.Notes = append(f.Notes, fmt.Sprintf("The file declares %s, but its bytes are not. It was read as %s: check the "+
		"letters of a few comments.", declared, found))
}

// skipToXML skips text before the XML declaration, such as a PHP warning. It leaves a file alone that begins with its
// root element.
func skipToXML(in *bufio.Reader, root string) {
	head, _ := in.Peek(headSize) // a shorter file is searched as far as it goes
	at := bytes.Index(head, []byte("<?xml"))
	if at > 0 && !bytes.Contains(head[:at], []byte("<"+root)) {
		_, _ = in.Discard(at) // these bytes are buffered
	}
}

// dropReferences drops numeric references to characters that XML does not have, such as &#x1F;.
type dropReferences struct{ transform.NopResetter }

// longestReference is the length of &#x10FFFF; with leading zeros that some programs write.
const longestReference = 16

func (dropReferences) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		plain := bytes.IndexByte(src[read:], '&')
		if plain < 0 {
			plain = len(src) - read
		}
		if plain > 0 {
			n := copy(dst[written:], src[read:read+plain])
			written, read = written+n, read+n
			if n < plain {
				return written, read, transform.ErrShortDst
			}
			continue
		}
		rest := src[read:min(len(src), read+longestReference)]
		end := bytes.IndexByte(rest, ';')
		if end < 0 && len(rest) < longestReference && !atEOF {
			return written, read, transform.ErrShortSrc
		}
		if end > 0 && unfitReference(rest[:end+1]) {
			read += end + 1
			continue
		}
		if written == len(dst) {
			return written, read, transform.ErrShortDst
		}
		dst[written] = '&'
		written, read = written+1, read+1
	}
	return written, read, nil
}
