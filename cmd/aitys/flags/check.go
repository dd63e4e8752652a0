package flags

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aitys/aitys/internal/coord"
	"github.com/aitys/aitys/moderation/text"
)

// CheckDatabase returns an error if s is not a valid database URL. It does not open the database.
func CheckDatabase(s string) error {
	if path, ok := strings.CutPrefix(s, "sqlite:"); ok {
		info, err := os.Stat(path)
		switch {
		case path == "" || path == ":memory:" || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "?\x00"):
			return errors.New("want sqlite:PATH, the path of a file")
		case err == nil && !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a file", path)
		}
		return nil
	}
	u, err := ParseURL(s)
	if err != nil {
		return err
	}
	switch {
	case u.Scheme != "postgres" && u.Scheme != "postgresql":
		return errors.New("want sqlite:PATH or postgres://USER@HOST/NAME")
	case u.Host == "" && u.Query().Get("host") == "":
		return errors.New("the postgres:// URL has no host")
	case strings.Trim(u.Path, "/") == "":
		return errors.New("the postgres:// URL has no database name")
	}
	return checkPort(u)
}

// CheckRedis returns an error if s is not a valid Redis URL. An empty s is valid and means no Redis.
func CheckRedis(s string) error {
	if s == "" {
		return nil
	}
	u, err := ParseURL(s)
	switch {
	case err != nil:
		return err
	case u.Scheme == "unix" && u.Path == "":
		return errors.New("the unix:// URL has no socket path")
	case u.Scheme != "unix" && u.Scheme != "redis" && u.Scheme != "rediss":
		return errors.New("want redis://, rediss:// or unix://")
	case u.Scheme != "unix" && u.Host == "":
		return errors.New("the URL has no host")
	}
	if err := checkPort(u); err != nil {
		return err
	}
	return coord.CheckURL(s)
}

// ParseURL parses a URL that may contain a password. Its errors never contain the password.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		if hint := text.EscapeHint(s); hint != "" {
			err = errors.New(hint)
		} else if bad, ok := errors.AsType[*url.Error](err); ok && !strings.Contains(s, "@") {
			err = bad.Err
		} else {
			err = errors.New("the URL is invalid")
		}
		return nil, err
	}
	return u, nil
}

func checkPort(u *url.URL) error {
	if u.Port() == "" {
		return nil
	}
	if n, err := strconv.Atoi(u.Port()); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("%q is not a port", u.Port())
	}
	return nil
}

// CheckListen returns an error if s is not HOST:PORT. Port 0 picks a free port.
func CheckListen(flag, s string) error {
	host, port, err := net.SplitHostPort(s)
	if _, socket := SocketPath(s); err != nil || socket {
		return fmt.Errorf("--%s: want HOST:PORT, not %q", flag, s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || (port != "0" && n == 0) {
		return fmt.Errorf("--%s: %q is not a port", flag, port)
	}
	if strings.ContainsAny(host, "/@?#* ") {
		return fmt.Errorf("--%s: %q is not a host", flag, host)
	}
	return nil
}

// SocketPath returns the path of a Unix socket in a value of --listen, unix:PATH.
func SocketPath(listen string) (path string, ok bool) { return strings.CutPrefix(listen, "unix:") }

// CheckSocket returns an error if path is not the path of a Unix socket. Abstract sockets, which begin with @, have no
// permissions: every user could connect and choose the client addresses.
func CheckSocket(path string) error {
	if path == "" || strings.HasPrefix(path, "@") || strings.HasPrefix(path, "//") || strings.ContainsRune(path, 0) {
		return fmt.Errorf("--listen: want unix:PATH, not %q", "unix:"+path)
	}
	return nil
}

// Loopback reports whether a is a loopback address.
func Loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// PublicURL parses --public-url. It accepts only a scheme, host and port.
func PublicURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, fmt.Errorf("--public-url: %q is not a URL", s)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("--public-url: want http:// or https://, not %q", s)
	case u.Hostname() == "" || strings.ContainsAny(u.Host, "*_ ,;"):
		return nil, fmt.Errorf("--public-url: %q has no host", s)
	case u.User != nil:
		return nil, errors.New("--public-url: remove the user name and password")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" ||
		strings.HasSuffix(s, "#"):
		return nil, fmt.Errorf("--public-url: want only a scheme, host and port, "+
			"not %q", s)
	}
	if err := checkPort(u); err != nil {
		return nil, fmt.Errorf("--public-url: %w", err)
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, nil
}

// Proxies parses --trusted-proxy. It rejects ranges wider than 10.0.0.0/8 or fc00::/7: a trusted proxy chooses the
// client address that limits and blocks use.
func Proxies(list []string) ([]netip.Prefix, error) {
	var found []netip.Prefix
	for _, s := range list {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil || a.Zone() != "" {
				return nil, fmt.Errorf("--trusted-proxy: %q is neither an address nor a range like 10.0.0.0/8", s)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		widest := 8 // 10.0.0.0/8
		if p.Addr().Is6() {
			widest = 7 // fc00::/7
		}
		switch {
		case p.Addr().IsUnspecified() && p.IsSingleIP():
			return nil, fmt.Errorf("--trusted-proxy: %q is not the address of a machine", s)
		case p.Addr().Is4In6():
			return nil, fmt.Errorf("--trusted-proxy: write %q as an IPv4 range", s)
		case p.Bits() < widest:
			return nil, fmt.Errorf("--trusted-proxy: %q is too wide; use your proxy's own addresses", s)
		case p.Masked() != p:
			return nil, fmt.Errorf("--trusted-proxy: %q is not the start of its range; did you mean %v?",
				s, p.Masked())
		}
		found = append(found, p)
	}
	return found, nil
}

// Local reports whether the host of u is localhost or a loopback address.
func Local(u *url.URL) bool {
	h := u.Hostname()
	return h == "localhost" || h == "::1" || strings.HasPrefix(h, "127.")
}
