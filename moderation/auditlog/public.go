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

// Line returns an entry's line of JSON in a published log, with the newline.
func (p Public) Line() []byte {
	l := publicLine{Seq: p.Seq, At: p.At.Format(timeFormat), Kind: p.Kind, Hash: hex.EncodeToString(p.Hash)}
	l.Action, l.Reason, l.Open = orNull(p.Action), orNull(p.Reason), orNull(hex.EncodeToString(p.Open))
	b, _ := json.Marshal(l) // it never fails for strings and a number
	return append(b, '\n')
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// parsePublic parses a line without its newline. It refuses a line that differs in any byte from what Line writes.
// JSON readers disagree on fields that occur twice or in another letter case, and the hash must cover what all of
// them read.
func parsePublic(line []byte) (p Public, err error) {
	var l publicLine
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil || d.More() {
		return Public{}, errors.New("it is no entry of a log")
	}
	p = Public{Seq: l.Seq, Kind: l.Kind}
	if p.At, err = time.Parse(timeFormat, l.At); err != nil {
		return Public{}, errors.New("its time is not valid")
	}
	if l.Action != nil {
		p.Action = *l.Action
	}
	if l.Reason != nil {
		p.Reason = *l.Reason
	}
	if l.Open != nil {
		if p.Open, err = hex.DecodeString(*l.Open); err != nil {
			return Public{}, errors.New("its open field is not hexadecimal")
		}
	}
	if p.Hash, err = hex.DecodeString(l.Hash); err != nil || len(p.Hash) == 0 {
		return Public{}, errors.New("it has no hash")
	}
	if written := p.Line(); !bytes.Equal(line, written[:len(written)-1]) {
		return Public{}, errors.New("it differs from what the service writes: other programs may parse it differently")
	}
	return p, nil
}

// A PublicVerification describes a published log whose hash chain is valid. Older entries are those from before the
// log had a public side: their hashes cannot be checked. Kept is the entry whose hash was asked for, or 0.
type PublicVerification struct {
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

// maxLine limits a line of a published log, in bytes.
const maxLine = 4 << 10

// VerifyPublic reads a published log, one entry per line, and recomputes each hash. kept is a head that an auditor
// stored earlier, or nil. The error names the first line that is wrong.
func VerifyPublic(log io.Reader, kept []byte) (f PublicVerification, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, maxLine)
	lines.Split(splitLines)
	var before []byte
	for lines.Scan() {
		p, err := parsePublic(lines.Bytes())
		switch {
		case err != nil:
		case p.Seq != f.Entries+1:
			err = fmt.Errorf("it is entry %d, but %d comes next: an entry was dropped, doubled or moved",
				p.Seq, f.Entries+1)
		case p.Open == nil && f.Entries != f.Older:
			err = errors.New("it has no open field, but an entry before it has one")
		case p.Open != nil && !bytes.Equal(p.Hash, p.HashAfter(before)):
			err = errors.New("its hash does not match its content and the entry before: something was changed")
		}
		if err != nil {
			return PublicVerification{}, fmt.Errorf("line %d: %w", f.Entries+1, err)
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
		return PublicVerification{}, fmt.Errorf("line %d: it is no entry of a log", f.Entries+1)
	} else if err != nil {
		return PublicVerification{}, err
	}
	return f, nil
}
