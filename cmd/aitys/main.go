// Command aitys is the whole service in one binary: the server, the demo and the operator's commands.
//
// This package reads the configuration, builds the services and closes them in order. It has no rules about comments.
// Results go to standard output. The log and at most one error line go to standard error.
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
	_ "time/tzdata" // so that TZ works in an image without files of time zones

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/cmd/aitys/flags"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/txn"
)

func main() {
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	// The first signal starts the shutdown. After two seconds another signal kills the process: some senders send the
	// first signal twice.
	context.AfterFunc(ctx, func() { time.AfterFunc(2*time.Second, stop) })
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

const about = `A self-hosted comment service with moderation.

Each flag can also be set by an environment variable (AITYS_PUBLIC_URL for --public-url) or by a line ` +
	`"NAME=VALUE" or "name: value" in the --config file. Results go to standard output, ` +
	`the log to standard error.`

// env holds the streams and common flags of a command.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	stderr io.Writer
	base   base
}

func run(ctx context.Context, args, environ []string, in io.Reader, out, stderr io.Writer) (code int) {
	args = helpArgs(args)
	var c cli
	helped := false
	values := &flags.Values{}
	parser := kong.Must(&c, kong.Name("aitys"), helpVars(), kong.Description(about), kong.Writers(out, stderr),
		kong.Resolvers(values), kong.Exit(func(int) { helped = true }), kong.KindMapper(reflect.String, stringMapper{}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}))
	if line, ok := typedLine(environ); ok {
		for _, word := range completions(parser.Model.Node, line) {
			_, _ = fmt.Fprintln(out, word) // the shell is gone
		}
		return 0
	}
	if err := values.Read(parser.Model, args, environ); err != nil {
		return fail(stderr, exitUsage, err)
	}
	chosen, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err == nil {
		err = flags.CheckValues(chosen)
	}
	if err != nil {
		return fail(stderr, exitUsage, usageError(err))
	}
	if c.Data == "" {
		c.Data = "data"
		if chosen.Command() == "demo" {
			if c.Data, err = os.MkdirTemp("", "aitys-demo-"); err != nil {
				return fail(stderr, exitFailed, fmt.Errorf("create the demo's folder: %w", err))
			}
			defer func() { _ = os.RemoveAll(c.Data) }() // the system also cleans temporary folders
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

// howToRestore is appended to errors about a damaged database.
const howToRestore = ": stop the server, restore a backup with `aitys restore FILE`, and start it again"

// fail prints err as one line and returns code.
func fail(stderr io.Writer, code int, err error) int {
	what := err.Error()
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Kind != problem.Internal {
		what = errorText(e.Detail)
	}
	if errors.Is(err, txn.ErrCorrupt) {
		what += howToRestore
	}
	if denied := permissionError(err); denied != nil {
		what = denied.Error()
	}
	_, _ = fmt.Fprintln(stderr, "aitys: "+strings.Join(strings.Fields(what), " ")) // no other place to report it
	return code
}

// systemClock implements txn.Clock with the time of the system.
type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }
