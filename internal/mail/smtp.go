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
	// sendTimeout is the timeout of one mail. It is shorter than the timeouts of RFC 5321, because mails are sent one by
	// one.
	sendTimeout = 2 * time.Minute
	// closeTimeout is the time left to a mail that is being sent when the program ends.
	closeTimeout = 3 * time.Second
)

// A Server is an SMTP server for outgoing mail.
type Server struct {
	host     string
	port     int
	implicit bool // TLS from the first byte; false: STARTTLS if the server offers it
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
		return Server{}, errors.New("the URL is not valid")
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return Server{}, errors.New("want smtp://HOST or smtps://HOST")
	case u.Hostname() == "":
		return Server{}, errors.New("the URL has no host")
	case strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "":
		return Server{}, errors.New("the URL must not have a path, a query or a fragment")
	}
	port := cmp.Or(u.Port(), map[string]string{"smtp": "587", "smtps": "465"}[u.Scheme])
	n, err := strconv.Atoi(port)
	if err != nil || n < 1 || n > 65535 {
		return Server{}, fmt.Errorf("%q is not a port", port)
	}
	return Server{host: u.Hostname(), port: n, implicit: u.Scheme == "smtps", user: u.User}, nil
}

// ParseFrom parses a sender, with or without a name: My Blog <comments@example.org>.
func ParseFrom(s string) (netmail.Address, error) {
	a, err := netmail.ParseAddress(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || strings.ContainsAny(a.Address, "<>\" ") {
		return netmail.Address{}, fmt.Errorf("%q is not an address like comments@example.org or "+
			"My Blog <comments@example.org>", s)
	}
	return *a, nil
}

// local reports whether the server is on this machine, where TLS is not needed.
func (s Server) local() bool {
	a, err := netip.ParseAddr(s.host)
	return s.host == "localhost" || err == nil && a.IsLoopback()
}

// A connection is an open, authenticated SMTP connection. release stops the watch on the context given to open.
type connection struct {
	client  *gomail.Client
	conn    *smtp.Client
	release func() bool
}

// open connects and signs in. When ctx ends, I/O on the connection fails after closeTimeout.
func (s Server) open(ctx context.Context) (*connection, error) {
	l := &connection{release: func() bool { return true }}
	dial := func(dialling context.Context, network, address string) (net.Conn, error) {
		var d interface {
			DialContext(ctx context.Context, network, address string) (net.Conn, error)
		} = &net.Dialer{}
		if s.implicit {
			d = &tls.Dialer{Config: &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}}
		}
		conn, err := d.DialContext(dialling, network, address)
		if err == nil {
			l.release = context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Now().Add(closeTimeout)) })
		}
		return conn, err
	}
	o := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(sendTimeout), gomail.WithDialContextFunc(dial),
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
		l.release()
		return nil, fmt.Errorf("connect to the mail server %s: %w", s, err)
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
func (l *connection) close() {
	_ = l.client.CloseWithSMTPClient(l.conn) // no mail is being sent, so an error loses nothing
	l.release()
}

// drop closes the connection without QUIT, since a command would complete an unfinished text.
func (l *connection) drop() {
	_ = l.conn.Close() // an error changes nothing
	l.release()
}

// A result is the result of sending a mail.
type result uint8

const (
	accepted       result = iota // the server accepted the mail
	refusedForever               // the server refuses this address permanently
	refusedForNow                // this mail failed; the connection can still be used
	disconnected                 // the connection cannot be used any more
)

// send sends a letter. It calls markSending just before the text (SMTP DATA), and stops if that returns an error.
func (l *connection) send(from netmail.Address, at time.Time, t letter, markSending func() error) (result, error) {
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
		if err := markSending(); err != nil {
			return 0, err
		}
		n, err := io.WriteString(w, t.Text)
		return int64(n), err
	})
	m.AddAlternativeString(gomail.TypeTextHTML, t.HTML)
	err := l.client.SendWithSMTPClient(l.conn, m)
	if err == nil || m.IsDelivered() {
		return accepted, nil
	}
	bad, ok := errors.AsType[*gomail.SendError](err)
	switch {
	case ok && bad.Reason == gomail.ErrSMTPRcptTo && bad.ErrorCode() >= 500:
		return refusedForever, err
	case ok && bad.ErrorCode() >= 400 && bad.Reason != gomail.ErrWriteContent && bad.ErrorCode() != 421:
		return refusedForNow, err
	}
	return disconnected, err
}
