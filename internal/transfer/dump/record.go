// Package dump reads the comment exports of other services: files of any size, compressed or not.
//
// A format reads a file and passes its comments to a Handler one by one, in the file's order. It knows neither sites
// nor the database. Its records are untrusted input, which the caller must validate. A truncated file is an error.
package dump

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/text/encoding"

	"github.com/aitys/aitys/moderation/comment"
)

// A Format is the export format of another service.
type Format struct {
	Name string
	Note string // a limitation of such files, for the import report, or ""
	// Read passes a file's comments to a handler, in the file's order. It holds one comment in memory.
	Read func(ctx context.Context, f *File, to Handler) error
}

// Tables runs a query on a SQLite file, without changing the file. It calls row for each row; scan reads the columns.
type Tables func(ctx context.Context, path, query string, row func(scan func(...any) error) error) error

// A File is a dump file. It keeps the encoding that the first reading found.
type File struct {
	Path   string   // plain, compressed by gzip, or the only file in a zip
	Tables Tables   // reads the file if it is a database
	Notes  []string // notes for the import report, from the first reading

	// Limits for files of people who are not the operator; 0 means none.
	MaxBytes   int64 // maximum size of the unpacked file
	MaxRecords int   // maximum number of its comments, of its pages and of its authors

	scanned  bool
	encoding encoding.Encoding // nil: UTF-8
}

// CheckRecords returns an error for more than MaxRecords comments, pages or authors.
func (f *File) CheckRecords(n int) error {
	if f.MaxRecords > 0 && n > f.MaxRecords {
		return fmt.Errorf("it has more than %d comments, pages or authors: import it with the command on the server", f.MaxRecords)
	}
	return nil
}

// Formats lists all formats.
var Formats = []Format{
	{"disqus", "", streamed(readDisqus)},
	{"wordpress", "WordPress leaves spam out of its exports: the filter can learn only what is good from it.",
		readWordPress},
	{"isso", "Isso keeps no spam: the filter can learn only what is good from it.", readIsso},
	{"remark42", "A backup of Remark42 has no e-mails and no spam: the filter can learn only what is good from it.",
		streamed(readRemark42)},
	{"commento", "Commento exports no spam: the filter can learn only what is good from it.", readCommento},
}

// A Handler receives the comments of a file, and what was skipped and why. An error of Comment ends the reading.
type Handler interface {
	Comment(r Record) error
	Skip(what, why string)
}

// A Page is an article as a file names it.
type Page struct {
	URL, Title string
	Closed     bool
	At         time.Time // zero if unknown
}

// A Record is a comment of a file. Its text is in HTML, or as typed Markdown in Source.
type Record struct {
	Page                 Page
	ID, Parent           string // the file's IDs; Parent is "" for a comment at the top
	Name, Email, Website string
	Address              string    // the author's IP address, or ""
	At                   time.Time // zero if unknown or invalid
	HTML, Source         string
	Lines                bool // line breaks in HTML are shown
	State                comment.State
	Deleted              bool   // without a text, it only keeps its place
	Long                 bool   // the text has more than MaxMessage bytes and was cut
	Hidden               string // why the source did not show it to every reader, or ""
}

// Addr returns the author's IP address. It is invalid if Address is none.
func (r Record) Addr() netip.Addr {
	a, _ := netip.ParseAddr(r.Address) // invalid is unknown
	return a
}

// Markdown returns the text as typed, or as Markdown that looks the same as its HTML. It is valid UTF-8.
func (r Record) Markdown() string {
	text := r.Source
	if r.HTML != "" {
		text = sourceOf(strings.ToValidUTF8(r.HTML, ""), r.Lines)
	}
	return strings.ToValidUTF8(text, "")
}

// streamed returns a Format.Read that reads a file once from its beginning to its end.
func streamed(read func(in io.Reader, f *File, to Handler) error) func(context.Context, *File, Handler) error {
	return func(ctx context.Context, f *File, to Handler) error {
		in, err := f.open(ctx)
		if err != nil {
			return err
		}
		defer in.Close()
		return read(in, f, to)
	}
}

// A cappedReader fails after a number of bytes.
type cappedReader struct {
	in         io.Reader
	left, most int64
}

func (r *cappedReader) Read(p []byte) (int, error) {
	n, err := r.in.Read(p)
	if r.left -= int64(n); r.left < 0 {
		return 0, fmt.Errorf("it has more than %d MB unpacked: import it with the command on the server", r.most>>20)
	}
	return n, err
}

// A contextReader fails when its context is done.
type contextReader struct {
	ctx context.Context
	in  io.Reader
}

func (s *contextReader) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
