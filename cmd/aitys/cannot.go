package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/moderation/problem"
)

// helps turns `aitys help COMMAND`, and no command at all, into a question for help.
func helps(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.DeleteFunc(args[1:], func(a string) bool { return a == "help" }), "--help")
	}
	return args
}

// A noValueError means that the command line ends after a flag that needs a value.
type noValueError struct{ flag string }

func (e noValueError) Error() string { return e.flag + " wants a value" }

// stringMapper reads strings as kong does, but returns a noValueError at the end of the command line.
type stringMapper struct{}

func (stringMapper) Decode(in *kong.DecodeContext, target reflect.Value) error {
	if in.Scan.Peek().IsEOL() {
		return noValueError{in.Value.ShortSummary()}
	}
	return in.Scan.PopValueInto("string", target.Addr().Interface())
}

// mistyped says what is wrong with a command line, and where one finds what is right.
func mistyped(err error) error {
	parsed, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return err
	}
	if missing, ok := errors.AsType[noValueError](err); ok {
		return missing
	}
	at := parsed.Context.Model.Node
	for _, p := range parsed.Context.Path {
		if p.Command != nil {
			at = p.Command
		}
	}
	command := at.FullPath()
	word, unexpected := strings.CutPrefix(err.Error(), "unexpected argument ")
	word, nearest, _ := strings.Cut(word, ", ")
	lacking, wanting := strings.CutPrefix(err.Error(), `expected "<`)
	switch typed := strings.TrimPrefix(command+" "+word, "aitys "); {
	case unexpected && len(at.Children) > 0 && nearest != "":
		return fmt.Errorf("there is no command `aitys %s`; %s Run `%s --help`", typed, nearest, command)
	case unexpected && len(at.Children) > 0:
		return fmt.Errorf("there is no command `aitys %s`; run `%s --help`", typed, command)
	case unexpected:
		return fmt.Errorf("%w; run `%s --help`", err, command)
	case wanting:
		name, _, _ := strings.Cut(lacking, ">")
		return fmt.Errorf("`%s` wants %s; run `%s --help`", command, strings.ToUpper(name), command)
	case strings.HasPrefix(err.Error(), "expected "):
		names := make([]string, len(at.Children))
		for i, child := range at.Children {
			names[i] = child.Name
		}
		return fmt.Errorf("`%s` wants %s; run `%s --help`", command, problem.Among(names), command)
	}
	return err
}

// taken says of a port that somebody listens on which one is free.
func taken(listen string, err error) error {
	host, port, split := net.SplitHostPort(listen)
	if !errors.Is(err, syscall.EADDRINUSE) || split != nil {
		return err
	}
	const tried = 50
	first, _ := strconv.Atoi(port) // somebody listens on it
	for n := first + 1; n <= min(65535, first+tried); n++ {
		free := net.JoinHostPort(host, strconv.Itoa(n))
		if l, err := net.Listen("tcp", free); err == nil {
			_ = l.Close() // it was only tried
			return fmt.Errorf("%s is taken; try --listen %s", listen, free)
		}
	}
	return fmt.Errorf("%s is taken; try --listen with another port", listen)
}

// unreached says once, and in a clause, why there is no connection to Postgres; the library says it of each
// address and each kind of encryption that it tried.
func (b base) unreached(err error) error {
	u, bad := url.Parse(b.Database)
	if _, isSQLite := b.sqlitePath(); isSQLite || bad != nil {
		return err
	}
	where, why := u.Host, ""
	if where == "" {
		where = u.Query().Get("host")
	} else if u.Port() == "" && !strings.Contains(where, ",") {
		where += ":5432"
	}
	_, refusal, refused := strings.Cut(err.Error(), "FATAL: ")
	name, unnamed := errors.AsType[*net.DNSError](err)
	errno, failed := errors.AsType[syscall.Errno](err)
	switch {
	case refused:
		why, _, _ = strings.Cut(refusal, "\n")
		return fmt.Errorf("the Postgres at %s refuses: %s", where, why)
	case unnamed:
		why = name.Err
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		why = "no answer in time"
	case failed:
		why = errno.Error()
	default:
		return err
	}
	return fmt.Errorf("cannot reach Postgres at %s: %s", where, why)
}

// unknown names the site or the account that there is none of.
func unknown(err error, what, name string) error {
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Code == what+".unknown" {
		return missing(what, name)
	}
	return err
}

func missing(what, name string) error {
	return fmt.Errorf("there is no %s %s; see `aitys %s list`", what, name, what)
}

// know refuses keys that no site has.
func (r *services) know(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if _, err := r.Process.Site(ctx, key); err != nil {
			return unknown(err, "site", key)
		}
	}
	return nil
}

// noPermission returns an error that names the inaccessible file or folder and what to do, or nil if err has another
// cause.
func noPermission(err error) error {
	bad, ok := errors.AsType[*fs.PathError](err)
	if !ok || !errors.Is(bad, fs.ErrPermission) {
		return nil
	}
	owned := bad.Path
	if _, err := os.Lstat(owned); err != nil { // it would be created there, or its folder is inaccessible
		owned = filepath.Dir(owned)
	}
	return fmt.Errorf("%s may not be opened: permission denied. Give %s to the user that runs aitys (ID %d), or run aitys "+
		"as its owner", bad.Path, owned, os.Geteuid())
}
