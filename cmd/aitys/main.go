// Command aitys is the whole service in one binary: the server, its demo, and the commands
// that an operator needs beside them.
//
// This package reads the configuration, opens the rooms and closes them in order; it decides
// nothing about comments. Results go to standard output, the log and at most one line of error
// to standard error.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

func main() {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	// The first signal asks, a later one ends. Some senders send the first one twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(2*time.Second, stop) })
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

const about = `A comment service in which a person reads every comment first.

Each flag can also be an environment variable (--public-url is AITYS_PUBLIC_URL) or a line ` +
	`"NAME=VALUE" or "name: value" in the file that --config names. Results go to standard output, ` +
	`the log to standard error.`

// env is what every command is given: its streams and the common flags.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	stderr io.Writer
	base   base
}

func run(ctx context.Context, args, environ []string, in io.Reader, out, stderr io.Writer) (code int) {
	args = helps(args)
	var c cli
	helped := false
	values := &flags.Values{}
	parser := kong.Must(&c, kong.Name("aitys"), helpNames(), kong.Description(about), kong.Writers(out, stderr),
		kong.Resolvers(values), kong.Exit(func(int) { helped = true }), kong.KindMapper(reflect.String, stringMapper{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}))
	if err := values.Read(parser.Model, args, environ); err != nil {
		return fail(stderr, exitUsage, err)
	}
	chosen, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err == nil {
		err = flags.CheckGiven(chosen)
	}
	if err != nil {
		return fail(stderr, exitUsage, mistyped(err))
	}
	if c.Data == "" {
		c.Data = "data"
		if chosen.Command() == "demo" {
			if c.Data, err = os.MkdirTemp("", "aitys-demo-"); err != nil {
				return fail(stderr, exitFailed, fmt.Errorf("make the demo's folder: %w", err))
			}
			defer func() { _ = os.RemoveAll(c.Data) }() // a temporary folder: the system tidies up too
		}
	}
	if err := c.check(); err != nil {
		return fail(stderr, exitUsage, err)
	}
	if err := chosen.Run(&env{ctx: ctx, in: in, out: out, stderr: stderr, base: c.base}); err != nil {
		return fail(stderr, exitFailed, err)
	}
	return 0
}

// howToRestore goes after whatever says that the database is damaged.
const howToRestore = ": stop the server, restore a backup with `aitys restore FILE`, and start it again"

// fail writes the one line that tells why.
func fail(stderr io.Writer, code int, err error) int {
	what := err.Error()
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Kind != problem.Internal {
		what = e.Detail
	}
	if errors.Is(err, txn.ErrCorrupt) {
		what += howToRestore
	}
	if denied := noPermission(err); denied != nil {
		what = denied.Error()
	}
	_, _ = fmt.Fprintln(stderr, "aitys: "+strings.Join(strings.Fields(what), " ")) // where else to say it?
	return code
}

// wall is the clock on the wall.
type wall struct{}

func (wall) Now() time.Time { return time.Now() }
