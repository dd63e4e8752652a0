package api_test

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/aitys/aitys/internal/testkit"
)

// webhook returns a webhook of site A as its owner sees it.
func (w *world) webhook(id string) m {
	w.t.Helper()
	for _, h := range w.as("owner a", "GET", hooksPath, nil).list("webhooks") {
		if h["id"] == id {
			return h
		}
	}
	w.t.Fatalf("there is no webhook %s", id)
	return nil
}

// A receiver that accepts a connection and never responds delays no other receiver. It gets all messages once it
// responds.
func TestWebhook_HangingReceiverDelaysNoOther(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		held := make(chan struct{})
		hanging := newReceiver(t, func(n int, _ http.ResponseWriter) {
			if n == 1 {
				<-held
			}
		})
		well := newReceiver(t, nil)
		id := w.hook(hanging.URL).str("id")
		w.hook(well.URL)
		w.post(requireBody("The first remark, which somebody hears and says nothing of"))
		hanging.tries(t, w, 1)
		for _, body := range []string{"The second remark meanwhile", "A third one, about another thing entirely"} {
			w.post(requireBody(body))
		}
		well.all(t, w, 3) // the other one still hangs
		if h := w.webhook(id); h["failure"] != nil {
			t.Errorf("the receiver that hangs was given up before: %v", h)
		}
		testkit.Until(t, "the failure is shown", func() bool {
			return w.webhook(id)["failure"] == "it did not answer in time"
		})
		close(held)
		ids := map[string]int{}
		for _, d := range hanging.tries(t, w, 4) {
			ids[d.header.Get("webhook-id")]++
		}
		if len(ids) != 3 {
			t.Errorf("there came %v, want three messages, one of them again", ids)
		}
		testkit.Until(t, "all is well again", func() bool {
			w.clock.Add(1e9)
			h := w.webhook(id)
			return h["waiting"] == 0.0 && h["failure"] == nil
		})
	})
}

// Only a few kilobytes of a receiver's response are read. Redirects are not followed.
func TestWebhook_IgnoresRedirectsAndLongAnswers(t *testing.T) {
	onBoth(t, func(t *testing.T, w *world) {
		var sent atomic.Int64
		large := newReceiver(t, func(_ int, w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1073741824")
			for part := make([]byte, 1<<16); ; {
				n, err := w.Write(part)
				if sent.Add(int64(n)); err != nil {
					return
				}
			}
		})
		inner := newReceiver(t, nil)
		moved := newReceiver(t, func(_ int, w http.ResponseWriter) {
			w.Header().Set("Location", inner.URL+"/latest/meta-data/")
			w.WriteHeader(http.StatusTemporaryRedirect)
		})
		w.hook(large.URL)
		id := w.hook(moved.URL).str("id")
		w.post(requireBody("What a receiver answers at great length"))
		large.all(t, w, 1)
		moved.tries(t, w, 1)
		testkit.Until(t, "a redirect is a failure", func() bool { return w.webhook(id)["failure"] == "it answered 307" })
		large.Close() // after its response has ended
		if n := sent.Load(); n > 64<<20 {
			t.Errorf("of its answer %d bytes were taken", n)
		}
		if len(inner.got) != 0 {
			t.Errorf("a redirect was followed: %v", inner.got)
		}
	})
}

// A host that resolved to a public address when the webhook was added, and resolves to the server itself when it is
// called, is refused when dialing. The test is not parallel, because it replaces the resolver of the process.
func TestWebhook_DNSRebindingIsRefused(t *testing.T) {
	var inner atomic.Bool
	names(t, func() []netip.Addr {
		if inner.Load() { // two loopback addresses outside the allowed range
			return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Loopback()}
		}
		return []netip.Addr{netip.MustParseAddr("93.184.216.34")}
	})
	onBothAlone(t, func(t *testing.T, w *world) {
		r := newReceiver(t, nil)
		u, err := url.Parse(r.URL)
		fatal(t, err)
		if res, err := http.Get("http://0.0.0.0:" + u.Port()); err != nil || len(r.got) != 1 {
			t.Fatalf("the receiver is not where the name will lead: %v", err)
		} else {
			fatal(t, res.Body.Close())
		}
		at := "http://receiver.example:" + u.Port() + "/latest"
		inner.Store(true)
		want(t, w.inSession("owner a", "POST", hooksPath, hookOf(at)), 422, "field.invalid")
		inner.Store(false)
		id := w.hook(at).str("id")
		inner.Store(true)
		got := w.as("owner a", "POST", hooksPath+"/"+id+"/test", nil)
		if got.at("taken") != false || got.str("failure") != "its address is inside a network that must not be reached" {
			t.Errorf("a test says %v", got)
		}
		w.post(requireBody("A remark that is for nobody inside"))
		testkit.Until(t, "it fails", func() bool {
			h := w.webhook(id)
			return h["failure"] == got.str("failure") && h["waiting"] == 1.0
		})
		if len(r.got) != 1 {
			t.Errorf("there came %v", r.got[1:])
		}
	})
}

// names makes every host name resolve to addresses until the test ends.
func names(t *testing.T, are func() []netip.Addr) {
	t.Helper()
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	fatal(t, err)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", server.LocalAddr().String())
	}}
	t.Cleanup(func() {
		net.DefaultResolver = before
		fatal(t, server.Close())
	})
	go func() {
		for question := make([]byte, 1<<10); ; {
			n, from, err := server.ReadFrom(question)
			if err != nil {
				return // closed
			}
			var m dnsmessage.Message
			if m.Unpack(question[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			for _, a := range are() {
				q := m.Questions[0]
				head := dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, Type: q.Type} // TTL 0
				switch {
				case a.Is4() && q.Type == dnsmessage.TypeA:
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: &dnsmessage.AResource{A: a.As4()}})
				case a.Is6() && q.Type == dnsmessage.TypeAAAA:
					is := &dnsmessage.AAAAResource{AAAA: a.As16()}
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: head, Body: is})
				}
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = server.WriteTo(answer, from) // the client retries
			}
		}
	}()
}
