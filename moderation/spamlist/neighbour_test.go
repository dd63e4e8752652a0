package spamlist_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/signing"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/spamlist"
)

// A wire is the network between sites: what stands at which address.
type wire struct {
	mu     sync.Mutex
	bodies map[string][]byte
	failed error
	asked  int
}

func (w *wire) Get(_ context.Context, address string, _ int) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.bodies[address], w.failed
}

func (w *wire) CheckHost(context.Context, string) error { return nil }

func (w *wire) put(address string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies[address] = body
}

func (w *wire) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = err
}

// near is a world in which site A publishes, and site B reads.
type near struct {
	*apptest.World
	wire *wire
	dana authz.Actor // an owner of both
}

func newNear(t *testing.T, w *apptest.World) near {
	n := near{World: w, wire: &wire{bodies: map[string][]byte{}}, dana: w.AddPerson("dana", authz.Owner)}
	w.S = n.app()
	w.Run(w.S)
	n.set("on")
	return n
}

// app returns an App that reads lists from the wire.
func (n *near) app() *apptest.App {
	n.T.Helper()
	return n.NewAppWith(n.DB.Store, app.Coordination{}, app.Options{Outbound: app.Outbound{Lists: n.wire}})
}

// set turns the list of A on or off.
func (n *near) set(how string) {
	n.T.Helper()
	site, err := n.S.SetSite(n.Ctx, authz.Operator, "a", map[string]string{"neighbours": how})
	n.Must(err)
	n.A = site
}

// crowd has readers send copies of a text to a site, and waits until they are one campaign.
func (n *near) crowd(site site.Site, text func(i int) string, copies int) (ids []string) {
	n.T.Helper()
	for i := range copies {
		ids = append(ids, n.Submit(site, text(i)).ID)
	}
	testkit.Until(n.T, "copies are one campaign", func() bool {
		of, err := n.S.Of(n.Ctx, site.ID, ids)
		return err == nil && of[ids[copies-1]].Size() == copies
	})
	return ids
}

// settled waits until the campaign of a comment has so many refused and approved ones.
func (n *near) settled(site site.Site, id string, refused, approved int) {
	n.T.Helper()
	testkit.Until(n.T, "decisions are counted", func() bool {
		of, err := n.S.Of(n.Ctx, site.ID, []string{id})
		return err == nil && of[id].Refused == refused && of[id].Approved == approved
	})
}

// A document is a list as programs read it.
type document struct {
	Format      int
	Site        string
	GeneratedAt time.Time `json:"generated_at"`
	Key         string
	Campaigns   []struct {
		Fingerprint string
		Hosts       []string
		Members     int
		Writers     int
		LastSeen    time.Time `json:"last_seen"`
	}
	Signature string
}

// list is what A publishes now, as whoever reads it would check it.
func (n *near) list() (d document) {
	n.T.Helper()
	for range 2 { // one that Run began before the last decision is made anew
		n.Clock.Add(2 * time.Hour)
		n.Must(n.S.Renew(n.Ctx))
	}
	l, err := n.S.PublishedList(n.Ctx, n.A)
	n.Must(err)
	n.Must(json.Unmarshal(l.Body, &d))
	if !signing.Verify(parsed(n.T, l.Body), n.key()) {
		n.T.Errorf("the list is not signed with the key of the site: %s", l.Body)
	}
	return d
}

func (n *near) key() string {
	n.T.Helper()
	key, err := n.S.SiteKey(n.Ctx, authz.Operator, n.A)
	n.Must(err)
	return key
}

// parsed is a list as signet takes it.
func parsed(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var list map[string]any
	if err := json.Unmarshal(body, &list); err != nil {
		t.Fatal(err)
	}
	return integers(list).(map[string]any)
}

func integers(v any) any {
	switch v := v.(type) {
	case float64:
		return int(v)
	case []any:
		for i := range v {
			v[i] = integers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = integers(v[k])
		}
	}
	return v
}

func oven(i int) string {
	return fmt.Sprintf("My grandmother would have loved this stone oven, and I got mine %d percent cheaper below the "+
		"usual price: https://oven.example/?ref=%d and http://baked.example/x", 20+i%40, i)
}

func loan(i int) string {
	return fmt.Sprintf("Кредит без справок за пятнадцать минут, одобряем всем, номер заявки %d: https://loan.example/", i)
}

func betting(i int) string {
	return fmt.Sprintf("The only forecast that pays every single evening, join our channel number %d today please", i)
}

func lake(i int) string {
	return fmt.Sprintf("Отдых на озере со скидкой %d процентов, бронируйте номера прямо сегодня, пока они ещё есть: "+
		"«http://Озеро.example/қала?n=%d», подробности также здесь:https://shop%d.рф/акции", 20+i%40, i, i%2)
}

func TestRenew_PublishesHostsInAnyScript(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		n := newNear(t, w)
		lakes := n.crowd(n.A, lake, 5)
		n.Decide(n.dana, n.A, comment.MarkSpam, lakes...)
		n.settled(n.A, lakes[0], 5, 0)
		d := n.list()
		want := "[xn--e1aducj.example shop0.xn--p1ai shop1.xn--p1ai]"
		if len(d.Campaigns) != 1 || fmt.Sprint(d.Campaigns[0].Hosts) != want {
			t.Errorf("the list has %+v, want hosts %s", d.Campaigns, want)
		}
	})
}

func TestAListHasWhatPeopleRefusedAsSpam(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) {
		n := newNear(t, w)
		n.set("off")
		_, err := n.S.PublishedList(n.Ctx, n.A)
		apptest.WantCode(t, "a list that is off", err, "neighbour.unknown")
		n.set("on")
		if d := n.list(); d.Format != 1 || d.Site != "a" || d.Key != n.key() || len(d.Campaigns) != 0 {
			t.Errorf("where nothing was refused the list is %+v", d)
		}

		bread := n.Submit(n.A, "The recipe for a sourdough like this stands at http://baked.example/bread, with pictures.")
		n.Decide(n.dana, n.A, comment.Approve, bread.ID)
		ovens := n.crowd(n.A, oven, 5)
		batch := n.Decide(n.dana, n.A, comment.MarkSpam, ovens...).Batch
		n.settled(n.A, ovens[0], 5, 0)
		d := n.list()
		if len(d.Campaigns) != 1 {
			t.Fatalf("after one campaign the list has %+v", d.Campaigns)
		}
		k := d.Campaigns[0]
		if k.Members != 5 || k.Writers != 5 || fmt.Sprint(k.Hosts) != "[oven.example]" || len(k.Fingerprint) != 342 ||
			k.LastSeen.IsZero() {
			t.Errorf("the campaign is %+v", k)
		}

		// One moderator is not enough, two are.
		ruth, saul := n.AddPerson("ruth", authz.Moderator), n.AddPerson("saul", authz.Moderator)
		loans := n.crowd(n.A, loan, 4)
		n.Decide(ruth, n.A, comment.MarkSpam, loans...)
		n.settled(n.A, loans[0], 4, 0)
		if d := n.list(); len(d.Campaigns) != 1 {
			t.Errorf("what one moderator refused is published: %+v", d.Campaigns)
		}
		n.Decide(ruth, n.A, comment.Hold, loans[3])
		n.Decide(saul, n.A, comment.MarkSpam, loans[3])
		n.settled(n.A, loans[0], 4, 0)
		if d := n.list(); len(d.Campaigns) != 2 || d.Campaigns[0].Hosts[0] != "loan.example" {
			t.Errorf("what two moderators refused is not published: %+v", d.Campaigns)
		}

		// What is undone, or approved in part, is not.
		n.Undo(n.dana, n.A, batch)
		n.settled(n.A, ovens[0], 0, 0)
		n.Decide(n.dana, n.A, comment.Approve, loans[0])
		n.settled(n.A, loans[0], 3, 1)
		if d := n.list(); len(d.Campaigns) != 0 {
			t.Errorf("what was taken back is published: %+v", d.Campaigns)
		}
	})
}

func TestWhatAListLeavesOut(t *testing.T) {
	t.Parallel()
	n := newNear(t, apptest.New(t))
	few := n.crowd(n.A, betting, 2) // two writers
	rude := n.crowd(n.A, loan, 3)
	ovens := n.crowd(n.A, oven, 3)
	n.Decide(n.dana, n.A, comment.MarkSpam, append(few, ovens...)...)
	n.Decide(n.dana, n.A, comment.Reject, rude...)
	n.settled(n.A, few[0], 2, 0)
	n.settled(n.A, rude[0], 3, 0)
	n.settled(n.A, ovens[0], 3, 0)
	if d := n.list(); len(d.Campaigns) != 1 || len(d.Campaigns[0].Hosts) != 2 {
		t.Errorf("the list has %+v, want the ovens alone", d.Campaigns)
	}
	l, err := n.S.PublishedList(n.Ctx, n.A)
	n.Must(err)
	for _, secret := range []string{"grandmother", "Reader", "mail.example", "10.0.", ovens[0]} {
		if strings.Contains(string(l.Body), secret) {
			t.Errorf("the list has %q in it", secret)
		}
	}
	n.Clock.Add(91 * 24 * time.Hour)
	if d := n.list(); len(d.Campaigns) != 0 {
		t.Errorf("after 91 days the list has %+v", d.Campaigns)
	}
}

func TestAListStaysWithinItsBounds(t *testing.T) {
	t.Parallel()
	n := newNear(t, apptest.New(t))
	many := make([]spamlist.Published, spamlist.MaxCampaigns)
	for i := range many {
		f := classifier.Read(classifier.Comment{Text: oven(i)}).Fingerprint()
		many[i] = spamlist.Published{Fingerprint: spamlist.Written(f), Hosts: []string{fmt.Sprint("shop", i, ".example")},
			Members: 3, Writers: 3, LastSeen: n.Clock.Now()}
	}
	body, err := n.S.Write(n.Ctx, n.A, many, n.Clock.Now())
	n.Must(err)
	kept := len(parsed(t, body)["campaigns"].([]any))
	if len(body) > spamlist.MaxBytes || kept < 4_500 || !signing.Verify(parsed(t, body), n.key()) {
		t.Errorf("a list of %d has %d bytes and %d campaigns", len(many), len(body), kept)
	}
}
