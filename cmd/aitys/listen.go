package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/aitys/aitys/cmd/aitys/flags"
)

// listenFlag is shared by serve and demo.
type listenFlag struct {
	Listen string `help:"Address to listen on (default ${default}); port 0 picks a free port. serve also takes unix:PATH." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
}

// listenTCP listens on HOST:PORT.
func (c listenFlag) listenTCP() (net.Listener, error) { return listenOn("listen", c.Listen) }

// listenOn listens on HOST:PORT, the value of a flag.
func listenOn(flag, at string) (net.Listener, error) {
	if err := flags.CheckListen(flag, at); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, listenError(flag, at, err)
	}
	return l, nil
}

// listen returns the socket that systemd passed, or listens on HOST:PORT or unix:PATH.
func (c serveFlags) listen() (net.Listener, error) {
	l, err := passedSocket()
	if l == nil && err == nil {
		if path, ok := flags.SocketPath(c.Listen); ok {
			l, err = listenUnix(path)
		} else {
			return c.listenTCP()
		}
	}
	if err == nil && isUnix(l.Addr()) && c.PublicURL == "" {
		err = errors.Join(fmt.Errorf("a server on %s needs --public-url", listenURL(l.Addr())), l.Close())
	}
	if err != nil {
		return nil, err
	}
	return l, nil
}

// passedSocket returns the socket that systemd passed to this process (socket activation), or nil.
func passedSocket() (net.Listener, error) {
	passed, err := activation.Listeners()
	switch {
	case err != nil:
		return nil, fmt.Errorf("socket of systemd: %w", err)
	case len(passed) == 0:
		return nil, nil
	case len(passed) > 1:
		return nil, fmt.Errorf("systemd passed %d sockets; keep one ListenStream= in the socket unit", len(passed))
	case passed[0] == nil:
		return nil, errors.New("systemd passed a socket that is no stream; use ListenStream= in the socket unit")
	}
	return passed[0], nil
}

// socketMode lets the owner and the group of a Unix socket connect, so that a proxy in the group can.
const socketMode = 0o660

// listenUnix listens on a Unix socket. It replaces a socket on which no server listens, and no other file.
func listenUnix(path string) (net.Listener, error) {
	if err := flags.CheckSocket(path); err != nil {
		return nil, err
	}
	if err := removeStaleSocket(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	switch {
	case errors.Is(err, syscall.EINVAL):
		return nil, fmt.Errorf("--listen: %s is too long for a socket", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("--listen: %w", checkFolder(path))
	case errors.Is(err, fs.ErrPermission):
		return nil, &fs.PathError{Op: "listen", Path: path, Err: fs.ErrPermission}
	case err != nil:
		return nil, fmt.Errorf("--listen: %w", err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// removeStaleSocket removes the socket that a killed server left at path.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("--listen: %s exists and is not a socket", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		return errors.Join(fmt.Errorf("unix:%s is in use by a running server: stop it, or choose another path", path), c.Close())
	}
	if errors.Is(err, fs.ErrPermission) {
		return &fs.PathError{Op: "connect", Path: path, Err: fs.ErrPermission}
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("cannot check whether unix:%s is in use: %w", path, err)
	}
	return os.Remove(path)
}

// clientOf returns a client whose requests go to the server at a value of --listen, whatever their URL says. An empty
// host, 0.0.0.0 and :: mean this machine.
func clientOf(listen string) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		if path, ok := flags.SocketPath(listen); ok {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}
		return new(net.Dialer).DialContext(ctx, "tcp", listen)
	}}}
}

func isUnix(a net.Addr) bool { return a.Network() == "unix" }

// listenURL returns http://HOST:PORT, or unix:PATH.
func listenURL(a net.Addr) string {
	if isUnix(a) {
		return "unix:" + a.String()
	}
	return (&url.URL{Scheme: "http", Host: address(a)}).String()
}

// address returns the host and port of a listener. For an unspecified IP address, the host is localhost.
func address(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("localhost:%d", tcp.Port)
	}
	return a.String()
}
