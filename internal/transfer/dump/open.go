package dump

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// Open opens a file; one that is packed by gzip, or alone in a zip, is unpacked while it is read.
func Open(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := unpacked(file)
	if err != nil {
		_ = file.Close() // why it is closed is what counts
		return nil, err
	}
	return opened{unmarked(in), file}, nil
}

// unmarked leaves out the mark of UTF-8, which some programs put before what they save.
func unmarked(in io.Reader) io.Reader {
	text := bufio.NewReaderSize(in, 64<<10)
	if start, _ := text.Peek(3); string(start) == "\ufeff" {
		_, _ = text.Discard(len(start)) // they are there
	}
	return text
}

type opened struct {
	io.Reader
	io.Closer
}

func unpacked(file *os.File) (io.Reader, error) {
	in := bufio.NewReaderSize(file, 64<<10)
	switch start, _ := in.Peek(4); {
	case strings.HasPrefix(string(start), "\x1f\x8b"):
		return gzip.NewReader(in)
	case string(start) == "PK\x03\x04":
		info, err := file.Stat()
		if err != nil {
			return nil, err
		}
		packed, err := zip.NewReader(file, info.Size())
		if err != nil {
			return nil, err
		}
		if len(packed.File) != 1 {
			return nil, fmt.Errorf("the zip has %d files; unpack it, and name the one to import", len(packed.File))
		}
		return packed.File[0].Open()
	}
	return in, nil
}

// maxPart is how many bytes one element, or one comment, of a file may have.
const maxPart = 32 << 20

const maxNested = 1_000 // elements, or values, in one another

// ErrCut is what a file is that lacks its end.
var ErrCut = errors.New("it ends in the middle: it was not saved to its end; nothing was imported")

var errNested = fmt.Errorf("it nests more than %d levels deep: this is no dump of comments", maxNested)

// A bounded reader fails where more is read than one part may have.
type bounded struct {
	in         io.Reader
	left, most int
}

// limit resets the limit for the next part.
func (b *bounded) limit(most int) { b.left, b.most = most, most }

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("something in it is longer than %d MiB: this is no dump of comments", b.most>>20)
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// An elements reader reads XML, in which no element's own text is longer than a part may be. Entities are those of
// XML itself: what else a file declares is not read.
type elements struct {
	*xml.Decoder
	bound *bounded
	to    Teller
}

// newElements returns a reader of UTF-8 XML with the given root element. It reports unknown elements to to.
func newElements(in io.Reader, root string, to Teller) *elements {
	// XML has no controls, and services have written them all the same.
	fit := transform.Chain(runes.ReplaceIllFormed(), runes.Remove(runes.Predicate(UnfitForXML)), dropReferences{})
	text := bufio.NewReaderSize(transform.NewReader(in, fit), headSize)
	skipToXML(text, root)
	bound := &bounded{in: text}
	e := &elements{xml.NewDecoder(bound), bound, to}
	e.Strict = false                                                                     // accept a bare ampersand
	e.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // it is UTF-8 by now
	return e
}

// UnfitForXML reports whether XML has no way to say a character.
func UnfitForXML(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r < 0x80 || r == 0xFFFE || r == 0xFFFF
}

// next returns the next beginning or end of an element, or text; io.EOF: none is open.
func (e *elements) next() (xml.Token, error) {
	e.bound.limit(maxPart)
	token, err := e.Token()
	if bad, ok := errors.AsType[*xml.SyntaxError](err); ok {
		if strings.Contains(bad.Msg, "EOF") {
			return nil, ErrCut
		}
		return nil, fmt.Errorf("it is no XML at line %d: %s", bad.Line, bad.Msg)
	}
	return token, err
}

// text reads the element that just began, to its end, and returns at most limit bytes of its text, without what is in
// elements in it.
func (e *elements) text(limit int) (string, error) {
	var all strings.Builder
	for depth := 1; ; {
		token, err := e.next()
		if err != nil {
			return "", cutShort(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxNested {
				return "", errNested
			}
		case xml.EndElement:
			if depth--; depth == 0 {
				return all.String(), nil
			}
		case xml.CharData:
			if depth == 1 {
				all.Write(token[:min(len(token), limit-all.Len())])
			}
		}
	}
}

// skip reads the element that just began, to its end. It counts it unless known lists it.
func (e *elements) skip(name string, known map[string]bool) error {
	if !known[name] && !strings.Contains(name, ":/") { // elements of other namespaces belong to other programs
		e.to.Skip("element", fmt.Sprintf("<%s> is unknown", excerpt(name)))
	}
	_, err := e.text(0)
	return err
}

// fields calls read for each child of the element that just began. read must read the child to its end.
func (e *elements) fields(read func(start xml.StartElement) error) error {
	for {
		token, err := e.next()
		if err != nil {
			return cutShort(err)
		}
		switch token := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			if err := read(token); err != nil {
				return err
			}
		}
	}
}

// cutShort is what the end of a file is where more is to come.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return err
}

// root returns the file's outermost element.
func (e *elements) root() (xml.StartElement, error) {
	for {
		token, err := e.next()
		if errors.Is(err, io.EOF) {
			return xml.StartElement{}, errors.New("there is no XML in it")
		}
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// notA refuses a file of another kind.
func notA(kind string, root xml.StartElement) error {
	return fmt.Errorf("it is no %s: it begins with <%s>", kind, excerpt(root.Name.Local))
}

// excerpt shortens a name from the file for a message.
func excerpt(name string) string {
	const most = 40
	if runes := []rune(strings.ToValidUTF8(name[:min(len(name), 4*most)], "")); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}
