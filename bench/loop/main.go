// Command loop is the floor for streams: net/http alone. GET opens a stream of server-sent events. POST writes its body
// to all open streams, one after the other.
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

func main() {
	var all streams
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	fmt.Printf("listening on http://%s\n", listener.Addr())
	fatal(http.Serve(listener, &all))
}

type streams struct {
	mu   sync.Mutex
	open []http.ResponseWriter
}

func (s *streams) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		told, err := io.ReadAll(r.Body)
		fatal(err)
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, stream := range s.open {
			write(stream, told)
		}
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	s.mu.Lock()
	write(w, []byte("retry: 2000\n\nevent: count\ndata: {\"count\":0}\n\n"))
	s.open = append(s.open, w)
	s.mu.Unlock()
	<-r.Context().Done()
}

// write writes and flushes data. It ignores errors: the benchmark notices a missing reader.
func write(w http.ResponseWriter, data []byte) {
	_, _ = w.Write(data)
	_ = http.NewResponseController(w).Flush()
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "loop:", err)
		os.Exit(1)
	}
}
