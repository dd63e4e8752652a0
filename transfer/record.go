package transfer

import (
	"context"
	"io"
	"net/netip"
	"time"

	"github.com/aitys/aitys/moderation/comment"
)

// A format is a way in which another service writes down its comments.
type format struct {
	name string
	note string // what everybody should know of such a file, or ""
	// read tells of a file's comments, in its order. It holds no more of them than one.
	read func(ctx context.Context, f dump, to teller) error
}

// A dump is a file that is read; tables read it where it is a database.
type dump struct {
	path   string
	tables Tables
}

var formats = []format{
	{"disqus", "", streamed(readDisqus)},
	{"wordpress", "WordPress leaves spam out of its exports: the filter can learn only what is good from it.",
		streamed(readWordPress)},
	{"isso", "Isso keeps no spam: the filter can learn only what is good from it.", readIsso},
	{"remark42", "A backup of Remark42 has no e-mails and no spam: the filter can learn only what is good from it.",
		streamed(readRemark42)},
	{"commento", "Commento exports no spam: the filter can learn only what is good from it.", readCommento},
}

// A teller is told what a file has.
type teller interface {
	comment(r record) error
	skip(what, why string)
}

// A page is an article as a file names it.
type page struct {
	url, title string
	closed     bool
	at         time.Time // zero: it is not said
}

// A record is a comment as a file tells of it. Of html and source one has the text: HTML, or Markdown as it was
// typed.
type record struct {
	page                 page
	id, parent           string // the file's own; no parent: it answers none
	name, email, website string
	address              string
	at                   time.Time // zero: it is not said, or cannot be read
	html, source         string
	lines                bool // ends of lines in html are such
	state                comment.State
	deleted              bool // without a text it only keeps its place
}

// addr is where a record says that it was written; invalid where it does not.
func (r record) addr() netip.Addr {
	a, _ := netip.ParseAddr(r.address) // what is none is not known
	return a
}

// streamed is a format that is read from the beginning of a file to its end.
func streamed(read func(in io.Reader, to teller) error) func(context.Context, dump, teller) error {
	return func(ctx context.Context, f dump, to teller) error {
		in, err := open(f.path)
		if err != nil {
			return err
		}
		defer in.Close()
		return read(&stoppable{ctx, in}, to)
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
