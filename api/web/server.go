package web

import (
	"log/slog"
	"net/http"
	"runtime"
	"time"
)

// Time limits of a connection. A stream lifts its own write deadline with each write.
const (
	headerTime = 5 * time.Second
	readTime   = 15 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 16 << 10
)

// spare is how many bytes a server keeps that nobody touches, so that the system gives no memory for them. They have
// the collector run once what is kept, and as much again, is new: some 50 MiB, not the 8 MiB of a service that keeps
// little, where a third of what a hot read costs would be collecting.
const spare = 16 << 20

// NewServer returns a server for h with every limit set: net/http and echo set none.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	s := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		// net/http allows 4 KiB more than it is told.
		MaxHeaderBytes: maxHeader - 4<<10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	kept := make([]byte, spare)
	s.RegisterOnShutdown(func() { runtime.KeepAlive(kept) }) // as long as there is a server
	return s
}
