// Package dump reads what other services write down of their comments: files, packed or not, of any size.
//
// A format is a function that reads bytes and tells of comments one by one, in the file's order; it knows no site and
// no database, and believes nothing: what it tells is a stranger's. A file that ends in the middle fails.
package dump

import (
	"context"
	"io"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/text/encoding"

	"github.com/aitys/aitys/moderation/comment"
)

// A Format is a way in which another service writes down its comments.
type Format struct {
	Name string
	Note string // what everybody should know of such a file, or ""
	// Read tells of a file's comments, in its order. It holds no more of them than one.
	Read func(ctx context.Context, f *File, to Teller) error
}

// Tables reads the rows that a query has of a SQLite file, which it changes in nothing; row is called for each, and
// reads it by scan.
type Tables func(ctx context.Context, path, query string, row func(scan func(...any) error) error) error

// A File is a dump that is read; Tables read it where it is a database.
type File struct {
	Path   string // of the file: as it is, or packed by gzip or alone in a zip
	Tables Tables
	Notes  []string // about the whole file, from the first pass

	scanned  bool
	encoding encoding.Encoding // nil: UTF-8
}

// Formats are all that can be read.
var Formats = []Format{
	{"disqus", "", streamed(readDisqus)},
	{"wordpress", "WordPress leaves spam out of its exports: the filter can learn only what is good from it.",
		readWordPress},
	{"isso", "Isso keeps no spam: the filter can learn only what is good from it.", readIsso},
	{"remark42", "A backup of Remark42 has no e-mails and no spam: the filter can learn only what is good from it.",
		streamed(readRemark42)},
	{"commento", "Commento exports no spam: the filter can learn only what is good from it.", readCommento},
}

// A Teller receives the comments of a file, and what was skipped and why. Its first error ends the reading.
type Teller interface {
	Comment(r Record) error
	Skip(what, why string)
}

// A Page is an article as a file names it.
type Page struct {
	URL, Title string
	Closed     bool
	At         time.Time // zero: it is not said
}

// A Record is a comment as a file tells of it. Of HTML and Source one has the text: HTML, or Markdown as it was
// typed.
type Record struct {
	Page                 Page
	ID, Parent           string // the file's own; no parent: it answers none
	Name, Email, Website string
	Address              string
	At                   time.Time // zero: it is not said, or cannot be read
	HTML, Source         string
	Lines                bool // ends of lines in HTML are such
	State                comment.State
	Deleted              bool   // without a text it only keeps its place
	Long                 bool   // its text has more than MaxMessage bytes, and was cut
	Hidden               string // why the source did not show it to every reader, or ""
}

// Addr is where a record says that it was written; invalid where it does not.
func (r Record) Addr() netip.Addr {
	a, _ := netip.ParseAddr(r.Address) // what is none is not known
	return a
}

// Markdown is a record's text: what was typed, or what shows the same as its HTML.
func (r Record) Markdown() string {
	text := r.Source
	if r.HTML != "" {
		text = sourceOf(strings.ToValidUTF8(r.HTML, ""), r.Lines)
	}
	return strings.ToValidUTF8(text, "")
}

// streamed is a format that is read from the beginning of a file to its end.
func streamed(read func(in io.Reader, to Teller) error) func(context.Context, *File, Teller) error {
	return func(ctx context.Context, f *File, to Teller) error {
		in, err := f.open(ctx)
		if err != nil {
			return err
		}
		defer in.Close()
		return read(in, to)
	}
}

// A stoppable reader ends with its context.
type stoppable struct {
	ctx context.Context
	in  io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.in.Read(p)
}
