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

// Open opens a file. It decompresses a gzip, or the only file in a zip, and skips a byte-order mark of UTF-8.
func Open(path string) (io.ReadCloser, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	in, err := decompress(file)
	if err != nil {
		_ = file.Close() // the first error counts
		return nil, err
	}
	return opened{skipBOM(in), file}, nil
}

// skipBOM skips a byte-order mark of UTF-8.
func skipBOM(in io.Reader) io.Reader {
	text := bufio.NewReaderSize(in, 64<<10)
	if start, _ := text.Peek(3); string(start) == "\ufeff" {
		_, _ = text.Discard(len(start)) // buffered by Peek
	}
	return text
}

// opened reads from one source and closes another.
type opened struct {
	io.Reader
	io.Closer
}

// decompress returns a reader of the decompressed file.
func decompress(file *os.File) (io.Reader, error) {
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

// maxPart is the maximum length of an XML token or a JSON value in bytes.
const maxPart = 32 << 20

const maxNested = 1_000 // maximum depth of nested elements or values

// ErrTruncated is the error for a file without its end.
var ErrTruncated = errors.New("it ends in the middle: it was not saved to its end; nothing was imported")

var errNested = fmt.Errorf("it nests more than %d levels deep: this is no dump of comments", maxNested)

// A limitedReader fails after a number of bytes since the last call of limit.
type limitedReader struct {
	in         io.Reader
	left, most int
}

// limit sets the number of bytes that the next part may have.
func (b *limitedReader) limit(most int) { b.left, b.most = most, most }

func (b *limitedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("something in it is longer than %d MiB: this is no dump of comments", b.most>>20)
	}
	n, err := b.in.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// An xmlReader reads XML tokens of at most maxPart bytes. It knows the entities of XML and ignores those that a file
// declares.
type xmlReader struct {
	*xml.Decoder
	bound *limitedReader
	to    Handler
}

// newXMLReader returns a reader of UTF-8 XML with the given root element. It reports unknown elements to to.
func newXMLReader(in io.Reader, root string, to Handler) *xmlReader {
	// XML does not allow control characters, but some exports have them.
	fit := transform.Chain(runes.ReplaceIllFormed(), runes.Remove(runes.Predicate(UnfitForXML)), dropReferences{})
	text := bufio.NewReaderSize(transform.NewReader(in, fit), headSize)
	skipToXML(text, root)
	bound := &limitedReader{in: text}
	e := &xmlReader{xml.NewDecoder(bound), bound, to}
	e.Strict = false                                                                     // accept a bare ampersand
	e.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // the input is UTF-8
	return e
}

// UnfitForXML reports whether XML does not allow a character.
func UnfitForXML(r rune) bool {
	return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r < 0x80 || r == 0xFFFE || r == 0xFFFF
}

// next returns the next token, or io.EOF after the root element.
func (e *xmlReader) next() (xml.Token, error) {
	e.bound.limit(maxPart)
	token, err := e.Token()
	if bad, ok := errors.AsType[*xml.SyntaxError](err); ok {
		if strings.Contains(bad.Msg, "EOF") {
			return nil, ErrTruncated
		}
		return nil, fmt.Errorf("it is no XML at line %d: %s", bad.Line, bad.Msg)
	}
	return token, err
}

// text reads the rest of the current element. It returns at most limit bytes of its text, without the text of elements
// in it.
func (e *xmlReader) text(limit int) (string, error) {
	var all strings.Builder
	for depth := 1; ; {
		token, err := e.next()
		if err != nil {
			return "", truncated(err)
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

// skip reads the rest of the current element. It reports the element as unknown unless known lists it.
func (e *xmlReader) skip(name string, known map[string]bool) error {
	if !known[name] && !strings.Contains(name, ":/") { // elements of other namespaces belong to other programs
		e.to.Skip("element", fmt.Sprintf("<%s> is unknown", excerpt(name)))
	}
	_, err := e.text(0)
	return err
}

// fields calls read for each child of the current element. read must read the child to its end.
func (e *xmlReader) fields(read func(start xml.StartElement) error) error {
	for {
		token, err := e.next()
		if err != nil {
			return truncated(err)
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

// truncated returns ErrTruncated for an end of file, where more was expected, and else err.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}

// root returns the file's outermost element.
func (e *xmlReader) root() (xml.StartElement, error) {
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

// notA returns the error for a file of another kind.
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
