package testkit

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Proxy stands on a port of its own before a server, and does to its connections what a Fault says.
// It is safe for concurrent use, and ends with the test.
type Proxy struct {
	Addr    string // HOST:PORT
	network string
	target  string

	mu     sync.Mutex
	l      net.Listener // nil while connections are refused
	fault  Fault
	lifted chan struct{} // closed when the fault is
	met    int           // connections and pieces that the fault met
	links  map[*link]struct{}
	done   sync.WaitGroup
}

// A Fault is what happens to connections; the zero value is none.
type Fault struct {
	Name   string
	Refuse bool // no connection is taken, and those that stand are reset
	Size   int  // bytes that pass at once; 0: what came
	// Do looks at each piece before it passes, and may wait or change its bytes. An error ends the connection:
	// ErrReset at once and with a reset, io.EOF in an orderly way after the piece.
	Do func(*Piece) error
}

// ErrReset resets a connection.
var ErrReset = errors.New("reset")

// A Piece is what came at once on one connection.
type Piece struct {
	Up    bool // to the server
	Bytes []byte
	Link  any   // names the connection
	Sent  int64 // bytes that went the same way before, on this connection

	lifted <-chan struct{}
}

// Wait waits for a time, or until the fault is lifted.
func (p *Piece) Wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.lifted:
	}
}

// Hold waits until the fault is lifted: what is held arrives late, as TCP has it.
func (p *Piece) Hold() { <-p.lifted }

// A link is one connection and the one behind it.
type link struct{ client, server net.Conn }

// NewProxy stands before a server at an address: of TCP, or the path of a socket.
func NewProxy(t testing.TB, network, target string) *Proxy {
	t.Helper()
	p := &Proxy{network: network, target: target, lifted: make(chan struct{}), links: map[*link]struct{}{}}
	l, err := Listen()
	if err != nil {
		t.Fatalf("proxy: %v", err)
	}
	p.accept(l)
	t.Cleanup(func() {
		p.Set(t, Fault{Refuse: true}) // takes nothing more, and ends what stands
		p.mu.Lock()
		close(p.lifted)
		p.mu.Unlock()
		p.done.Wait()
	})
	return p
}

// Set replaces the fault: of connections that stand, and of those that come.
func (p *Proxy) Set(t testing.TB, f Fault) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.lifted)
	p.lifted, p.fault, p.met = make(chan struct{}), f, 0
	if f.Refuse && p.l != nil {
		_ = p.l.Close() // that is what is wanted
		p.l = nil
		for k := range p.links {
			k.end(true)
		}
		p.met = len(p.links)
	}
	if !f.Refuse && p.l == nil {
		l, err := net.Listen("tcp", p.Addr)
		if err != nil {
			t.Fatalf("proxy: %v", err)
		}
		p.accept(l)
	}
}

// Met counts the pieces that the fault met, or the connections that it ended.
func (p *Proxy) Met() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.met
}

// Break resets every connection that stands.
func (p *Proxy) Break() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for k := range p.links {
		k.end(true)
	}
}

func (p *Proxy) accept(l net.Listener) {
	p.l, p.Addr = l, l.Addr().String()
	p.done.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.done.Go(func() { p.serve(c) })
		}
	})
}

func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial(p.network, p.target)
	if err != nil {
		_ = client.Close() // nobody is there
		return
	}
	k := &link{client, server}
	p.mu.Lock()
	if p.l == nil { // refused since
		k.end(true)
	}
	p.links[k] = struct{}{}
	p.mu.Unlock()
	var ways sync.WaitGroup
	ways.Go(func() { p.pump(k, true) })
	ways.Go(func() { p.pump(k, false) })
	ways.Wait()
	p.mu.Lock()
	delete(p.links, k)
	p.mu.Unlock()
	k.end(false)
}

// pump carries one way of a link to its end.
func (p *Proxy) pump(k *link, up bool) {
	from, to := k.server, k.client
	if up {
		from, to = k.client, k.server
	}
	buf, sent := make([]byte, 32<<10), int64(0)
	for {
		n, err := from.Read(buf)
		for rest := buf[:n]; len(rest) > 0; {
			p.mu.Lock()
			f, lifted := p.fault, p.lifted
			p.met++
			p.mu.Unlock()
			size := len(rest)
			if f.Size > 0 {
				size = min(size, f.Size)
			}
			piece := &Piece{Up: up, Bytes: rest[:size], Link: k, Sent: sent, lifted: lifted}
			rest = rest[size:]
			var do error
			if f.Do != nil {
				do = f.Do(piece)
			}
			if !errors.Is(do, ErrReset) {
				_, werr := to.Write(piece.Bytes)
				do = errors.Join(do, werr)
			}
			if do != nil {
				k.end(!errors.Is(do, io.EOF))
				return
			}
			sent += int64(size)
		}
		if err != nil {
			k.end(false)
			return
		}
	}
}

// end ends both connections; ending again is no error.
func (k *link) end(reset bool) {
	if tcp, ok := k.client.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // it may be closed
	}
	_ = k.client.Close() // it may be closed
	_ = k.server.Close()
}
