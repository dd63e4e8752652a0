package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// logger returns a logger that writes records of at least level to standard error.
func (a *env) logger(level slog.Level) *slog.Logger { return a.loggerTo(a.stderr, level) }

// serverLog returns the logger of a server. It never blocks: if standard error is a full pipe, lines are dropped and
// counted. stop writes the queued lines and waits at most one second.
func (a *env) serverLog(level slog.Level) (log *slog.Logger, stop func()) {
	q := &logQueue{lines: make(chan []byte, 1_024), ending: make(chan struct{}), ended: make(chan struct{})}
	go q.run(a.stderr, a.loggerTo(a.stderr, level))
	return a.loggerTo(q, level), func() {
		close(q.ending)
		select {
		case <-q.ended:
		case <-time.After(time.Second):
		}
	}
}

func (a *env) loggerTo(w io.Writer, level slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if a.base.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// A logQueue buffers log lines, so that logging never blocks.
type logQueue struct {
	lines         chan []byte
	dropped       atomic.Int64
	ending, ended chan struct{}
}

// Write queues a line, or drops it. It never fails.
func (q *logQueue) Write(line []byte) (int, error) {
	select {
	case q.lines <- bytes.Clone(line):
	default:
		q.dropped.Add(1)
	}
	return len(line), nil
}

// run writes lines to w until ending is closed and the queue is empty. It reports dropped lines to direct, a logger
// that also writes to w.
func (q *logQueue) run(w io.Writer, direct *slog.Logger) {
	defer close(q.ended)
	for {
		select {
		case line := <-q.lines:
			q.write(w, direct, line)
			continue
		default:
		}
		select {
		case line := <-q.lines:
			q.write(w, direct, line)
		case <-q.ending:
			return
		}
	}
}

func (q *logQueue) write(w io.Writer, direct *slog.Logger, line []byte) {
	_, _ = w.Write(line) // no other place to report an error
	if n := q.dropped.Swap(0); n > 0 {
		direct.Warn("log lines were dropped: standard error was read too slowly", "lines", n)
	}
}
