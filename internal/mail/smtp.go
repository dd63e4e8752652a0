package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/aitys/aitys/moderation/text"
)

const (
	// sendFor limits one mail. It is shorter than RFC 5321 asks for, because other mails wait behind it.
	sendFor = 2 * time.Minute
	// closeFor limits the mail that is being sent when the program ends.
	closeFor = 3 * time.Second
)

// A Server is an SMTP server for outgoing mail.
type Server struct {
	host     string
	port     int
	implicit bool // TLS from the first byte; else where it offers STARTTLS
	user     *url.Userinfo
}

// String returns the host and the port of the server.
func (s Server) String() string { return net.JoinHostPort(s.host, strconv.Itoa(s.port)) }

// ParseServer parses smtp://[USER:PASSWORD@]HOST[:PORT], or smtps:// for implicit TLS. Its errors do not contain the
// password.
func ParseServer(s string) (Server, error) {
	u, err := url.Parse(s)
	hint := text.EscapeHint(s)
	switch {
	case hint != "" && (err != nil || u.User == nil):
		return Server{}, errors.New(hint)
	case err != nil:
		return Server{}, errors.New("the URL cannot be read")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return Server{}, errors.New("want smtp://HOST or smtps://HOST")
	case u.Hostname() == "":
		return Server{}, errors.New("the URL names no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return Server{}, errors.New("the URL has more than a name, a password, a host and a port")
	}
	port := cmp.Or(u.Port(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return Server{}, fmt.Errorf("%q is no port", port)
	}
	return Server{host: u.Hostname(), port: n, implicit: u.Scheme == "smtps", user: u.User}, nil
}

// ParseFrom parses a sender, with or without a name: My Blog <comments@example.org>.
func ParseFrom(s string) (netmail.Address, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || strings.ContainsAny(a.Address, "<>\" ") {
		return netmail.Address{}, fmt.Errorf("%q is no address like comments@example.org or "+
			"My Blog <comments@example.org>", s)
	}
	return *a, nil
}

// local reports whether the server is on this machine, where TLS is not needed.
func (s Server) local() bool {
	a, err := netip.ParseAddr(s.host)
	return s.host == "localhost" || err == nil && a.IsLoopback()
}

// A line is an open connection to the server.
type line struct {
	client *gomail.Client
	conn   *smtp.Client
	cut    func() bool
}

// open connects and signs in. When ctx ends, the connection is closed after closeFor.
func (s Server) open(ctx context.Context) (*line, error) {
	l := &line{cut: func() bool { return true }}
	dial := func(dialling context.Context, network, address string) (net.Conn, error) {
		var d interface {
			DialContext(ctx context.Context, network, address string) (net.Conn, error)
		} = &net.Dialer{}
		if s.implicit {
			d = &tls.Dialer{Config: &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}}
		}
		conn, err := d.DialContext(dialling, network, address)
		if err == nil {
			l.cut = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(closeFor)) })
		}
		return conn, err
	}
	o := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(sendFor), gomail.WithDialContextFunc(dial),
		gomail.WithTLSPolicy(gomail.TLSOpportunistic),
	}
	if s.implicit || s.local() {
		o = append(o, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if s.user != nil {
		password, _ := s.user.Password()
		o = append(o, gomail.WithUsername(s.user.Username()), gomail.WithPassword(password), gomail.WithOpportunisticSMTPAuth(
			gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	var err error
	if l.client, err = gomail.NewClient(s.host, o...); err == nil {
		l.conn, err = l.client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		l.cut()
		return nil, fmt.Errorf("reach the mail server %s: %w", s, err)
	}
	return l, nil
}

// Check connects and signs in, and sends no mail. secure reports whether the connection is encrypted or local.
func (s Server) Check(ctx context.Context) (secure bool, err error) {
	l, err := s.open(ctx)
	if err != nil {
		return false, err
	}
	defer l.close()
	_, err = l.conn.GetTLSConnectionState()
	return err == nil || s.implicit || s.local(), nil
}

// close ends the session with QUIT, unless the connection is broken.
func (l *line) close() {
	_ = l.client.CloseWithSMTPClient(l.conn) // no mail is being sent
	l.cut()
}

// drop closes the connection without a command, since a command would complete an unfinished text.
func (l *line) drop() {
	_ = l.conn.Close() // there is no remedy
	l.cut()
}

// A result is the result of sending a mail.
type result uint8

const (
	taken   result = iota
	never          // the server refuses this address permanently
	notNow         // this mail failed, and the next may not
	offline        // the connection cannot be used any more
)

// send sends a letter. It calls hand just before the text, and stops if that fails.
func (l *line) send(from netmail.Address, at time.Time, t letter, hand func() error) (result, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	name := cmp.Or(from.Name, t.FromName)
	m.FromMailAddress(&netmail.Address{Name: text.Excerpt(name, 80), Address: from.Address})
	m.ToMailAddress(&netmail.Address{Address: t.To.String()})
	m.Subject(text.Excerpt(t.Subject, 150))
	m.SetDateWithValue(at)
	m.SetMessageIDWithValue(t.ID + from.Address[strings.LastIndex(from.Address, "@"):])
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	if t.Stop != "" {
		m.SetGenHeaderPreformatted("List-Id", "<"+t.List+">")
		m.SetListUnsubscribe(t.Stop)
		m.SetListUnsubscribePost()
	}
	m.SetBodyWriter(gomail.TypeTextPlain, func(w io.Writer) (int64, error) {
		if err := hand(); err != nil {
			return 0, err
		}
		n, err := io.WriteString(w, t.Text)
		return int64(n), err
	})
	m.AddAlternativeString(gomail.TypeTextHTML, t.HTML)
	err := l.client.SendWithSMTPClient(l.conn, m)
	if err == nil || m.IsDelivered() {
		return taken, nil
	}
	bad, ok := errors.AsType[*gomail.SendError](err)
	switch {
	case ok && bad.Reason == gomail.ErrSMTPRcptTo && bad.ErrorCode() >= 500:
		return never, err
	case ok && bad.ErrorCode() >= 400 && bad.Reason != gomail.ErrWriteContent && bad.ErrorCode() != 421:
		return notNow, err
	}
	return offline, err
}
