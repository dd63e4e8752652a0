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

// A Mailbox is a mail server that keeps what it is handed.
type Mailbox struct {
	URL     string
	address string
	server  *smtp.Server

	mu    sync.Mutex
	mails []Handed
	// Rcpt and Data answer instead of the server, where they are set: an error refuses, and whoever does not return
	// lets wait. Data is asked once the whole text is there.
	rcpt func(to string) error
	data func(m Handed) error
}

// A Handed mail is one as the server got it.
type Handed struct {
	From   string
	To     []string
	Header mail.Header
	Raw    []byte
}

// Mailbox starts a mail server of the test's own.
func NewMailbox(t testing.TB) *Mailbox {
	t.Helper()
	b := &Mailbox{}
	b.Open(t)
	t.Cleanup(b.Close)
	return b
}

// Open starts the server, at the same address as before.
func (b *Mailbox) Open(t testing.TB) {
	t.Helper()
	if err := b.Listen(); err != nil {
		t.Fatal(err)
	}
}

// Listen is Open where no test is.
func (b *Mailbox) Listen() error {
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
	b.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &handing{b: b}, nil }))
	b.server.Domain, b.server.AllowInsecureAuth = "localhost", true
	b.server.ErrorLog = quiet{}
	go func() { _ = b.server.Serve(l) }()
	return nil
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// Close ends the server and every connection to it.
func (b *Mailbox) Close() { _ = b.server.Close() }

// Answer sets how the server answers from now on; nil is well.
func (b *Mailbox) Answer(rcpt func(to string) error, data func(Handed) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rcpt, b.data = rcpt, data
}

// Refusal is an answer of a mail server.
func Refusal(code int, says string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: says}
}

// Mails are those that came, the oldest first, also those that were answered with a refusal.
func (b *Mailbox) Mails() []Handed {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.mails)
}

// To are those for one address.
func (b *Mailbox) To(address string) []Handed {
	return slices.DeleteFunc(b.Mails(), func(m Handed) bool { return !slices.Contains(m.To, address) })
}

// Wait waits for the n-th mail to an address.
func (b *Mailbox) Wait(t testing.TB, address string, n int) Handed {
	t.Helper()
	Within(t, 20*time.Second, "mail to "+address, func() bool { return len(b.To(address)) >= n })
	return b.To(address)[n-1]
}

// handing is one connection.
type handing struct {
	b    *Mailbox
	from string
	to   []string
}

func (h *handing) Reset()        { h.from, h.to = "", nil }
func (h *handing) Logout() error { return nil }

func (h *handing) Mail(from string, _ *smtp.MailOptions) error {
	h.from = from
	return nil
}

func (h *handing) Rcpt(to string, _ *smtp.RcptOptions) error {
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

func (h *handing) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Refusal(554, "what is this?")
	}
	m := Handed{From: h.from, To: slices.Clone(h.to), Header: read.Header, Raw: raw}
	h.b.mu.Lock()
	h.b.mails = append(h.b.mails, m)
	answer := h.b.data
	h.b.mu.Unlock()
	if answer != nil {
		return answer(m)
	}
	return nil
}

// Parts are the text and the HTML of a mail, decoded.
func (m Handed) Parts() (text, html string, err error) {
	parts, err := alternatives(m)
	if err != nil || len(parts) != 2 {
		return "", "", errors.Join(err, errors.New("it has not two parts"))
	}
	return strings.ReplaceAll(parts[0], "\r\n", "\n"), parts[1], nil
}
