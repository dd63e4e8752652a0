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

// maxLine is the maximum length of a line in bytes.
const maxLine = 32 << 20

// An ownFile reads an export of Aitys line by line.
type ownFile struct {
	ctx context.Context
	in  *bufio.Reader
	n   int // number of the last line read, from 1
}

// next returns the next line with its line break, or io.EOF. The line is valid until the next call.
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

// ended returns err, or dump.ErrTruncated if the file ends within a line.
func (f *ownFile) ended(line []byte, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) && len(line) > 0 {
		return dump.ErrTruncated
	}
	return err
}

// readOwn calls fn with each line between header and end, its number and its type. The file is complete and unchanged
// only if readOwn returns nil.
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
			return dump.ErrTruncated
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
	cut := errors.Is(err, dump.ErrTruncated)
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

var errAltered = errors.New("it was changed after it was written: its lines do not match the hash at its end; " +
	"nothing was imported")

// end checks the last line against the number and hash of the lines before it.
func (f *ownFile) end(line []byte, lines int, sum []byte) error {
	var e endLine
	if err := strict(line, &e); err != nil || e.Lines != lines || !bytes.Equal(e.Sum, sum) {
		return errAltered
	}
	if _, err := f.next(); err == nil || errors.Is(err, dump.ErrTruncated) {
		return errors.New("it continues after its end line: it may be two exports in one file")
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// kindOf returns the type of a line, which is its first field.
func kindOf(line []byte) string {
	rest, _ := bytes.CutPrefix(line, []byte(`{"type":"`))
	kind, _, _ := bytes.Cut(rest[:min(len(rest), 20)], []byte(`"`))
	return string(kind)
}

// strict decodes a line. It returns an error for unknown fields.
func strict(line []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// An ownComment is a comment from an export. byEmail tells that the import must compute its writer's hash.
type ownComment struct {
	comment.Comment
	byEmail bool
}

// An ownTakedown is a takedown from an export, with its comments.
type ownTakedown struct {
	takedown.Takedown
	comments []string
}

// nul matches an escaped NUL in JSON, after an even number of backslashes.
var nul = regexp.MustCompile(`(^|[^\\])(\\\\)*\\u0000`)

var errNewer = errors.New("this version of Aitys does not know it; a newer one wrote it")

// parseLine returns the value of a line: a settingLine, site.Page, ownComment, report.Report, report.Appeal,
// rules.Rule, rules.Block, rules.Note, ownTakedown, auditlog.Entry, auditlog.Lesson or accountLine. Its site is not
// set.
func parseLine(kind string, line []byte) (any, error) {
	if nul.Match(line) {
		return nil, errors.New("it contains a NUL character")
	}
	switch kind {
	case lineSetting:
		return decode[settingLine](line)
	case linePage:
		l, err := decode[pageLine](line)
		return site.Page(l.pagePart), err
	case lineComment:
		return parseComment(line)
	case lineReport:
		l, err := decode[reportLine](line)
		r := report.Report(l.reportPart)
		return r, parseName(err, &r.Reason, l.Reason, comment.ParseReason)
	case lineAppeal:
		l, err := decode[appealLine](line)
		return report.Appeal(l.appealPart), err
	case lineRule:
		l, err := decode[ruleLine](line)
		return rules.Rule(l.rulePart), err
	case lineBlock:
		l, err := decode[blockLine](line)
		return rules.Block(l.blockPart), err
	case lineNote:
		l, err := decode[noteLine](line)
		return rules.Note(l.notePart), err
	case lineTakedown:
		l, err := decode[takedownLine](line)
		return ownTakedown{takedown.Takedown(l.takedownPart), l.Comments}, err
	case lineDecision:
		return parseEntry(line)
	case lineLesson:
		return parseLesson(line)
	case lineAccount:
		return decode[accountLine](line)
	}
	return nil, errNewer
}

// decode decodes a line strictly.
func decode[T any](line []byte) (l T, err error) {
	return l, strict(line, &l)
}

// parseName parses a name into to, unless err is an earlier error. It returns either error.
func parseName[T any](err error, to *T, name string, parse func(string) (T, error)) error {
	if err == nil {
		*to, err = parse(name)
	}
	return err
}

func parseComment(line []byte) (ownComment, error) {
	l, err := decode[commentLine](line)
	c := ownComment{comment.Comment(l.commentPart), l.Writer == byEmail}
	c.Verdict = comment.Verdict(l.Verdict.verdictPart)
	err = parseName(err, &c.State, l.State, comment.ParseState)
	err = parseName(err, &c.Reason, l.Reason, comment.ParseReason)
	err = parseName(err, &c.Verdict.Action, l.Verdict.Action, comment.ParseAction)
	err = parseName(err, &c.Verdict.Reason, l.Verdict.Reason, comment.ParseReason)
	if err == nil && !c.byEmail && l.Writer != "" {
		c.Writer, err = base64.StdEncoding.DecodeString(l.Writer)
	}
	return c, err
}

// An entryLine is a decisionLine with optional parts, for decoding.
type entryLine struct {
	Type string `json:"type"`
	Kind string `json:"kind"`
	decisionPart
	rulingLine
	teachingPart
	Hash []byte `json:"hash"`
}

func parseEntry(line []byte) (auditlog.Entry, error) {
	l, err := decode[entryLine](line)
	d := auditlog.Entry(l.decisionPart)
	d.Hash, d.Ruling, d.Teaching = l.Hash, auditlog.Ruling(l.rulingPart), auditlog.Teaching(l.teachingPart)
	known := false
	if d.Kind, known = auditlog.ParseKind(l.Kind); !known && err == nil {
		err = errNewer
	}
	if l.From == "" && d.Ruling == (auditlog.Ruling{}) {
		return d, err
	}
	err = parseName(err, &d.Action, l.Action, comment.ParseAction)
	err = parseName(err, &d.Reason, l.Reason, comment.ParseReason)
	err = parseName(err, &d.From, l.From, comment.ParseState)
	err = parseName(err, &d.To, l.To, comment.ParseState)
	return d, parseName(err, &d.Suggested, l.Suggested, comment.ParseAction)
}

func parseLesson(line []byte) (auditlog.Lesson, error) {
	l, err := decode[lessonLine](line)
	out := auditlog.Lesson{Part: l.Part, Of: l.Of, Salt: l.Salt, Proof: l.Proof, Withdrawn: l.Withdrawn, Fallen: l.Fallen}
	out.Seq, out.Comment = l.Seq, classifier.Comment{Text: l.Text, Author: l.Author, Email: l.Email, URL: l.URL}
	return out, parseName(err, &out.Label, l.Label, classifier.ParseLabel)
}

// compare exports the site and compares the lines with the file. It skips settings, since this version may have more of
// them, and account names, which may differ here.
func (c *ownImport) compare(ctx context.Context) error {
	in, err := dump.Open(c.in.Path)
	if err != nil {
		return err
	}
	defer in.Close()
	b := &comparer{&ownFile{ctx: ctx, in: bufio.NewReaderSize(in, 64<<10)}}
	if err := b.header(); err != nil {
		return err
	}
	before := c.done
	r := newSiteReader(c.Service, []Tx{c.tx}, c.site, func(done uint64) {
		c.done = before
		c.progress(int(done))
	})
	p := newPipeline(b)
	if err := p.end(p.run(r, r.parts)); err != nil {
		return err
	}
	if line, err := b.next(); err != nil || kindOf(line) != lineAccount && kindOf(line) != lineEnd {
		return errors.Join(err, b.mismatch())
	}
	return nil
}

// A comparer is an io.Writer that accepts only the lines of a file.
type comparer struct{ *ownFile }

// Write compares whole lines. It returns an error for a line that differs.
func (b *comparer) Write(lines []byte) (int, error) {
	for line := range bytes.Lines(lines) {
		if err := b.compareLine(line); err != nil {
			return 0, err
		}
	}
	return len(lines), nil
}

func (b *comparer) compareLine(line []byte) error {
	for {
		theirs, err := b.next()
		switch {
		case err != nil:
			return err
		case bytes.Equal(line, theirs):
			return nil
		case kindOf(theirs) != lineSetting:
			return b.mismatch()
		}
	}
}

func (b *comparer) mismatch() error {
	return fmt.Errorf("line %d is invalid: it would be exported differently; nothing was imported",
		b.n)
}
