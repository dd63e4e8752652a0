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

// A network is a fake Getter: it maps URLs to bodies.
type network struct {
	mu     sync.Mutex
	bodies map[string][]byte
	failed error
	asked  int
}

func (w *network) Get(_ context.Context, address string, _ int) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked++
	return w.bodies[address], w.failed
}

func (w *network) CheckHost(context.Context, string) error { return nil }

func (w *network) put(address string, body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bodies[address] = body
}

func (w *network) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = err
}

// pair is an app in which site A publishes a list and site B reads it.
type pair struct {
	*apptest.Env
	wire *network
	dana authz.Actor // owns both sites
}

func newPair(t *testing.T, w *apptest.Env) pair {
	n := pair{Env: w, wire: &network{bodies: map[string][]byte{}}, dana: w.AddStaff("dana", authz.Owner)}
	w.App = n.app()
	w.Run(w.App)
	n.set("on")
	return n
}

// app returns an App that reads lists from the network.
func (n *pair) app() *apptest.App {
	n.T.Helper()
	return n.NewAppWith(n.DB.Store, app.Coordination{}, app.Options{Outbound: app.Outbound{Lists: n.wire}})
}

// set turns the list of A on or off.
func (n *pair) set(how string) {
	n.T.Helper()
	site, err := n.App.SetSite(n.Ctx, authz.Operator, "a", map[string]string{"neighbours": how})
	n.Must(err)
	n.A = site
}

// crowd submits copies of a text to a site and waits until they are one campaign.
func (n *pair) crowd(blog site.Site, text func(i int) string, copies int) (ids []string) {
	n.T.Helper()
	for i := range copies {
		ids = append(ids, n.Submit(blog, text(i)).ID)
	}
	last := site.Ref{Site: blog.ID, ID: ids[copies-1]}
	testkit.Until(n.T, "copies are one campaign", func() bool {
		of, err := n.App.CampaignsOf(n.Ctx, []site.Ref{last})
		return err == nil && of[last].Size() == copies
	})
	return ids
}

// settled waits until the campaign of a comment has these counts.
func (n *pair) settled(blog site.Site, id string, refused, approved int) {
	n.T.Helper()
	ref := site.Ref{Site: blog.ID, ID: id}
	testkit.Until(n.T, "decisions are counted", func() bool {
		of, err := n.App.CampaignsOf(n.Ctx, []site.Ref{ref})
		return err == nil && of[ref].Refused == refused && of[ref].Approved == approved
	})
}

// A document is a list as programs parse it.
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

// list makes and verifies the current list of A.
func (n *pair) list() (d document) {
	n.T.Helper()
	for range 2 { // the first may wait for one that Run began before the last decision
		n.Clock.Add(2 * time.Hour)
		n.Must(n.App.Renew(n.Ctx))
	}
	l, err := n.App.PublishedSpamList(n.Ctx, n.A)
	n.Must(err)
	n.Must(json.Unmarshal(l.Body, &d))
	if !signing.Verify(parsed(n.T, l.Body), n.key()) {
		n.T.Errorf("the list is not signed with the key of the site: %s", l.Body)
	}
	return d
}

func (n *pair) key() string {
	n.T.Helper()
	key, err := n.App.SiteKey(n.Ctx, authz.Operator, n.A)
	n.Must(err)
	return key
}

// parsed returns a list in the form that signing.Verify accepts.
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
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
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

func TestPublishedSpamList_HasRefusedCampaigns(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		n := newPair(t, w)
		n.set("off")
		_, err := n.App.PublishedSpamList(n.Ctx, n.A)
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
		ruth, saul := n.AddStaff("ruth", authz.Moderator), n.AddStaff("saul", authz.Moderator)
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

		// Campaigns that are undone or partly approved are not published.
		n.Undo(n.dana, n.A, batch)
		n.settled(n.A, ovens[0], 0, 0)
		n.Decide(n.dana, n.A, comment.Approve, loans[0])
		n.settled(n.A, loans[0], 3, 1)
		if d := n.list(); len(d.Campaigns) != 0 {
			t.Errorf("what was taken back is published: %+v", d.Campaigns)
		}
	})
}

func TestPublishedSpamList_LeavesOutTextsAndSmallCampaigns(t *testing.T) {
	t.Parallel()
	n := newPair(t, apptest.New(t))
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
	l, err := n.App.PublishedSpamList(n.Ctx, n.A)
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

func TestWrite_StaysWithinLimits(t *testing.T) {
	t.Parallel()
	n := newPair(t, apptest.New(t))
	many := make([]spamlist.Published, spamlist.MaxCampaigns)
	for i := range many {
		f := classifier.Read(classifier.Comment{Text: oven(i)}).Fingerprint()
		many[i] = spamlist.Published{Fingerprint: spamlist.Written(f), Hosts: []string{fmt.Sprint("shop", i, ".example")},
			Members: 3, Writers: 3, LastSeen: n.Clock.Now()}
	}
	body, err := n.App.Write(n.Ctx, n.A, many, n.Clock.Now())
	n.Must(err)
	kept := len(parsed(t, body)["campaigns"].([]any))
	if len(body) > spamlist.MaxBytes || kept < 4_500 || !signing.Verify(parsed(t, body), n.key()) {
		t.Errorf("a list of %d has %d bytes and %d campaigns", len(many), len(body), kept)
	}
}
