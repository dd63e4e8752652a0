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
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/moderation/problem"
)

// helpArgs replaces `help COMMAND` by `COMMAND --help`, and an empty command line by --help.
func helpArgs(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.DeleteFunc(args[1:], func(a string) bool { return a == "help" }), "--help")
	}
	return args
}

// A noValueError reports that the command line ends after a flag that needs a value.
type noValueError struct{ flag string }

func (e noValueError) Error() string { return e.flag + " needs a value" }

// stringMapper reads strings like kong, but returns a noValueError at the end of the command line.
type stringMapper struct{}

func (stringMapper) Decode(in *kong.DecodeContext, target reflect.Value) error {
	if in.Scan.Peek().IsEOL() {
		return noValueError{in.Value.ShortSummary()}
	}
	return in.Scan.PopValueInto("string", target.Addr().Interface())
}

// usageError adds to kong's error the command or value that is wrong, and which help to read.
func usageError(err error) error {
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
	said, nearest := splitSuggestion(err.Error())
	word, unexpected := strings.CutPrefix(said, "unexpected argument ")
	flag, unknown := strings.CutPrefix(said, "unknown flag ")
	lacking, wanting := strings.CutPrefix(err.Error(), `expected "<`)
	switch typed := strings.TrimPrefix(command+" "+word, "aitys "); {
	case unexpected && len(at.Children) > 0 && nearest != "":
		return fmt.Errorf("there is no command `aitys %s`; %s Run `%s --help`", typed, nearest, command)
	case unexpected && len(at.Children) > 0:
		return fmt.Errorf("there is no command `aitys %s`; run `%s --help`", typed, command)
	case unexpected:
		return fmt.Errorf("%s; run `%s --help`", said, command)
	case unknown && slices.ContainsFunc(at.Positional, func(p *kong.Positional) bool { return "--"+p.Name == flag }):
		for _, p := range at.Positional {
			command += " " + strings.ToUpper(p.Name)
		}
		return fmt.Errorf("%s; give the %s without a flag: `%s`", said, flag[2:], command)
	case nearest != "":
		return fmt.Errorf("%s, %s", said, nearest)
	case unknown:
		return fmt.Errorf("%s; run `%s --help`", said, command)
	case wanting:
		name, _, _ := strings.Cut(lacking, ">")
		return fmt.Errorf("`%s` needs %s; run `%s --help`", command, strings.ToUpper(name), command)
	case strings.HasPrefix(err.Error(), "expected "):
		names := make([]string, len(at.Children))
		for i, child := range at.Children {
			names[i] = child.Name
		}
		return fmt.Errorf("`%s` needs %s; run `%s --help`", command, problem.Among(names), command)
	}
	return err
}

// splitSuggestion splits kong's error into the message and a question that suggests similar names, or "". Kong suggests
// names that differ in up to two letters. For short names, splitSuggestion keeps only closer matches.
func splitSuggestion(text string) (what, suggestion string) {
	what, list, _ := strings.Cut(text, ", did you mean ")
	typed := what[strings.LastIndexByte(what, ' ')+1:]
	var near []string
	for _, quoted := range regexp.MustCompile(`"[^"]+"`).FindAllString(list, -1) {
		if isNear(typed, strings.Trim(quoted, `"`)) {
			near = append(near, quoted)
		}
	}
	if near == nil {
		return what, ""
	}
	return what, "did you mean " + problem.Among(near) + "?"
}

// isNear reports whether name, a suggestion of kong, is likely the name that the user meant. For --yes it returns false,
// so that a typo cannot lead to an accidental confirmation.
func isNear(typed, name string) bool {
	a, b := strings.TrimLeft(typed, "-"), strings.TrimLeft(name, "-")
	if name == "--yes" || len(a) < 2 {
		return false
	}
	if strings.HasPrefix(b, a) || min(len(a), len(b)) > 3 {
		return true
	}
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for a != "" && b != "" && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) < 2 && len(b) < 2 // one letter differs
}

// errorText returns the detail of a problem in the style of the other error lines: with a lowercase first letter and
// without a full stop.
func errorText(detail string) string {
	first, size := utf8.DecodeRuneInString(detail)
	if next, _ := utf8.DecodeRuneInString(detail[size:]); !unicode.IsUpper(next) { // no abbreviation
		detail = string(unicode.ToLower(first)) + detail[size:]
	}
	return strings.TrimSuffix(detail, ".")
}

// listenError says what to do about an address that cannot be listened on. For a port that is in use it suggests a free one
// of the next 50.
func listenError(flag, listen string, err error) error {
	host, port, split := net.SplitHostPort(listen)
	name, unnamed := errors.AsType[*net.DNSError](err)
	switch {
	case split != nil:
		return err
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("--%s: this user may not listen on port %s: take a port from 1024 up, behind a proxy", flag, port)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("--%s: %s is not an address of this machine: take 127.0.0.1, or 0.0.0.0 for all of them", flag, host)
	case unnamed:
		return fmt.Errorf("--%s: cannot resolve %s: %s; give an IP address", flag, name.Name, name.Err)
	case !errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("--%s: %w", flag, err)
	}
	const tried = 50
	first, _ := strconv.Atoi(port) // valid, because the system tried it
	for n := first + 1; n <= min(65535, first+tried); n++ {
		free := net.JoinHostPort(host, strconv.Itoa(n))
		if l, err := net.Listen("tcp", free); err == nil {
			_ = l.Close() // it was only a probe
			return fmt.Errorf("%s is in use; try --%s %s", listen, flag, free)
		}
	}
	return fmt.Errorf("%s is in use; try --%s with another port", listen, flag)
}

// connectError shortens the error of a failed connection to Postgres to one cause. The driver repeats the cause for each
// address and each TLS mode. It returns other errors unchanged.
func (b base) connectError(err error) error {
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
		return fmt.Errorf("the Postgres at %s refused the connection: %s", where, why)
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

// mapNotFound replaces an error with the code <what>.unknown by one that names the missing site or account.
func mapNotFound(err error, what, name string) error {
	if e, ok := errors.AsType[*problem.Error](err); ok && e.Code == what+".unknown" {
		return notFound(what, name)
	}
	return err
}

func notFound(what, name string) error {
	return fmt.Errorf("there is no %s %s; see `aitys %s list`", what, name, what)
}

// checkSites returns an error if a key is not the key of a site.
func (r *services) checkSites(ctx context.Context, keys []string) error {
	for _, key := range keys {
		if _, err := r.Process.Site(ctx, key); err != nil {
			return mapNotFound(err, "site", key)
		}
	}
	return nil
}

// permissionError returns an error that names the inaccessible file or folder and what to do. It returns nil if err has
// another cause.
func permissionError(err error) error {
	bad, ok := errors.AsType[*fs.PathError](err)
	if ok && errors.Is(bad, syscall.EROFS) {
		return fmt.Errorf("cannot write to %s: its file system is read-only", bad.Path)
	}
	if !ok || !errors.Is(bad, fs.ErrPermission) {
		return nil
	}
	owned := bad.Path
	if _, err := os.Lstat(owned); err != nil { // the file does not exist, or its folder is inaccessible
		owned = filepath.Dir(owned)
	}
	if len(strings.Split(owned, string(filepath.Separator))) <= 2 { // such as / and /root
		return fmt.Errorf("cannot open %s: permission denied. Choose a folder of the user that runs aitys (ID %d), or create "+
			"this one for it", bad.Path, os.Geteuid())
	}
	return fmt.Errorf("cannot open %s: permission denied. Give %s to the user that runs aitys (ID %d), or run aitys "+
		"as its owner", bad.Path, owned, os.Geteuid())
}
