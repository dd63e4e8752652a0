package main

import (
	"bytes"
	"io"
	"log/slog"
	"sync/atomic"
	"time"
)

// logger is a command's log, which tells only what went wrong.
func (a *env) logger(level slog.Level) *slog.Logger { return a.loggerTo(a.stderr, level) }

// serverLog is the log of a server, which waits for nobody who reads it: when a pipe is full, lines
// are dropped and counted. stop writes what is left, as far as somebody takes it.
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

// A logQueue is between who writes the log and where it goes.
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

// run writes the lines to w until it is to end and none is left. Direct writes to w too: it says what
// was dropped.
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
	_, _ = w.Write(line) // where else to say it?
	if n := q.dropped.Swap(0); n > 0 {
		direct.Warn("lines of the log were dropped: nobody took them", "lines", n)
	}
}
