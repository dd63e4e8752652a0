package web

import (
	"log/slog"
	"net/http"
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

// NewServer returns a server for h with every limit set: net/http and echo set none.
func NewServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       readTime,
		WriteTimeout:      writeTime,
		IdleTimeout:       idleTime,
		// net/http allows 4 KiB more than it is told.
		MaxHeaderBytes: maxHeader - 4<<10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
