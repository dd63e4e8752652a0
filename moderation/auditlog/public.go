package auditlog

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// A publicLine is a line of a published log.
type publicLine struct {
	Seq    uint64  `json:"seq"`
	At     string  `json:"at"`
	Kind   string  `json:"kind"`
	Action *string `json:"action"`
	Reason *string `json:"reason"`
	Open   *string `json:"open"`
	Hash   string  `json:"hash"`
}

// Line is an entry's line of JSON in a published log, with its end.
func (p Public) Line() []byte {
	l := publicLine{Seq: p.Seq, At: p.At.Format(timeFormat), Kind: p.Kind, Hash: hex.EncodeToString(p.Hash)}
	l.Action, l.Reason, l.Open = orNull(p.Action), orNull(p.Reason), orNull(hex.EncodeToString(p.Open))
	b, _ := json.Marshal(l) // of strings and a number it never fails
	return append(b, '\n')
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// parsePublic reads a line without its end. It refuses a line that differs in any byte from what Line writes: JSON
// readers disagree on a field that occurs twice, or in another letter case, and the hash must cover what all of them read.
func parsePublic(line []byte) (p Public, err error) {
	var l publicLine
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return Public{}, errors.New("it is no entry of a log")
	}
	p = Public{Seq: l.Seq, Kind: l.Kind}
	if p.At, err = time.Parse(timeFormat, l.At); err != nil {
		return Public{}, errors.New("its time is none")
	}
	if l.Action != nil {
		p.Action = *l.Action
	}
	if l.Reason != nil {
		p.Reason = *l.Reason
	}
	if l.Open != nil {
		if p.Open, err = hex.DecodeString(*l.Open); err != nil {
			return Public{}, errors.New("what is private of it is bound by no hash")
		}
	}
	if p.Hash, err = hex.DecodeString(l.Hash); err != nil || len(p.Hash) == 0 {
		return Public{}, errors.New("it has no hash")
	}
	if written := p.Line(); !bytes.Equal(line, written[:len(written)-1]) {
		return Public{}, errors.New("it is not written as the service writes it: other programs may read it differently")
	}
	return p, nil
}

// Followed is what is known of a published log whose hashes were followed from its first line to its last. Older
// entries are those from before the log had a public side: their hashes are taken as they stand. Kept is the entry
// whose hash was asked for, 0 when it is none's.
type Followed struct {
	Entries uint64 `json:"entries"`
	Older   uint64 `json:"older"`
	Head    string `json:"head"`
	Kept    uint64 `json:"kept"`
}

// splitLines is bufio.ScanLines, but keeps a carriage return at the end of a line.
func splitLines(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// longestLine of a published log, in bytes.
const longestLine = 4 << 10

// Follow reads a published log, a line an entry, and makes each hash again. kept is a head that somebody else kept,
// or nil. The error says which line is not what it should be.
func Follow(log io.Reader, kept []byte) (f Followed, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, longestLine)
	lines.Split(splitLines)
	var before []byte
	for lines.Scan() {
		p, err := parsePublic(lines.Bytes())
		switch {
		case err != nil:
		case p.Seq != f.Entries+1:
			err = fmt.Errorf("it is entry %d, where %d comes next: something was dropped, doubled or moved",
				p.Seq, f.Entries+1)
		case p.Open == nil && f.Entries != f.Older:
			err = errors.New("it says nothing of what is private, and comes after entries that do")
		case p.Open != nil && !bytes.Equal(p.Hash, p.After(before)):
			err = errors.New("its hash is not of what it says and what came before: something was changed")
		}
		if err != nil {
			return Followed{}, fmt.Errorf("line %d: %w", f.Entries+1, err)
		}
		f.Entries, f.Head, before = p.Seq, hex.EncodeToString(p.Hash), p.Hash
		if p.Open == nil {
			f.Older++
		}
		if len(kept) > 0 && bytes.Equal(p.Hash, kept) {
			f.Kept = p.Seq
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return Followed{}, fmt.Errorf("line %d: it is no entry of a log", f.Entries+1)
	} else if err != nil {
		return Followed{}, err
	}
	return f, nil
}
