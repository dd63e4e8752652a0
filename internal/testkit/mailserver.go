package testkit

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// A MailServer is an SMTP server that stores the mails it receives.
type MailServer struct {
	URL     string
	address string
	server  *smtp.Server

	mu    sync.Mutex
	mails []Mail
	// rcpt and data, if set, decide the answers: an error is a refusal, and a function that blocks delays the answer.
	// data is called after the whole text was received.
	rcpt func(to string) error
	data func(m Mail) error
}

// A Mail is a mail as received.
type Mail struct {
	From   string
	To     []string
	Header mail.Header
	Raw    []byte
}

// NewMailServer starts a mail server. It ends with the test.
func NewMailServer(t testing.TB) *MailServer {
	t.Helper()
	b := &MailServer{}
	b.Open(t)
	t.Cleanup(b.Close)
	return b
}

// Open starts the server. A restarted server has the same address.
func (b *MailServer) Open(t testing.TB) {
	t.Helper()
	if err := b.Listen(); err != nil {
		t.Fatal(err)
	}
}

// Listen is Open for use outside of tests.
func (b *MailServer) Listen() error {
	listen := Listen
	if b.address != "" {
		listen = func() (net.Listener, error) { return net.Listen("tcp", b.address) }
	}
	l, err := listen()
	if err != nil {
		return err
	}
	b.address = l.Addr().String()
	b.URL = "smtp://" + b.address
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &smtpSession{b: b}, nil }))
	b.server.Domain, b.server.AllowInsecureAuth = "localhost", true
	b.server.ErrorLog = discardLogger{}
	go func() { _ = b.server.Serve(l) }()
	return nil
}

type discardLogger struct{}

func (discardLogger) Printf(string, ...any) {}
func (discardLogger) Println(...any)        {}

// Close ends the server and every connection to it.
func (b *MailServer) Close() { _ = b.server.Close() }

// SetAnswers sets the functions that decide the server's answers. A nil function accepts.
func (b *MailServer) SetAnswers(rcpt func(to string) error, data func(Mail) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rcpt, b.data = rcpt, data
}

// SMTPError returns an answer of a mail server with a code and a text.
func SMTPError(code int, says string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: says}
}

// Mails returns the received mails, oldest first. It includes mails whose data was refused.
func (b *MailServer) Mails() []Mail {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// MailsTo returns the mails to an address.
func (b *MailServer) MailsTo(address string) []Mail {
	return slices.DeleteFunc(b.Mails(), func(m Mail) bool { return !slices.Contains(m.To, address) })
}

// WaitForMail waits for the nth mail to an address, counted from 1.
func (b *MailServer) WaitForMail(t testing.TB, address string, n int) Mail {
	t.Helper()
	Within(t, 20*time.Second, "mail to "+address, func() bool { return len(b.MailsTo(address)) >= n })
	return b.MailsTo(address)[n-1]
}

// An smtpSession is one connection.
type smtpSession struct {
	b    *MailServer
	from string
	to   []string
}

func (h *smtpSession) Reset()        { h.from, h.to = "", nil }
func (h *smtpSession) Logout() error { return nil }

func (h *smtpSession) Mail(from string, _ *smtp.MailOptions) error {
	h.from = from
	return nil
}

func (h *smtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	h.b.mu.Lock()
	answer := h.b.rcpt
	h.b.mu.Unlock()
	if answer != nil {
		if err := answer(to); err != nil {
			return err
		}
	}
	h.to = append(h.to, to)
	return nil
}

func (h *smtpSession) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return SMTPError(554, "what is this?")
	}
	m := Mail{From: h.from, To: slices.Clone(h.to), Header: read.Header, Raw: raw}
	h.b.mu.Lock()
	h.b.mails = append(h.b.mails, m)
	answer := h.b.data
	h.b.mu.Unlock()
	if answer != nil {
		return answer(m)
	}
	return nil
}

// Parts returns the decoded text and HTML of a mail.
func (m Mail) Parts() (text, html string, err error) {
	parts, err := mailParts(m)
	if err != nil || len(parts) != 2 {
		return "", "", errors.Join(err, errors.New("it has not two parts"))
	}
	return strings.ReplaceAll(parts[0], "\r\n", "\n"), parts[1], nil
}
