package testkit

import (
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// A Proxy forwards connections from its own port to a server, and applies a Fault to them. It is safe for concurrent
// use, and ends with the test.
type Proxy struct {
	Addr    string // HOST:PORT
	network string
	target  string

	mu       sync.Mutex
	l        net.Listener // nil while connections are refused
	fault    Fault
	lifted   chan struct{} // closed when the fault is replaced
	affected int           // number of chunks and connections affected by the fault
	links    map[*link]struct{}
	done     sync.WaitGroup
}

// A Fault describes what happens to connections. The zero value forwards them unchanged.
type Fault struct {
	Name     string
	Refuse   bool // refuse new connections and reset open ones
	MaxChunk int  // maximum bytes forwarded at once; 0: no limit
	// Handle is called with each chunk before it is forwarded. It may wait or change the bytes. An error ends the
	// connection: ErrReset resets it at once, other errors reset it after the chunk, and io.EOF closes it after the
	// chunk.
	Handle func(*Chunk) error
}

// ErrReset resets a connection.
var ErrReset = errors.New("reset")

// A Chunk is data read at once from a connection.
type Chunk struct {
	ToServer bool // whether it goes to the server
	Bytes    []byte
	Conn     any   // identifies the connection
	Offset   int64 // bytes forwarded before in this direction on this connection

	lifted <-chan struct{}
}

// Wait waits for d, or until the fault is replaced.
func (p *Chunk) Wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-p.lifted:
	}
}

// Hold waits until the fault is replaced. The chunk is delayed, not lost, as with TCP.
func (p *Chunk) Hold() { <-p.lifted }

// A link is a client's connection and the one to the server.
type link struct{ client, server net.Conn }

// NewProxy starts a proxy for a server at a TCP address or the path of a Unix socket.
func NewProxy(t testing.TB, network, target string) *Proxy {
	t.Helper()
	p := &Proxy{network: network, target: target, lifted: make(chan struct{}), links: map[*link]struct{}{}}
	l, err := Listen()
	if err != nil {
		t.Fatalf("proxy: %v", err)
	}
	p.accept(l)
	t.Cleanup(func() {
		p.Set(t, Fault{Refuse: true}) // refuses new connections and ends open ones
		p.mu.Lock()
		close(p.lifted)
		p.mu.Unlock()
		p.done.Wait()
	})
	return p
}

// Set replaces the fault for open and new connections.
func (p *Proxy) Set(t testing.TB, f Fault) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.lifted)
	p.lifted, p.fault, p.affected = make(chan struct{}), f, 0
	if f.Refuse && p.l != nil {
		_ = p.l.Close() // unblocks Accept
		p.l = nil
		for k := range p.links {
			k.end(true)
		}
		p.affected = len(p.links)
	}
	if !f.Refuse && p.l == nil {
		l, err := net.Listen("tcp", p.Addr)
		if err != nil {
			t.Fatalf("proxy: %v", err)
		}
		p.accept(l)
	}
}

// Affected returns the number of chunks that the current fault handled, or of connections that it reset.
func (p *Proxy) Affected() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.affected
}

// ResetAll resets every open connection.
func (p *Proxy) ResetAll() {
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
		_ = client.Close() // the server is not listening
		return
	}
	k := &link{client, server}
	p.mu.Lock()
	if p.l == nil { // refused meanwhile
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

// pump forwards one direction of a link until it ends.
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
			p.affected++
			p.mu.Unlock()
			size := len(rest)
			if f.MaxChunk > 0 {
				size = min(size, f.MaxChunk)
			}
			piece := &Chunk{ToServer: up, Bytes: rest[:size], Conn: k, Offset: sent, lifted: lifted}
			rest = rest[size:]
			var do error
			if f.Handle != nil {
				do = f.Handle(piece)
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

// end closes both connections. A second call has no effect.
func (k *link) end(reset bool) {
	if tcp, ok := k.client.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0) // it may be closed
	}
	_ = k.client.Close() // it may be closed
	_ = k.server.Close()
}
