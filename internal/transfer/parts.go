package transfer

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"maps"
	"sync"

	"github.com/aitys/aitys/moderation/txn"
)

// A part is a stretch of an export that is read by itself.
type part func(r *reading, l *lines) error

// readers are how many parts of an export are read at once, on one snapshot; ahead is how many sheets of a part are in
// memory until those before it are written. A sheet has sheetSize bytes, and is full where a line may have no room.
const (
	readers   = 2
	ahead     = 8
	sheetSize = 64 << 10
	full      = sheetSize - 4<<10
)

// lines are what a part says, as lines of JSON, and who acts in them.
type lines struct {
	sheet *bytes.Buffer
	done  chan *bytes.Buffer
	blank *sync.Pool      // of sheets
	halt  <-chan struct{} // nobody takes lines any more
	n     int
	err   error
	names map[string]bool // ids of accounts
}

// put writes a line.
func (l *lines) put(line any) {
	l.n++
	if l.sheet == nil {
		l.sheet = l.blank.Get().(*bytes.Buffer)
	}
	if err := plain(l.sheet).Encode(line); err != nil && l.err == nil {
		l.err = err
	}
	if l.sheet.Len() >= full {
		l.pass()
	}
}

func (l *lines) pass() {
	if l.err != nil || l.sheet == nil {
		return
	}
	select {
	case l.done <- l.sheet:
	case <-l.halt:
		l.err = errHalted
	}
	l.sheet = nil
}

var errHalted = errors.New("nothing more is written")

// by notes that an account acted.
func (l *lines) by(id string) {
	if txn.IsID(id) {
		l.names[id] = true
	}
}

// A press writes the lines of parts in the order of the parts, while the next are read.
type press struct {
	parts chan *lines
	blank sync.Pool     // of sheets
	halt  chan struct{} // closed when a line could not be written
	ended chan error    // one: what became of them

	mu    sync.Mutex
	err   error // of a part
	n     int
	names map[string]bool
}

func newPress(to io.Writer) *press {
	p := &press{parts: make(chan *lines, readers), halt: make(chan struct{}), ended: make(chan error, 1),
		names: map[string]bool{}}
	p.blank.New = func() any { return bytes.NewBuffer(make([]byte, 0, sheetSize)) }
	go func() {
		err := p.write(to)
		if err != nil {
			close(p.halt)
		}
		p.ended <- err
	}()
	return p
}

func (p *press) write(to io.Writer) error {
	for l := range p.parts {
		for sheet := range l.done {
			if _, err := sheet.WriteTo(to); err != nil {
				return err
			}
			p.blank.Put(sheet)
		}
	}
	return nil
}

// run reads parts, by as many readers as r has, and has them written.
func (p *press) run(r *reading, parts iter.Seq[part]) error {
	next, stop := iter.Pull(parts)
	defer stop()
	workers := make([]reading, len(r.all))
	for i, tx := range r.all {
		workers[i] = *r
		workers[i].tx = tx
	}
	work := func(own *reading) {
		for p.one(own, func() (part, bool) { r.tx = own.tx; return next() }) {
		}
	}
	var others sync.WaitGroup
	for i := range workers[1:] {
		others.Go(func() { work(&workers[i+1]) })
	}
	work(&workers[0])
	others.Wait()
	r.tx = r.all[0]
	return p.err
}

// one reads a part, if there is one and nothing has failed.
func (p *press) one(r *reading, next func() (part, bool)) bool {
	p.mu.Lock()
	read, more := part(nil), false
	if p.err == nil {
		read, more = next() // by the reader whose turn it is: what parts there are is read, too
	}
	l := &lines{done: make(chan *bytes.Buffer, ahead), blank: &p.blank, halt: p.halt, names: map[string]bool{}}
	if more {
		select {
		case p.parts <- l:
		case <-p.halt:
			p.err, more = errHalted, false
		}
	}
	p.mu.Unlock()
	if !more {
		return false
	}
	err := read(r, l)
	l.pass()
	close(l.done)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		err = l.err
	}
	if p.err == nil {
		p.err = err
	}
	p.n += l.n
	maps.Copy(p.names, l.names)
	return p.err == nil
}

// end waits until all that was read is written. What could not be written counts before what was not read for it.
func (p *press) end(err error) error {
	close(p.parts)
	if wrong := <-p.ended; wrong != nil {
		return wrong
	}
	return err
}
