package campaign_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/testkit"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// advert returns a copy of one text with its own number and link.
func advert(i int) string {
	return fmt.Sprintf("Wonderful article, it reminded me of my grandmother's kitchen. I bought my new stone oven from "+
		"the shop below with a discount of %d percent and it bakes bread like hers did: https://oven%d.example/?ref=%d",
		20+i%40, i%3, i)
}

// A crowd is an app to which copies of texts are posted.
type crowd struct {
	*apptest.Env
	dana authz.Actor
}

func newCrowd(t *testing.T, w *apptest.Env) crowd {
	dana := w.AddStaff("dana", authz.Owner)
	w.Run(w.App)
	return crowd{w, dana}
}

// post submits a text by a numbered writer on a numbered page.
func (c crowd) post(text string, writer, page int) string {
	c.T.Helper()
	c.Clock.Add(time.Millisecond)
	out, err := c.App.Submit(c.Ctx, c.A, moderation.Submission{
		PageURL: fmt.Sprintf("https://a.example/post-%d", page), Body: text,
		Name: fmt.Sprintf("Reader %d", writer), Email: fmt.Sprintf("reader%d@mail.example", writer),
		Address: netip.AddrFrom4([4]byte{10, 0, 0, byte(writer)}),
	})
	c.Must(err)
	return out.ID
}

// posts submits n adverts by up to 12 writers on up to 4 pages.
func (c crowd) posts(from, n int) (ids []string) {
	c.T.Helper()
	for i := range n {
		ids = append(ids, c.post(advert(from+i), (from+i)%12, (from+i)%4))
	}
	return ids
}

// known returns the campaign of a comment, or a zero Summary.
func (c crowd) known(id string) campaign.Summary {
	c.T.Helper()
	ref := site.Ref{Site: c.A.ID, ID: id}
	of, err := c.App.CampaignsOf(c.Ctx, []site.Ref{ref})
	c.Must(err)
	return of[ref]
}

// until waits until a comment's campaign satisfies is.
func (c crowd) until(what, id string, is func(campaign.Summary) bool) campaign.Summary {
	c.T.Helper()
	testkit.Until(c.T, what, func() bool { return is(c.known(id)) })
	return c.known(id)
}

func sized(n int) func(campaign.Summary) bool {
	return func(k campaign.Summary) bool { return k.Size() == n }
}

func refusals(n int) func(campaign.Summary) bool {
	return func(k campaign.Summary) bool { return k.Refused == n }
}

// decide decides on a campaign as seen in k.
func (c crowd) decide(action comment.Action, k campaign.Summary, except ...string) moderation.Outcome {
	c.T.Helper()
	out, err := c.App.Decide(c.Ctx, c.dana, c.A, moderation.Choice{Action: action,
		Campaign: &moderation.CampaignChoice{ID: k.ID, UpTo: k.Joined, Except: except}})
	c.Must(err)
	return out
}

// suspected waits until a comment's verdict names n refused near-duplicates; 0 means none.
func (c crowd) suspected(id string, n int) {
	c.T.Helper()
	var v comment.Verdict
	defer func() {
		if c.T.Failed() {
			c.T.Logf("its verdict is %+v, of %+v", v, c.known(id))
		}
	}()
	testkit.Until(c.T, fmt.Sprintf("it is said to be like %d", n), func() bool {
		v = c.Comment(c.A, id).Verdict
		return v.Alike() == n && (n == 0 || v.Score >= 0.9)
	})
}

func TestCampaign_GroupsCopiesAcrossWritersAndPages(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		other := c.post("My sourdough never rises as it should in winter, what do you do about a cold kitchen?", 1, 1)
		ids := c.posts(0, 25)
		k := c.until("25 are one", ids[0], sized(25))
		if k.Waiting != 25 || k.Writers != 12 || k.Addresses != 12 || k.Pages != 4 || k.Sample != ids[0] {
			t.Errorf("the campaign is %+v", k)
		}
		for _, id := range ids {
			if got := c.known(id).ID; got != k.ID {
				t.Errorf("%s is in %q, not in %q", id, got, k.ID)
			}
		}
		if got := c.known(other); got.ID != "" {
			t.Errorf("what is like nothing is in %+v", got)
		}
		q := c.Queue(c.dana, comment.QueueRequest{Fold: true})
		if len(q.Items) != 2 || q.Items[0].Comment.ID != other || q.Items[1].Comment.ID != ids[0] ||
			q.Counts[comment.ViewPending] != 26 || q.Next != "" {
			t.Errorf("the folded queue has %d items, %v", len(q.Items), q.Counts)
		}
	})
}

func TestDecide_CampaignCoversOnlySeenMembers(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		ids := c.posts(0, 8)
		seen := c.until("8 are one", ids[0], sized(8))
		late := c.posts(8, 2)
		c.until("10 are one", ids[0], sized(10))

		out := c.decide(comment.MarkSpam, seen, ids[3])
		if out.Done != 7 || len(out.Conflicts) > 0 || out.Remaining != 0 {
			t.Fatalf("decided %+v", out)
		}
		for i, id := range append(slices.Clone(ids), late...) {
			want := comment.Spam
			if i == 3 || i >= 8 {
				want = comment.Pending
			}
			if got := c.Comment(c.A, id).State; got != want {
				t.Errorf("copy %d is %v, not %v", i, got, want)
			}
		}
		c.until("the refused are counted", ids[0], refusals(7))
		c.suspected(ids[3], 7)
		c.suspected(late[0], 7)
		next := c.posts(20, 1)[0]
		c.suspected(next, 7)
		if v := c.Comment(c.A, next).Verdict; v.Action != comment.MarkSpam {
			t.Errorf("the next copy is suggested for %v", v.Action)
		}

		if again := c.decide(comment.MarkSpam, seen, ids[3]); again.Done != 0 || again.Batch != "" {
			t.Errorf("deciding again did %+v", again)
		}
		undone := c.Undo(c.dana, c.A, out.Batch)
		if undone.Done != 7 {
			t.Errorf("undone %+v", undone)
		}
		k := c.until("none is refused", ids[0], refusals(0))
		if k.Waiting != 11 {
			t.Errorf("after the undo %+v", k)
		}
		c.suspected(ids[3], 0)
		c.suspected(next, 0)
	})
}

func TestCampaign_ApprovedMembersSuspectNoCopy(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 4)
	k := c.until("4 are one", ids[0], sized(4))
	c.decide(comment.Approve, k)
	testkit.Until(t, "they are counted", func() bool { return c.known(ids[0]).Approved == 4 })
	next := c.posts(4, 2)
	c.until("new copies are their own", next[0], sized(2))
	if v := c.Comment(c.A, next[0]).Verdict; v.Alike() != 0 {
		t.Errorf("a copy of what was approved is said to be like %d refused", v.Alike())
	}
}

func TestCampaign_OneRefusalSuspectsCopy(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	first := c.post(advert(1), 1, 1)
	c.Decide(c.dana, c.A, comment.MarkSpam, first)
	copied := c.post(advert(2), 2, 2)
	c.suspected(copied, 1)
	if k := c.known(copied); k.Refused != 1 || k.Waiting != 1 || k.Sample != copied {
		t.Errorf("the campaign is %+v", k)
	}
	// A wrong decision, corrected ten times, suspects a copy only while it is in force.
	for range 10 {
		c.Decide(c.dana, c.A, comment.Approve, first)
		c.suspected(copied, 0)
		c.Decide(c.dana, c.A, comment.MarkSpam, first)
		c.suspected(copied, 1)
	}
}

func TestCampaign_EditedMemberLeavesAndRejoins(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 3)
	mine, token := c.SubmitWithToken(c.A, advert(3))
	k := c.until("4 are one", ids[0], sized(4))
	_, _, err := c.App.Edit(c.Ctx, c.A, mine.ID, token, "I meant to ask how long the dough has to rest in winter.")
	c.Must(err)
	c.until("3 are left", ids[0], sized(3))
	if got := c.known(mine.ID); got.ID != "" {
		t.Errorf("the edited one is in %+v", got)
	}
	c.Clock.Add(time.Second)
	_, _, err = c.App.Edit(c.Ctx, c.A, mine.ID, token, advert(4))
	c.Must(err)
	c.until("it is back", ids[0], sized(4))
	// The edited comment joined again after k was read, so the decision covers three comments.
	if out := c.decide(comment.MarkSpam, k); out.Done != 3 {
		t.Errorf("decided %+v", out)
	}
	c.Must(c.App.WithdrawAndForget(c.Ctx, c.A, mine.ID, token))
	c.until("the removed one has left", ids[0], sized(3))
}

func TestSplit_MembersStayApart(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		ids := c.posts(0, 6)
		k := c.until("6 are one", ids[0], sized(6))
		apart, err := c.App.Split(c.Ctx, c.dana, c.A, k.ID, []string{ids[0], ids[2], "nobody", c.post("Short", 1, 1)})
		c.Must(err)
		if len(apart) != 2 {
			t.Fatalf("split off %v", apart)
		}
		k = c.until("4 are left", ids[1], sized(4))
		if k.Sample != ids[1] || c.known(ids[0]).ID != "" {
			t.Errorf("after the split %+v", k)
		}
		if out := c.decide(comment.MarkSpam, k); out.Done != 4 {
			t.Errorf("decided %+v", out)
		}
		next := c.posts(6, 1)[0]
		c.suspected(next, 4)
		if c.known(ids[0]).ID != "" || c.Comment(c.A, ids[0]).Verdict.Alike() != 0 {
			t.Error("what was split off came back")
		}
		_, err = c.App.Split(c.Ctx, c.dana, c.B, k.ID, ids[1:2])
		apptest.WantCode(t, "of another site", err, "campaign.unknown")
		_, err = c.App.Split(c.Ctx, c.AddStaff("aya", authz.Author), c.A, k.ID, ids[1:2])
		apptest.WantCode(t, "an author", err, "role.insufficient")
	})
}

// A text similar to two campaigns joins the nearer one. The campaigns do not merge.
func TestCampaign_BridgingTextMergesNothing(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	left := strings.Fields("cheap stone ovens from the factory with free delivery to every town of the country " +
		"this month only")
	right := strings.Fields("our lawyers win back what your bank took from you within thirty days or you pay us " +
		"nothing at all")
	a := []string{c.post(strings.Join(left, " ")+" one", 1, 1), c.post(strings.Join(left, " ")+" two", 2, 1)}
	b := []string{c.post(strings.Join(right, " ")+" one", 3, 1), c.post(strings.Join(right, " ")+" two", 4, 1)}
	ka, kb := c.until("two", a[0], sized(2)), c.until("two more", b[0], sized(2))
	both := c.post(strings.Join(left, " ")+" "+strings.Join(right[:12], " "), 5, 1)
	c.until("it joined the first", both, sized(3))
	if got := c.known(both).ID; got != ka.ID || ka.ID == kb.ID || c.known(b[0]).Size() != 2 {
		t.Errorf("the bridge is in %q of %q and %q", got, ka.ID, kb.ID)
	}
}

func TestCampaign_IgnoresShortTexts(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := []string{c.post("Thank you so much!", 1, 1), c.post("Thank you so much!", 2, 1)}
	long := c.posts(0, 2)
	c.until("the long ones are one", long[0], sized(2))
	if k := c.known(ids[0]); k.ID != "" {
		t.Errorf("thanks are a campaign: %+v", k)
	}
}

// A site that publishes without review checks for near-duplicates first.
func TestRefusedDuplicates_CopySuspectedBeforePublication(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	c.alike(advert(0), 0)
	first := c.post(advert(1), 1, 1)
	c.Decide(c.dana, c.A, comment.MarkSpam, first)
	c.alike(advert(2), 1)
	c.Publish(c.A)
	if v := c.Comment(c.A, c.post(advert(2), 2, 2)).Verdict; v.Alike() != 1 || v.Action != comment.MarkSpam {
		t.Errorf("a copy has the verdict %+v", v)
	}
}

// The in-memory index finds the same nearest member as a fresh one, after members joined, left, were decided or split
// off.
func TestIndex_FindsSameNearestAsFreshIndex(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		ids := c.posts(0, 90) // more than maxIndexed, by more than maxCandidates
		k := c.until("90 are one", ids[0], sized(90))
		alone := c.post("My sourdough never rises as it should in winter, what do you do about a cold kitchen?", 1, 1)
		mine, token := c.SubmitWithToken(c.A, "Does anybody know where to buy rye flour of the coarse kind in this town?")
		testkit.Until(t, "both are members", func() bool { return c.isMember(alone) && c.isMember(mine.ID) })
		near := func(when string) {
			t.Helper()
			found := false
			texts := []string{c.Comment(c.A, alone).Source, c.Comment(c.A, mine.ID).Source, "A text that is like no other text"}
			for i := range 20 {
				texts = append(texts, advert(5*i))
			}
			for _, text := range texts {
				known, rebuilt, err := c.App.Nearest(c.Ctx, comment.Comment{Site: c.A.ID, Source: text})
				c.Must(err)
				if known != rebuilt {
					t.Errorf("%s: %q is nearest to %q in memory, and to %q after a reload", when, text, known, rebuilt)
				}
				found = found || known != ""
			}
			if !found {
				t.Errorf("%s: nothing is near to anything", when)
			}
		}
		near("at first")
		_, err := c.App.Split(c.Ctx, c.dana, c.A, k.ID, ids[70:80])
		c.Must(err)
		near("after a split")
		c.Decide(c.dana, c.A, comment.Approve, append(ids[80:], alone)...)
		c.until("10 were approved", ids[10], func(k campaign.Summary) bool { return k.Approved == 10 })
		testkit.Until(t, "the one that was alone is forgotten", func() bool { return !c.isMember(alone) })
		_, _, err = c.App.Edit(c.Ctx, c.A, mine.ID, token, advert(91))
		c.Must(err)
		c.until("the edited one joins", mine.ID, sized(81))
		near("after approvals and an edit")
		_, err = c.App.Rejoin(c.Ctx, c.dana, c.A, ids[70:75])
		c.Must(err)
		c.Decide(c.dana, c.A, comment.MarkSpam, ids[80:]...)
		c.until("they are refused", ids[10], refusals(10))
		near("after a change of mind")
		c.Must(c.App.RebuildCampaigns(c.Ctx))
		near("rebuilt")
	})
}

// alike waits until a new text has n refused near-duplicates. Each try advances the clock by a second.
func (c crowd) alike(text string, n int) {
	c.T.Helper()
	testkit.Until(c.T, fmt.Sprintf("it is like %d", n), func() bool {
		c.Clock.Add(time.Second)
		got, err := c.App.RefusedDuplicates(c.Ctx, comment.Comment{Site: c.A.ID, Source: text})
		return err == nil && got == n
	})
}

func (c crowd) isMember(id string) (is bool) {
	c.T.Helper()
	c.View(func(tx store.Tx) error {
		found, err := tx.Members(c.A.ID, []string{id})
		is = len(found) == 1
		return err
	})
	return is
}

// The newest member's number is gone with it. The next member must not be mistaken for one that is indexed already.
func TestIndex_FindsMemberAfterNewestLeft(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		other := c.post("My sourdough never rises as it should in winter, what do you do about a cold kitchen?", 1, 1)
		testkit.Until(t, "it is a member", func() bool { return c.isMember(other) })
		c.alike(advert(0), 0) // the index has read all members
		c.Decide(c.dana, c.A, comment.Approve, other)
		testkit.Until(t, "it is none any more", func() bool { return !c.isMember(other) })
		c.Decide(c.dana, c.A, comment.MarkSpam, c.post(advert(1), 1, 1))
		c.alike(advert(2), 1)
	})
}

func TestForgetOld_RemovesOldRefusals(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 3)
	c.decide(comment.MarkSpam, c.until("3 are one", ids[0], sized(3)))
	c.until("they are refused", ids[0], refusals(3))
	c.Clock.Add(91 * 24 * time.Hour)
	c.Must(c.App.ForgetOld(c.Ctx))
	if k := c.known(ids[0]); k.ID != "" {
		t.Errorf("after 91 days there is %+v", k)
	}
	next := c.posts(3, 2)
	c.until("new copies are their own", next[0], sized(2))
}

// Campaigns can be rebuilt from the comments, for a new follower or another tokeniser.
func TestRebuild_RestoresCampaigns(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 5)
	c.until("5 are one", ids[0], sized(5))
	c.Decide(c.dana, c.A, comment.MarkSpam, ids[4])
	c.until("one is refused", ids[0], refusals(1))
	c.Must(c.App.RebuildCampaigns(c.Ctx))
	k := c.until("they are one again", ids[0], sized(5))
	if k.Refused != 1 || k.Waiting != 4 {
		t.Errorf("rebuilt: %+v", k)
	}
}

// If a process ends during a rebuild, the next one continues with its campaigns. Suspected comments stay suspected
// meanwhile.
func TestRebuild_ResumesAfterInterruption(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 3)
	before := c.until("3 are one", ids[0], sized(3))
	c.Must(c.App.ResumeRebuild(c.Ctx))
	if after := c.known(ids[0]); after.ID != before.ID || after.Size() != 3 {
		t.Errorf("%+v became %+v", before.Campaign, after.Campaign)
	}
}

// A split by mistake can be undone.
func TestRejoin_UndoesSplit(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		ids := c.posts(0, 4)
		k := c.until("4 are one", ids[0], sized(4))
		_, err := c.App.Split(c.Ctx, c.dana, c.A, k.ID, []string{ids[1], ids[2]})
		c.Must(err)
		c.until("2 are left", ids[0], sized(2))
		joined, err := c.App.Rejoin(c.Ctx, c.dana, c.A, []string{ids[1], ids[0], "nobody"})
		c.Must(err)
		if len(joined) != 1 || joined[0] != ids[1] {
			t.Errorf("took back %v", joined)
		}
		if got := c.known(ids[1]); got.ID != k.ID || got.Size() != 3 || c.known(ids[2]).ID != "" {
			t.Errorf("it is in %+v", got)
		}
		again, err := c.App.Rejoin(c.Ctx, c.dana, c.A, []string{ids[1]})
		c.Must(err)
		if len(again) > 0 || c.known(ids[1]).Size() != 3 {
			t.Errorf("the second time it took back %v", again)
		}
		// k was read before the split. The decision excludes members that joined since.
		if out := c.decide(comment.MarkSpam, k); out.Done != 2 {
			t.Errorf("decided %+v", out)
		}
		_, err = c.App.Rejoin(c.Ctx, c.AddStaff("aya", authz.Author), c.A, ids[2:3])
		apptest.WantCode(t, "an author", err, "role.insufficient")
		_, err = c.App.Rejoin(c.Ctx, authz.Operator, c.B, ids[2:3])
		apptest.WantCode(t, "those of another site", err, "comment.unknown")
	})
}

// Moderators who split and rejoin change the same rows as each other and as the follower, concurrently.
func TestRejoin_ConcurrentSplitsKeepCounts(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		var ids []string
		for i := range 8 {
			ids = append(ids, c.post(advert(0), i, 0))
		}
		k := c.until("8 are one", ids[0], sized(8))
		var moderators sync.WaitGroup
		for _, id := range ids[:4] {
			moderators.Go(func() {
				for range 10 { // at most 50 joins, so that all members stay in the index
					if apart, err := c.App.Split(c.Ctx, c.dana, c.A, k.ID, []string{id}); err != nil || len(apart) != 1 {
						t.Errorf("split %v, %v", apart, err)
					}
					if joined, err := c.App.Rejoin(c.Ctx, c.dana, c.A, []string{id}); err != nil || len(joined) != 1 {
						t.Errorf("took back %v, %v", joined, err)
					}
				}
			})
		}
		moderators.Wait()
		if got := c.known(ids[1]); got.ID != k.ID || got.Size() != 8 {
			t.Fatalf("then it is in %+v", got)
		}
		// Once the follower has added one more, it has processed all events before.
		c.post(advert(0), 8, 0)
		if got := c.until("9 are one", ids[0], sized(9)); got.ID != k.ID || got.Waiting != 9 {
			t.Errorf("at the end they are %+v", got)
		}
	})
}

// A moderator's page is older than the campaign, which grows, is split and edited meanwhile. The decision is undone
// twice.
func TestDecide_CampaignChangedMeanwhile(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		c := newCrowd(t, w)
		ids := c.posts(0, 6)
		mine, token := c.SubmitWithToken(c.A, advert(6))
		seen := c.until("7 are one", ids[0], sized(7))
		late := c.posts(7, 2)
		_, err := c.App.Split(c.Ctx, c.dana, c.A, seen.ID, ids[:1])
		c.Must(err)
		_, _, err = c.App.Edit(c.Ctx, c.A, mine.ID, token, advert(40)) // a near-duplicate that the moderator has not seen
		c.Must(err)
		out := c.decide(comment.MarkSpam, seen)
		if out.Done != 5 || len(out.Conflicts) > 0 {
			t.Fatalf("decided %+v", out)
		}
		for _, id := range append([]string{ids[0], mine.ID}, late...) {
			if got := c.Comment(c.A, id).State; got != comment.Pending {
				t.Errorf("%s is %v", id, got)
			}
		}
		first := c.Undo(c.dana, c.A, out.Batch)
		if first.Done != 5 {
			t.Errorf("undone %+v", first)
		}
		for what, batch := range map[string]string{"again": out.Batch, "the undo": first.Batch} {
			if again := c.Undo(c.dana, c.A, batch); again.Done != 0 || again.Batch != "" {
				t.Errorf("undoing %s did %+v", what, again)
			}
		}
		c.until("5 wait again, and what joined", ids[1], func(k campaign.Summary) bool { return k.Waiting == 8 })
	})
}

// A folded list hides a comment only behind a row that is in the list.
func TestQueue_FoldsOnlyBehindListedRow(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		dana := w.AddStaff("dana", authz.Owner)
		ctx, stop := context.WithCancel(w.Ctx)
		joining := make(chan error, 1)
		go func() { joining <- w.App.Campaigns.Run(ctx) }()
		c := crowd{w, dana}
		ids := c.posts(0, 4)
		c.until("4 are one", ids[0], sized(4))
		stop() // the follower stops processing events
		c.Must(<-joining)
		shown := func(req comment.QueueRequest) (all []string) {
			for _, item := range c.Queue(dana, req).Items {
				all = append(all, item.Comment.ID)
			}
			return all
		}
		c.Decide(dana, c.A, comment.MarkSpam, ids[0])
		if got := shown(comment.QueueRequest{Fold: true}); !slices.Equal(got, ids[1:2]) {
			t.Errorf("after the one that stood for all was decided %q are shown, want %q", got, ids[1:2])
		}
		c.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
			third := c.Comment(c.A, ids[2])
			v := third.Verdict
			v.Score = 0.95
			_, err := tx.SetVerdict(third, v)
			return err
		}))
		if got := shown(comment.QueueRequest{Fold: true, View: comment.ViewSuspected}); !slices.Equal(got, ids[2:3]) {
			t.Errorf("among the suspected %q are shown, want %q", got, ids[2:3])
		}
		page := c.Comment(c.A, ids[3]).Page
		if got := shown(comment.QueueRequest{Fold: true, Page: page}); !slices.Contains(got, ids[3]) {
			t.Errorf("of a page %q are shown, want %q too", got, ids[3])
		}
	})
}

// Approved comments form no campaigns. Pending comments are compared with the newest approved ones of readers.
func TestApprovedDuplicates_CountsReadersComments(t *testing.T) {
	t.Parallel()
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) {
		dana := w.AddStaff("dana", authz.Owner)
		post := func(i int) comment.Comment { return w.Submit(w.A, advert(i)) }
		approved := []string{post(1).ID, post(2).ID}
		w.Decide(dana, w.A, comment.Approve, approved...)
		_, err := w.App.Reply(w.Ctx, dana, w.A, moderation.Ref{ID: approved[0]}, advert(3), nil)
		w.Must(err)
		short, long := w.Submit(w.A, "I agree!"), post(4)
		w.Decide(dana, w.A, comment.Approve, w.Submit(w.A, "I agree!").ID)
		w.Decide(dana, w.A, comment.MarkSpam, post(5).ID)
		likes := func(id string) int {
			t.Helper()
			item, _, err := w.App.Item(w.Ctx, dana, w.A, id)
			w.Must(err)
			return item.Approved
		}
		if a, b, c := likes(long.ID), likes(short.ID), likes(approved[0]); a != 2 || b != 0 || c != 0 {
			t.Errorf("it says %d, %d of a short one, %d of an approved one; want 2, 0, 0", a, b, c)
		}
		w.Decide(dana, w.A, comment.MarkSpam, approved[1])
		if q := w.Queue(dana, comment.QueueRequest{Search: "stone oven"}); len(q.Items) != 1 || q.Items[0].Approved != 1 {
			t.Errorf("after a refusal the queue has %d, which says %+v", len(q.Items), q.Items)
		}
		_, err = w.App.Redact(w.Ctx, dana, w.A, approved[0], moderation.Redaction{Why: "Too much.",
			Part: comment.Part{Words: advert(1)[:len(advert(1))-60]}})
		w.Must(err)
		if n := likes(long.ID); n != 0 {
			t.Errorf("of a text that is gone it says %d", n)
		}
	})
}

func TestDecide_LargeCampaignLeavesRest(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, apptest.New(t))
	ids := c.posts(0, 503)
	k := c.until("all joined", ids[0], sized(503))
	choice := moderation.Choice{Action: comment.MarkSpam,
		Campaign: &moderation.CampaignChoice{ID: k.ID, UpTo: k.Joined, Seen: ids[:500]}}
	out, err := c.App.Decide(c.Ctx, c.dana, c.A, choice)
	c.Must(err)
	if out.Done != 500 || out.Remaining != 3 {
		t.Errorf("%d done, %d remaining, want 500 and 3", out.Done, out.Remaining)
	}
}
