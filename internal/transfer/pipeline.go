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

// A part reads a piece of an export and puts its lines. Parts are read in parallel.
type part func(r *siteReader, l *partLines) error

const (
	parallelReads = 2                  // parts that are read at once, on one snapshot
	maxBuffered   = 8                  // full buffers of a part that wait for the parts before it
	bufferSize    = 64 << 10           // capacity of a buffer in bytes
	flushSize     = bufferSize - 4<<10 // length from which a buffer is passed on
)

// partLines collects the lines of JSON of a part, and the accounts that act in them.
type partLines struct {
	buffer *bytes.Buffer
	done   chan *bytes.Buffer
	pool   *sync.Pool      // of buffers
	stop   <-chan struct{} // closed when writing failed
	n      int             // number of lines
	err    error
	names  map[string]bool // IDs of accounts
}

// put adds a line.
func (l *partLines) put(line any) {
	l.n++
	if l.buffer == nil {
		l.buffer = l.pool.Get().(*bytes.Buffer)
	}
	if err := newEncoder(l.buffer).Encode(line); err != nil && l.err == nil {
		l.err = err
	}
	if l.buffer.Len() >= flushSize {
		l.flush()
	}
}

// flush passes the buffer on to the writer.
func (l *partLines) flush() {
	if l.err != nil || l.buffer == nil {
		return
	}
	select {
	case l.done <- l.buffer:
	case <-l.stop:
		l.err = errStopped
	}
	l.buffer = nil
}

var errStopped = errors.New("writing failed")

// addActor records that an account acted. It ignores an id that is not an account's.
func (l *partLines) addActor(id string) {
	if txn.IsID(id) {
		l.names[id] = true
	}
}

// A pipeline reads parts in parallel and writes their lines in the order of the parts.
type pipeline struct {
	parts  chan *partLines
	pool   sync.Pool     // of buffers
	stop   chan struct{} // closed when writing failed
	result chan error    // receives the result of writing

	mu    sync.Mutex      // guards the fields below
	err   error           // the first error of a part
	n     int             // number of lines
	names map[string]bool // IDs of accounts
}

func newPipeline(to io.Writer) *pipeline {
	p := &pipeline{parts: make(chan *partLines, parallelReads), stop: make(chan struct{}), result: make(chan error, 1),
		names: map[string]bool{}}
	p.pool.New = func() any { return bytes.NewBuffer(make([]byte, 0, bufferSize)) }
	go func() {
		err := p.write(to)
		if err != nil {
			close(p.stop)
		}
		p.result <- err
	}()
	return p
}

func (p *pipeline) write(to io.Writer) error {
	for l := range p.parts {
		for sheet := range l.done {
			if _, err := sheet.WriteTo(to); err != nil {
				return err
			}
			p.pool.Put(sheet)
		}
	}
	return nil
}

// run reads parts with one goroutine per transaction of r.
func (p *pipeline) run(r *siteReader, parts iter.Seq[part]) error {
	next, stop := iter.Pull(parts)
	defer stop()
	workers := make([]siteReader, len(r.all))
	for i, tx := range r.all {
		workers[i] = *r
		workers[i].tx = tx
	}
	work := func(own *siteReader) {
		for p.runNext(own, func() (part, bool) { r.tx = own.tx; return next() }) {
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

// runNext reads the next part. It reports false if there is none, or after an error.
func (p *pipeline) runNext(r *siteReader, next func() (part, bool)) bool {
	p.mu.Lock()
	read, more := part(nil), false
	if p.err == nil {
		read, more = next() // this may read from own.tx to find the next part
	}
	l := &partLines{done: make(chan *bytes.Buffer, maxBuffered), pool: &p.pool, stop: p.stop, names: map[string]bool{}}
	if more {
		select {
		case p.parts <- l:
		case <-p.stop:
			p.err, more = errStopped, false
		}
	}
	p.mu.Unlock()
	if !more {
		return false
	}
	err := read(r, l)
	l.flush()
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

// end waits until all lines are written. It returns the error of writing if there is one, else err: a failed write
// causes errors of parts.
func (p *pipeline) end(err error) error {
	close(p.parts)
	if wrong := <-p.result; wrong != nil {
		return wrong
	}
	return err
}
