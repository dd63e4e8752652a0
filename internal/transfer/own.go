package transfer

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/transfer/dump"
	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/takedown"
)

// maxLine is how many bytes a line of a file may have.
const maxLine = 32 << 20

// An ownFile reads what Aitys wrote down of a site, a line after another.
type ownFile struct {
	ctx context.Context
	in  *bufio.Reader
	n   int // the line that was read last, from 1
}

// next returns the next line with its end; io.EOF: there is none. It is good until the next is read.
func (f *ownFile) next() ([]byte, error) {
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	f.n++
	line, err := f.in.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, f.ended(line, err)
	}
	whole := bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if len(whole) > maxLine {
			return nil, fmt.Errorf("line %d is longer than %d MiB: this is no export of Aitys", f.n, maxLine>>20)
		}
		line, err = f.in.ReadSlice('\n')
		whole = append(whole, line...)
	}
	return whole, f.ended(whole, err)
}

// ended says what the end of a file is behind a line that lacks its own.
func (f *ownFile) ended(line []byte, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && len(line) > 0 {
		return dump.ErrCut
	}
	return err
}

// readOwn calls fn with each line between the header of a file and its end, its number and its type. That the file is
// whole and nobody changed it is known only when it returns nil.
func readOwn(ctx context.Context, path string, fn func(n int, kind string, line []byte) error) error {
	in, err := dump.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	f := &ownFile{ctx: ctx, in: bufio.NewReaderSize(in, 64<<10)}
	if err := f.header(); err != nil {
		return err
	}
	sum, lines := sha256.New(), 0
	for {
		line, err := f.next()
		if errors.Is(err, io.EOF) {
			return dump.ErrCut
		}
		if err != nil {
			return err
		}
		kind := kindOf(line)
		if kind == lineEnd {
			return f.end(line, lines, sum.Sum(nil))
		}
		lines++
		sum.Write(line)
		if err := fn(f.n, kind, line); err != nil {
			return err
		}
	}
}

// header reads the first line.
func (f *ownFile) header() error {
	line, err := f.next()
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty")
	}
	cut := errors.Is(err, dump.ErrCut)
	if cut && bytes.HasPrefix(line, []byte(`{"format":"`+ownFormat+`"`)) || err != nil && !cut {
		return err
	}
	var h header
	switch bad := json.Unmarshal(line, &h); {
	case h.Format != ownFormat:
		return errors.New("it is no export of Aitys, which begins with its format")
	case h.Version != ownVersion:
		return fmt.Errorf("it is of version %d; what can be read is version %d", h.Version, ownVersion)
	case bad != nil:
		return fmt.Errorf("line 1: %w", bad)
	}
	return nil
}

var errAltered = errors.New("it was changed after it was written: the hash at its end is that of other lines; " +
	"nothing was imported")

// end compares the last line with what was read before it.
func (f *ownFile) end(line []byte, lines int, sum []byte) error {
	var e endLine
	if err := strict(line, &e); err != nil || e.Lines != lines || !bytes.Equal(e.Sum, sum) {
		return errAltered
	}
	if _, err := f.next(); err == nil || errors.Is(err, dump.ErrCut) {
		return errors.New("it goes on behind its end: these are two files, or more than one export")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// kindOf is the type of a line, with which it begins.
func kindOf(line []byte) string {
	rest, _ := bytes.CutPrefix(line, []byte(`{"type":"`))
	kind, _, _ := bytes.Cut(rest[:min(len(rest), 20)], []byte(`"`))
	return string(kind)
}

// strict reads a line into what has all its fields.
func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// A carriedComment may be of a writer whose hash has to be made anew.
type carriedComment struct {
	comment.Comment
	byEmail bool
}

// A carriedDemand is one with the comments that it is about.
type carriedDemand struct {
	takedown.Demand
	comments []string
}

// nul is a NUL as JSON writes it, behind backslashes that escape one another.
var nul = regexp.MustCompile(`(^|[^\\])(\\\\)*\\u0000`)

var errNewer = errors.New("this is nothing that this version of Aitys knows; a newer one wrote it")

// parsedLine is what a line says: a settingLine, site.Page, carriedComment, report.Report, report.Appeal,
// rules.Rule, rules.Block, rules.Note, carriedDemand, auditlog.Entry, auditlog.Lesson or accountLine, without its site.
func parsedLine(kind string, line []byte) (any, error) {
	if nul.Match(line) {
		return nil, errors.New("there is a NUL in it, which no text has")
	}
	switch kind {
	case lineSetting:
		return into[settingLine](line)
	case linePage:
		l, err := into[pageLine](line)
		return site.Page(l.pagePart), err
	case lineComment:
		return commentIn(line)
	case lineReport:
		l, err := into[reportLine](line)
		r := report.Report(l.reportPart)
		return r, read(err, &r.Reason, l.Reason, comment.ParseReason)
	case lineAppeal:
		l, err := into[appealLine](line)
		return report.Appeal(l.appealPart), err
	case lineRule:
		l, err := into[ruleLine](line)
		return rules.Rule(l.rulePart), err
	case lineBlock:
		l, err := into[blockLine](line)
		return rules.Block(l.blockPart), err
	case lineNote:
		l, err := into[noteLine](line)
		return rules.Note(l.notePart), err
	case lineTakedown:
		l, err := into[takedownLine](line)
		return carriedDemand{takedown.Demand(l.takedownPart), l.Comments}, err
	case lineDecision:
		return entryIn(line)
	case lineLesson:
		return lessonIn(line)
	case lineAccount:
		return into[accountLine](line)
	}
	return nil, errNewer
}

func into[T any](line []byte) (l T, err error) {
	return l, strict(line, &l)
}

// read reads a name into its place, unless something failed before.
func read[T any](err error, to *T, name string, parse func(string) (T, error)) error {
	if err == nil {
		*to, err = parse(name)
	}
	return err
}

func commentIn(line []byte) (carriedComment, error) {
	l, err := into[commentLine](line)
	c := carriedComment{comment.Comment(l.commentPart), l.Writer == byEmail}
	c.Verdict = comment.Verdict(l.Verdict.verdictPart)
	err = read(err, &c.State, l.State, comment.ParseState)
	err = read(err, &c.Reason, l.Reason, comment.ParseReason)
	err = read(err, &c.Verdict.Action, l.Verdict.Action, comment.ParseAction)
	err = read(err, &c.Verdict.Reason, l.Verdict.Reason, comment.ParseReason)
	if err == nil && !c.byEmail && l.Writer != "" {
		c.Writer, err = base64.StdEncoding.DecodeString(l.Writer)
	}
	return c, err
}

// An entryLine is a decisionLine whose parts need not be there.
type entryLine struct {
	Type string `json:"type"`
	Kind string `json:"kind"`
	decisionPart
	rulingLine
	teachingPart
	Hash []byte `json:"hash"`
}

func entryIn(line []byte) (auditlog.Entry, error) {
	l, err := into[entryLine](line)
	d := auditlog.Entry(l.decisionPart)
	d.Hash, d.Ruling, d.Teaching = l.Hash, auditlog.Ruling(l.rulingPart), auditlog.Teaching(l.teachingPart)
	known := false
	if d.Kind, known = auditlog.ParseKind(l.Kind); !known && err == nil {
		err = errNewer
	}
	if l.From == "" && d.Ruling == (auditlog.Ruling{}) {
		return d, err
	}
	err = read(err, &d.Action, l.Action, comment.ParseAction)
	err = read(err, &d.Reason, l.Reason, comment.ParseReason)
	err = read(err, &d.From, l.From, comment.ParseState)
	err = read(err, &d.To, l.To, comment.ParseState)
	return d, read(err, &d.Suggested, l.Suggested, comment.ParseAction)
}

func lessonIn(line []byte) (auditlog.Lesson, error) {
	l, err := into[lessonLine](line)
	out := auditlog.Lesson{Part: l.Part, Of: l.Of, Salt: l.Salt, Proof: l.Proof, Withdrawn: l.Withdrawn, Fallen: l.Fallen}
	out.Seq, out.Comment = l.Seq, classifier.Comment{Text: l.Text, Author: l.Author, Email: l.Email, URL: l.URL}
	return out, read(err, &out.Label, l.Label, classifier.ParseLabel)
}

// compare reads an export of what was written beside the file it came from. Settings, which this version may have
// more of, and names, of which somebody may have another one here, are not compared.
func (c *carrier) compare(ctx context.Context) error {
	in, err := dump.Open(c.in.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	b := &beside{&ownFile{ctx: ctx, in: bufio.NewReaderSize(in, 64<<10)}}
	if err := b.header(); err != nil {
		return err
	}
	before := c.done
	r := newReading(c.Service, []Tx{c.tx}, c.site, func(done uint64) {
		c.done = before
		c.progress(int(done))
	})
	p := newPress(b)
	if err := p.end(p.run(r, r.parts)); err != nil {
		return err
	}
	if line, err := b.next(); err != nil || kindOf(line) != lineAccount && kindOf(line) != lineEnd {
		return errors.Join(err, b.differs())
	}
	return nil
}

// A beside writer takes the lines that a file has.
type beside struct{ *ownFile }

// Write implements io.Writer: it is given whole lines.
func (b *beside) Write(lines []byte) (int, error) {
	for line := range bytes.Lines(lines) {
		if err := b.same(line); err != nil {
			return 0, err
		}
	}
	return len(lines), nil
}

func (b *beside) same(line []byte) error {
	for {
		theirs, err := b.next()
		switch {
		case err != nil:
			return err
		case bytes.Equal(line, theirs):
			return nil
		case kindOf(theirs) != lineSetting:
			return b.differs()
		}
	}
}

func (b *beside) differs() error {
	return fmt.Errorf("line %d would be another one if it was read back: it says what cannot be; nothing was imported",
		b.n)
}
