package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/app"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/mailbox"
	"github.com/aitys/aitys/moderation/report"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
	"github.com/aitys/aitys/moderation/vote"
)

// useCases are the use cases of all services. The key is the method, optionally with a case after a colon. The function
// prepares the data and returns a function that runs the use case; it may run several times.
var useCases = map[string]func(*faulty) func() error{
	// Sites are cached in memory: use another process, which has not read them yet.
	"Site": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.Site(w.Ctx, "a"); return err }
	},
	"Sites": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.Process.Sites(w.Ctx, authz.Operator); return err }
	},
	"CountQueues": func(w *faulty) func() error {
		return func() error { _, err := w.App.CountQueues(w.Ctx, authz.Operator, []site.Site{w.A, w.B}); return err }
	},
	"SiteStats": func(w *faulty) func() error {
		return func() error { _, err := w.App.SiteStats(w.Ctx, authz.Operator, []site.Site{w.A, w.B}); return err }
	},
	"StoredSites": func(w *faulty) func() error {
		return func() error { _, err := w.App.StoredSites(w.Ctx); return err }
	},
	"SiteByID": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, _, err := s.SiteByID(w.Ctx, w.A.ID); return err }
	},
	"CheckOwner": func(w *faulty) func() error {
		s := w.other()
		return func() error { return s.CheckOwner(w.Ctx, authz.Operator, "a") }
	},
	"AddSite": func(w *faulty) func() error {
		site := site.Site{Key: w.name(), Name: "New", Origins: []string{"https://new.example"}}
		key := w.key(0)
		return func() error { _, _, err := w.App.AddSite(w.Ctx, authz.Operator, site, key); return err }
	},
	"SetSite": func(w *faulty) func() error {
		change := map[string]string{"name": w.name(), "suspect": "0.8"}
		return func() error { _, err := w.App.SetSite(w.Ctx, authz.Operator, "a", change); return err }
	},
	"SetSite: publish what is not suspicious": func(w *faulty) func() error {
		if w.serial == 0 {
			w.Train(w.A, 80, 40)
		}
		w.name()
		change := map[string]string{"moderation": "suspicious"}
		return func() error { _, err := w.App.SetSite(w.Ctx, authz.Operator, "a", change); return err }
	},
	"AllowOrigin": func(w *faulty) func() error {
		origin := "https://" + w.name() + ".example"
		return func() error { _, err := w.App.AllowOrigin(w.Ctx, authz.Operator, "a", origin); return err }
	},
	"EndEditTokens": func(w *faulty) func() error {
		key := w.key(w.A.ID)
		return func() error { _, err := w.App.EndEditTokens(w.Ctx, authz.Operator, w.A, key); return err }
	},
	"RemoveSite": func(w *faulty) func() error {
		site := w.AddSite(w.name())
		who := w.AddStaff(w.name(), authz.Moderator, site.Key)
		w.AddToken(who.Account.Email, authz.ScopeDecide, site.Key)
		c := w.Submit(site, "Removed with its site.")
		w.Decide(authz.Operator, site, comment.Approve, c.ID)
		return func() error { return w.App.RemoveSite(w.Ctx, authz.Operator, site.Key) }
	},

	// Readers.
	"Submit": func(w *faulty) func() error {
		in := w.submission()
		return func() error { _, err := w.App.Submit(w.Ctx, w.A, in); return err }
	},
	"Submit: on a new page, published at once": func(w *faulty) func() error {
		w.Publish(w.A)
		in := w.submission()
		in.PageURL += "/" + w.name()
		return func() error { _, err := w.App.Submit(w.Ctx, w.A, in); return err }
	},
	"Submit: the same again": func(w *faulty) func() error {
		in := w.submission()
		_, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		in.Key = w.key(w.A.ID)
		return func() error { _, err := w.App.Submit(w.Ctx, w.A, in); return err }
	},
	"Submit: the same request again": func(w *faulty) func() error {
		in := w.submission()
		_, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		return func() error { _, err := w.App.Submit(w.Ctx, w.A, in); return err }
	},
	"OwnComment": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, w.name())
		return func() error { _, _, err := w.App.OwnComment(w.Ctx, w.A, c.ID, token); return err }
	},
	"Edit": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, w.name())
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		return func() error { _, _, err := w.App.Edit(w.Ctx, w.A, c.ID, token, "Changed."); return err }
	},
	"Withdraw": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, w.name())
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		answer := w.Reply(w.A, c.ID, "An answer.")
		w.Decide(authz.Operator, w.A, comment.Approve, answer.ID)
		return func() error { return w.App.Withdraw(w.Ctx, w.A, c.ID, token) }
	},
	"WithdrawAndForget": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, w.name())
		w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
		return func() error { return w.App.WithdrawAndForget(w.Ctx, w.A, c.ID, token) }
	},
	"Forget": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, w.name())
		w.Must(w.App.Withdraw(w.Ctx, w.A, c.ID, token))
		return func() error { return w.App.Forget(w.Ctx, authz.Operator, w.A, c.ID) }
	},
	"Thread": func(w *faulty) func() error {
		c := w.approved()
		req := comment.ThreadRequest{PageURL: "https://a.example/post", Limit: 10, Around: c.ID}
		return func() error { _, err := w.App.Thread(w.Ctx, w.A, req); return err }
	},
	"PublicComment": func(w *faulty) func() error {
		c := w.approved()
		return func() error { _, _, err := w.App.PublicComment(w.Ctx, w.A, c.ID); return err }
	},
	"Latest": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.Latest(w.Ctx, w.A, "https://a.example/post", 10); return err }
	},
	"Published": func(w *faulty) func() error {
		c := w.approved()
		return func() error {
			_, _, _, err := w.App.Published(w.Ctx, w.A, "https://a.example/post", []string{c.ID})
			return err
		}
	},
	"Report": func(w *faulty) func() error {
		c := w.approved()
		return func() error {
			in := report.NewReport{Reason: comment.ReasonSpam, From: netip.MustParseAddr("192.0.2.7")}
			_, err := w.App.Report(w.Ctx, w.A, c.ID, in)
			return err
		}
	},
	"Appeal": func(w *faulty) func() error {
		c := w.refused()
		return func() error {
			in := report.NewAppeal{Token: apptest.Secret.EditToken(w.A.ID, w.A.EditEpoch, c.ID), Text: "It was no spam at all."}
			_, err := w.App.Appeal(w.Ctx, w.A, c.ID, in)
			return err
		}
	},
	"Withhold": func(w *faulty) func() error {
		c, key := w.approved(), w.key(w.A.ID)
		return func() error {
			_, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, takedownOf(c), key)
			return err
		}
	},
	"Withhold: a page": func(w *faulty) func() error {
		in := takedownOf(w.approved())
		in.Comments, in.Page = nil, "https://a.example/post"
		return func() error { _, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, in, nil); return err }
	},
	"PreviewWithhold": func(w *faulty) func() error {
		named, of := takedownOf(w.approved()), takedownOf(w.approved())
		of.Comments, of.Page = nil, "https://a.example/post"
		return func() error {
			_, err := w.App.PreviewWithhold(w.Ctx, authz.Operator, w.A, named)
			_, other := w.App.PreviewWithhold(w.Ctx, authz.Operator, w.A, of)
			return errors.Join(err, other)
		}
	},
	"Restore": func(w *faulty) func() error {
		out, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, takedownOf(w.approved()), nil)
		w.Must(err)
		return func() error { return w.App.Restore(w.Ctx, authz.Operator, w.A, out.ID, "A court has said so.") }
	},
	"ListTakedowns": func(w *faulty) func() error {
		_, _, err := w.App.Withhold(w.Ctx, authz.Operator, w.A, takedownOf(w.approved()), nil)
		w.Must(err)
		return func() error { _, _, err := w.App.ListTakedowns(w.Ctx, authz.Operator, w.A, "", 0); return err }
	},
	"Figures": func(w *faulty) func() error {
		return func() error {
			w.Clock.Add(time.Hour) // later the counts are read again
			_, err := w.App.Figures(w.Ctx, w.A, takedown.Period{})
			return err
		}
	},
	"PublicTakedowns": func(w *faulty) func() error {
		return func() error { _, _, err := w.App.PublicTakedowns(w.Ctx, w.A, takedown.Period{}, "", 0); return err }
	},
	"FindAppeal": func(w *faulty) func() error {
		c := w.refused()
		return func() error { _, _, err := w.App.FindAppeal(w.Ctx, c); return err }
	},
	"OpenByComment": func(w *faulty) func() error {
		c := w.approved()
		c.Reports = 1
		return func() error { _, err := w.App.OpenByComment(w.Ctx, w.A.ID, []comment.Comment{c}); return err }
	},
	"Webhooks": func(w *faulty) func() error {
		w.webhook()
		return func() error { _, err := w.App.Webhooks(w.Ctx, authz.Operator, w.A); return err }
	},
	"AddWebhook": func(w *faulty) func() error {
		w.webhook()
		in, key := webhook.Draft{URL: "http://127.0.0.1:9/", Events: []string{webhook.Arrived}}, w.key(w.A.ID)
		return func() error { _, _, _, err := w.App.AddWebhook(w.Ctx, authz.Operator, w.A, in, key); return err }
	},
	"TestWebhook": func(w *faulty) func() error {
		id := w.webhook()
		return func() error { _, err := w.App.TestWebhook(w.Ctx, authz.Operator, w.A, id); return err }
	},
	"SetWebhook": func(w *faulty) func() error {
		id := w.webhook()
		return func() error { return w.App.SetWebhook(w.Ctx, authz.Operator, w.A, id, []string{webhook.Arrived}) }
	},
	"RemoveWebhook": func(w *faulty) func() error {
		id := w.webhook()
		return func() error { return w.App.RemoveWebhook(w.Ctx, authz.Operator, w.A, id) }
	},
	"RedeliverWebhook": func(w *faulty) func() error {
		id := w.webhook()
		return func() error { _, err := w.App.RedeliverWebhook(w.Ctx, authz.Operator, w.A, id); return err }
	},
	"RestoreWebhook": func(w *faulty) func() error {
		id := w.webhook()
		w.Must(w.App.RemoveWebhook(w.Ctx, authz.Operator, w.A, id))
		return func() error { return w.App.RestoreWebhook(w.Ctx, authz.Operator, w.A, id) }
	},
	"SiteForCheck": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.SiteForCheck(w.Ctx, authz.Operator, "https://a.example/"); return err }
	},
	"CheckComment": func(w *faulty) func() error {
		in := spamcheck.Request{Name: w.name(), Body: "Another program asks what to think of this: " + w.name()}
		return func() error { _, err := w.App.CheckComment(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"Teach": func(w *faulty) func() error {
		in := spamcheck.Request{Name: w.name(), Body: "Another program says what this is: " + w.name()}
		w.Must(w.App.Teach(w.Ctx, authz.Operator, w.A, in, classifier.Ham))
		return func() error { return w.App.Teach(w.Ctx, authz.Operator, w.A, in, classifier.Spam) }
	},
	"SiteForScore": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.SiteForScore(w.Ctx, authz.Operator, w.A.Key); return err }
	},
	"Score": func(w *faulty) func() error {
		s, in := w.other(), spamcheck.Request{Body: "Another program asks how toxic this is: " + w.name()}
		return func() error { _, err := s.Score(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"TeachOpinion": func(w *faulty) func() error {
		in := spamcheck.Request{Body: "Another program says how toxic this is: " + w.name()}
		opinion := spamcheck.Opinion{Labels: map[classifier.Label]float64{classifier.Obscenity: 1}}
		w.Must(w.App.Teach(w.Ctx, authz.Operator, w.A, in, classifier.Spam))
		return func() error { return w.App.TeachOpinion(w.Ctx, authz.Operator, w.A, in, opinion) }
	},
	"Vote": func(w *faulty) func() error {
		c := w.approved()
		return func() error {
			_, err := w.App.Vote(w.Ctx, w.A, c.ID, netip.MustParseAddr("192.0.2.7"), vote.Change{Value: 1})
			return err
		}
	},
	"CountPages": func(w *faulty) func() error {
		w.approved()
		return func() error {
			_, err := w.App.CountPages(w.Ctx, w.A, []string{"https://a.example/post"})
			return err
		}
	},

	// Moderators.
	"CampaignsOf": func(w *faulty) func() error {
		k := w.campaign()
		of := []site.Ref{{Site: w.A.ID, ID: k.Sample}}
		return func() error { _, err := w.App.CampaignsOf(w.Ctx, of); return err }
	},
	"ApprovedDuplicates": func(w *faulty) func() error {
		c := w.approved()
		return func() error {
			_, err := w.App.ApprovedDuplicates(w.Ctx, w.A.ID, []comment.Comment{c})
			return err
		}
	},
	"RefusedDuplicates": func(w *faulty) func() error {
		c := w.Comment(w.A, w.campaign().Sample)
		return func() error {
			w.Clock.Add(time.Second) // until then the members are cached
			_, err := w.App.RefusedDuplicates(w.Ctx, c)
			return err
		}
	},
	"PendingMembers": func(w *faulty) func() error {
		k := w.campaign()
		return func() error { _, _, err := w.App.PendingMembers(w.Ctx, w.A.ID, k.ID, 9, nil, 9); return err }
	},
	"Campaigns": func(w *faulty) func() error {
		w.campaign()
		return func() error { _, err := w.App.Campaigns.Campaigns(w.Ctx, authz.Operator, w.A, 0, ""); return err }
	},
	"Members": func(w *faulty) func() error {
		k := w.campaign()
		return func() error { _, _, _, err := w.App.Members(w.Ctx, authz.Operator, w.A, k.ID, 0, ""); return err }
	},
	"Split": func(w *faulty) func() error {
		k := w.campaign()
		return func() error {
			_, err := w.App.Split(w.Ctx, authz.Operator, w.A, k.ID, []string{k.Sample})
			return err
		}
	},
	"Rejoin": func(w *faulty) func() error {
		k := w.campaign()
		_, err := w.App.Split(w.Ctx, authz.Operator, w.A, k.ID, []string{k.Sample})
		w.Must(err)
		return func() error {
			_, err := w.App.Rejoin(w.Ctx, authz.Operator, w.A, []string{k.Sample})
			return err
		}
	},
	"Decide: a campaign": func(w *faulty) func() error {
		k := w.campaign()
		choice := moderation.Choice{Action: comment.MarkSpam, Campaign: &moderation.CampaignChoice{ID: k.ID, UpTo: 9},
			Key: w.key(w.A.ID)}
		return func() error { _, err := w.App.Decide(w.Ctx, authz.Operator, w.A, choice); return err }
	},
	"Queue": func(w *faulty) func() error {
		w.waiting(2)
		return func() error {
			_, err := w.App.Queue(w.Ctx, authz.Operator, w.A, comment.QueueRequest{})
			return err
		}
	},
	"AccountQueue": func(w *faulty) func() error {
		w.waiting(2)
		return func() error {
			_, err := w.App.AccountQueue(w.Ctx, authz.Operator, "", comment.QueueRequest{})
			return err
		}
	},
	"FilterValues": func(w *faulty) func() error {
		w.waiting(2)
		return func() error {
			_, err := w.App.FilterValues(w.Ctx, authz.Operator, "", comment.QueueRequest{}, "salt")
			return err
		}
	},
	"AccountQueueCounts": func(w *faulty) func() error {
		return func() error { _, _, err := w.App.AccountQueueCounts(w.Ctx, authz.Operator); return err }
	},
	"SiteQueues": func(w *faulty) func() error {
		w.waiting(1) // its event makes the site be counted again
		return func() error { _, err := w.App.SiteQueues(w.Ctx, authz.Operator); return err }
	},
	"QueueCounts": func(w *faulty) func() error {
		return func() error { _, _, err := w.App.QueueCounts(w.Ctx, authz.Operator, w.A); return err }
	},
	"Item": func(w *faulty) func() error {
		c := w.approved()
		return func() error { _, _, err := w.App.Item(w.Ctx, authz.Operator, w.A, c.ID); return err }
	},
	"SiteOfComment": func(w *faulty) func() error {
		c := w.approved()
		return func() error {
			_, err := w.App.SiteOfComment(w.Ctx, authz.Operator, []site.Site{w.A, w.B}, c.ID)
			return err
		}
	},
	"ItemHistories": func(w *faulty) func() error {
		one, two := w.approved(), w.approved()
		return func() error { _, err := w.App.ItemHistories(w.Ctx, authz.Operator, w.A, one.ID, two.ID); return err }
	},
	"ChangedItems": func(w *faulty) func() error {
		one, two := moderation.Ref{ID: w.approved().ID}, moderation.Ref{ID: w.approved().ID}
		return func() error { _, err := w.App.ChangedItems(w.Ctx, authz.Operator, w.A, one, two); return err }
	},
	"Decide": func(w *faulty) func() error {
		who := w.moderator()
		in := moderation.Choice{Action: comment.MarkSpam, Comments: w.Refs(w.A, w.waiting(2)...)}
		in.Comments = append(in.Comments, w.Refs(w.A, w.approved().ID)...)
		in.Key = w.key(w.A.ID)
		return func() error { _, err := w.App.Decide(w.Ctx, who, w.A, in); return err }
	},
	"Decide: what has answers": func(w *faulty) func() error {
		who := w.moderator()
		c := w.approved()
		answer := w.Reply(w.A, c.ID, "An answer.")
		w.Decide(authz.Operator, w.A, comment.Approve, answer.ID)
		in := moderation.Choice{
			Action: comment.Reject, Reason: comment.ReasonOffTopic, Note: "No.", Comments: w.Refs(w.A, c.ID),
		}
		return func() error { _, err := w.App.Decide(w.Ctx, who, w.A, in); return err }
	},
	"Decide: what was decided meanwhile": func(w *faulty) func() error {
		who := w.moderator()
		in := moderation.Choice{Action: comment.MarkSpam, Comments: w.Refs(w.A, w.waiting(2)...)}
		w.Decide(who, w.A, comment.Approve, in.Comments[0].ID)
		return func() error { _, err := w.App.Decide(w.Ctx, who, w.A, in); return err }
	},
	"Redact": func(w *faulty) func() error {
		who := w.moderator()
		c := w.approved()
		in := moderation.Redaction{Part: comment.Part{To: 1}, Why: "Too much.", Key: w.key(w.A.ID)}
		return func() error { _, err := w.App.Redact(w.Ctx, who, w.A, c.ID, in); return err }
	},
	"Undo: a redaction": func(w *faulty) func() error {
		c := w.approved()
		in := moderation.Redaction{Part: comment.Part{To: 1}, Why: "Mine."}
		done, err := w.App.Redact(w.Ctx, authz.Operator, w.A, c.ID, in)
		w.Must(err)
		return func() error { _, err := w.App.Undo(w.Ctx, authz.Operator, w.A, done.Batch, nil); return err }
	},
	"Undo": func(w *faulty) func() error {
		who := w.moderator()
		ids := w.waiting(2)
		w.Decide(authz.Operator, w.A, comment.Approve, ids...)
		batch := w.Decide(authz.Operator, w.A, comment.MarkSpam, ids...).Batch
		key := w.key(w.A.ID)
		return func() error { _, err := w.App.Undo(w.Ctx, who, w.A, batch, key); return err }
	},
	"Undo: a withdrawal of lessons": func(w *faulty) func() error {
		who := w.teacher()
		done, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, who.Account.ID, nil)
		w.Must(err)
		return func() error { _, err := w.App.Undo(w.Ctx, authz.Operator, w.A, done.Batch, nil); return err }
	},
	"Undo: a copy of lessons": func(w *faulty) func() error {
		w.teacher()
		to := w.AddSite(w.name())
		done, err := w.App.CopyLessons(w.Ctx, authz.Operator, to, w.A.Key, nil)
		w.Must(err)
		return func() error { _, err := w.App.Undo(w.Ctx, authz.Operator, to, done.Batch, nil); return err }
	},
	"Reply": func(w *faulty) func() error {
		who := w.moderator()
		to := w.Refs(w.A, w.waiting(1)...)[0]
		key := w.key(w.A.ID)
		return func() error { _, err := w.App.Reply(w.Ctx, who, w.A, to, "An answer.", key); return err }
	},
	"Reply: the same request again": func(w *faulty) func() error {
		who := w.moderator()
		to := w.Refs(w.A, w.waiting(1)...)[0]
		key := w.key(w.A.ID)
		reply := func() error { _, err := w.App.Reply(w.Ctx, who, w.A, to, "An answer.", key); return err }
		w.Must(reply())
		return reply
	},
	"SearchPages": func(w *faulty) func() error {
		w.approved()
		in := sites.PageSearch{Sort: sites.PagesPending}
		return func() error { _, _, err := w.App.SearchPages(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"Pages": func(w *faulty) func() error {
		page := w.approved().Page
		return func() error { _, _, err := w.App.Pages(w.Ctx, authz.Operator, w.A, page, 0); return err }
	},
	"SetPage": func(w *faulty) func() error {
		in, title, open := w.submission(), w.name(), false
		in.PageURL += "/" + title
		c, err := w.App.Submit(w.Ctx, w.A, in)
		w.Must(err)
		page := w.Comment(w.A, c.ID).Page
		change := sites.PageChange{Title: &title, Open: &open}
		return func() error { _, err := w.App.SetPage(w.Ctx, authz.Operator, w.A, page, change); return err }
	},
	"Log": func(w *faulty) func() error {
		w.approved()
		return func() error { _, _, err := w.App.Log(w.Ctx, authz.Operator, w.A, moderation.LogRequest{}); return err }
	},
	"Acts": func(w *faulty) func() error {
		w.approved()
		return func() error {
			_, _, err := w.App.Acts(w.Ctx, authz.Operator, w.A, moderation.LogRequest{})
			return err
		}
	},
	"PublicLog": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.PublicLog(w.Ctx, w.A, 0, 10); return err }
	},
	"PublicHead": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.PublicHead(w.Ctx, w.A); return err }
	},
	"PendingEvents": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.PendingEvents(w.Ctx, "campaigns"); return err }
	},
	"Log: some entries": func(w *faulty) func() error {
		c := w.approved()
		in := moderation.LogRequest{Name: "nobody", Until: w.Clock.Now().Add(time.Hour)}
		return func() error {
			_, _, err := w.App.Log(w.Ctx, authz.Operator, w.A, in)
			_, _, other := w.App.Log(w.Ctx, authz.Operator, w.A, moderation.LogRequest{Comment: c.ID})
			return errors.Join(err, other)
		}
	},
	"LastBatches": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.LastBatches(w.Ctx, authz.Operator, w.A, 5); return err }
	},

	// Models.
	"Learn": func(w *faulty) func() error {
		w.approved()
		return func() error { return w.App.Learn(w.Ctx, w.A) }
	},
	"Inspect": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.Inspect(w.Ctx, authz.Operator, w.A, 3); return err }
	},
	"Quality": func(w *faulty) func() error {
		w.approved()
		return func() error {
			_, err := w.App.Quality(w.Ctx, authz.Operator, w.A, evaluation.QualityRequest{})
			return err
		}
	},
	"Flow": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.Flow(w.Ctx, authz.Operator, w.A, 28); return err }
	},
	"WhatIf": func(w *faulty) func() error {
		w.approved()
		return func() error {
			_, err := w.App.WhatIf(w.Ctx, authz.Operator, w.A, evaluation.WhatIfRequest{})
			return err
		}
	},
	"Import": func(w *faulty) func() error {
		in := w.dump()
		return func() error { _, err := w.App.Import(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"Import: a dry run": func(w *faulty) func() error {
		in := w.dump()
		in.DryRun = true
		return func() error { _, err := w.App.Import(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"Import: of a whole site": func(w *faulty) func() error {
		in, to := w.exportedSite(), w.AddSite(w.name())
		return func() error { _, err := w.App.Import(w.Ctx, authz.Operator, to, in); return err }
	},
	"Export": func(w *faulty) func() error {
		w.approved()
		return func() error {
			return w.App.Export(w.Ctx, authz.Operator, w.A, transfer.ExportRequest{Format: "jsonl"}, io.Discard)
		}
	},
	"Rebuild": func(w *faulty) func() error {
		w.approved()
		return func() error {
			_, err := w.App.Rebuild(w.Ctx, authz.Operator, w.A, func(uint64, uint64) {})
			return err
		}
	},
	"Teachers": func(w *faulty) func() error {
		w.teacher()
		return func() error { _, err := w.App.Teachers(w.Ctx, authz.Operator, w.A); return err }
	},
	"WithdrawLessons": func(w *faulty) func() error {
		who, key := w.teacher(), w.key(w.A.ID)
		return func() error {
			_, err := w.App.WithdrawLessons(w.Ctx, authz.Operator, w.A, who.Account.ID, key)
			return err
		}
	},
	"CopyLessons": func(w *faulty) func() error {
		w.teacher()
		to := w.AddSite(w.name())
		key := w.key(to.ID)
		return func() error { _, err := w.App.CopyLessons(w.Ctx, authz.Operator, to, w.A.Key, key); return err }
	},
	"OldLessons": func(w *faulty) func() error {
		w.teacher()
		before := w.Clock.Now().Add(-time.Millisecond)
		return func() error { _, err := w.App.OldLessons(w.Ctx, authz.Operator, w.A, before); return err }
	},
	"Rules": func(w *faulty) func() error {
		return func() error { _, err := w.App.Rules.Rules(w.Ctx, authz.Operator, w.A); return err }
	},
	"Tallies": func(w *faulty) func() error {
		w.approved()
		w.rule()
		return func() error { _, _, err := w.App.Tallies(w.Ctx, authz.Operator, w.A); return err }
	},
	"TryRule": func(w *faulty) func() error {
		w.approved()
		return func() error { _, err := w.App.TryRule(w.Ctx, authz.Operator, w.A, oneRule); return err }
	},
	"AddRule": func(w *faulty) func() error {
		in, key := oneRule, w.key(w.A.ID)
		return func() error { _, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, in, key); return err }
	},
	"RemoveRule": func(w *faulty) func() error {
		id := w.rule()
		return func() error { return w.App.RemoveRule(w.Ctx, authz.Operator, w.A, id) }
	},
	"RestoreRule": func(w *faulty) func() error {
		id := w.rule()
		w.Must(w.App.RemoveRule(w.Ctx, authz.Operator, w.A, id))
		return func() error { return w.App.RestoreRule(w.Ctx, authz.Operator, w.A, id) }
	},
	"FindByRules": func(w *faulty) func() error {
		w.rule()
		s, c := w.other(), w.approved()
		return func() error { _, err := s.FindByRules(w.Ctx, w.A.ID, c); return err }
	},
	"Find": func(w *faulty) func() error {
		w.rule()
		s, c := w.other(), w.approved()
		return func() error { _, err := s.Find(w.Ctx, w.A.ID, c); return err }
	},
	"Has": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.Has(w.Ctx, w.A.ID); return err }
	},
	"Blocks": func(w *faulty) func() error {
		w.block()
		return func() error { _, _, err := w.App.Blocks(w.Ctx, authz.Operator, w.A, "", 0); return err }
	},
	"TryBlock": func(w *faulty) func() error {
		in := rules.BlockDraft{AddressOf: w.submitted().ID}
		return func() error { _, err := w.App.TryBlock(w.Ctx, authz.Operator, w.A, in); return err }
	},
	"AddBlock": func(w *faulty) func() error {
		in, key := rules.BlockDraft{Writer: comment.WriterID(w.submitted().Writer)}, w.key(w.A.ID)
		return func() error { _, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, in, key); return err }
	},
	"AddBlock: in the place of another": func(w *faulty) func() error {
		w.block()
		in, key := rules.BlockDraft{Host: "blocked.example", Until: w.Clock.Now().Add(time.Hour)}, w.key(w.A.ID)
		return func() error { _, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, in, key); return err }
	},
	"RemoveBlock": func(w *faulty) func() error {
		id := w.block()
		return func() error { return w.App.RemoveBlock(w.Ctx, authz.Operator, w.A, id) }
	},
	"RestoreBlock": func(w *faulty) func() error {
		id := w.block()
		w.Must(w.App.RemoveBlock(w.Ctx, authz.Operator, w.A, id))
		in := rules.BlockDraft{Host: "blocked.example", Until: w.Clock.Now().Add(time.Hour)}
		_, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, in, nil)
		w.Must(err)
		return func() error { return w.App.RestoreBlock(w.Ctx, authz.Operator, w.A, id) }
	},
	"Notes": func(w *faulty) func() error {
		c, _ := w.note()
		return func() error { _, err := w.App.Rules.Notes(w.Ctx, comment.WriterRefs([]comment.Comment{c})); return err }
	},
	"AddNote": func(w *faulty) func() error {
		c, key := w.submitted(), w.key(w.A.ID)
		return func() error {
			_, _, err := w.App.AddNote(w.Ctx, authz.Operator, w.A, c.ID, "Wrote to us.", key)
			return err
		}
	},
	"RemoveNote": func(w *faulty) func() error {
		_, id := w.note()
		return func() error { return w.App.RemoveNote(w.Ctx, authz.Operator, w.A, id) }
	},
	"RestoreNote": func(w *faulty) func() error {
		_, id := w.note()
		w.Must(w.App.RemoveNote(w.Ctx, authz.Operator, w.A, id))
		return func() error { return w.App.RestoreNote(w.Ctx, authz.Operator, w.A, id) }
	},
	"RetireLessons": func(w *faulty) func() error {
		w.teacher()
		before, key := w.Clock.Now().Add(-time.Millisecond), w.key(w.A.ID)
		return func() error { _, err := w.App.RetireLessons(w.Ctx, authz.Operator, w.A, before, key); return err }
	},
	"LessonsOf": func(w *faulty) func() error {
		person := learning.DataSubject{Email: w.approved().Email}
		return func() error { _, err := w.App.LessonsOf(w.Ctx, authz.Operator, w.A, person); return err }
	},
	"PreviewErasure": func(w *faulty) func() error {
		person := learning.DataSubject{Email: w.approved().Email}
		return func() error { _, err := w.App.PreviewErasure(w.Ctx, authz.Operator, w.A, person); return err }
	},
	"EraseLessons": func(w *faulty) func() error {
		person := learning.DataSubject{Email: w.approved().Email}
		if w.serial > 0 { // copies of the previous try
			w.Must(w.App.RemoveSite(w.Ctx, authz.Operator, "copy"))
		}
		_, err := w.App.CopyLessons(w.Ctx, authz.Operator, w.AddSite("copy"), w.A.Key, nil)
		w.Must(err)
		key := w.key(w.A.ID)
		return func() error { _, err := w.App.EraseLessons(w.Ctx, authz.Operator, w.A, person, key); return err }
	},
	"ReplayErasures": func(w *faulty) func() error {
		var marks []learning.Mark
		noting := w.NewAppWith(w.store, app.Coordination{}, app.Options{OnErase: func(m learning.Mark) error {
			marks = append(marks, m)
			return errors.New("not now")
		}})
		person := learning.DataSubject{Email: w.approved().Email}
		if _, err := noting.EraseLessons(w.Ctx, authz.Operator, w.A, person, w.key(w.A.ID)); len(marks) != 1 {
			w.T.Fatalf("marks %v, %v", marks, err)
		}
		return func() error { _, err := w.App.ReplayErasures(w.Ctx, marks); return err }
	},

	// People.
	"SetupLink": func(w *faulty) func() error {
		return func() error { _, err := w.App.SetupLink(w.Ctx); return err }
	},
	"LinkAccount": func(w *faulty) func() error {
		link := w.invited()
		return func() error { _, err := w.App.LinkAccount(w.Ctx, link); return err }
	},
	"UseLink": func(w *faulty) func() error {
		use := identity.LinkUse{Token: w.invited(), Password: faultyPassword, Agent: "test"}
		return func() error { _, err := w.App.UseLink(w.Ctx, use); return err }
	},
	"MailLink": func(w *faulty) func() error {
		token, _ := w.mailLink("c")
		return func() error { _, _, err := w.App.MailLink(w.Ctx, token); return err }
	},
	"UseMailLink": func(w *faulty) func() error {
		token, _ := w.mailLink("c")
		return func() error { return w.App.UseMailLink(w.Ctx, token) }
	},
	"SetMailByLink": func(w *faulty) func() error {
		token, _ := w.mailLink("")
		return func() error { return w.App.SetMailByLink(w.Ctx, token, authz.MailDigest) }
	},
	"SignIn": func(w *faulty) func() error {
		in := identity.NewAccount{
			Email: "signs@in.example", Name: "New", Role: authz.Author, Sites: []string{"a"}, Password: faultyPassword,
		}
		if w.serial == 0 {
			_, _, err := w.App.AddAccount(w.Ctx, authz.Operator, in)
			w.Must(err)
		}
		w.name()
		return func() error {
			_, err := w.App.SignIn(w.Ctx, in.Email, faultyPassword, identity.Browser{Agent: "test"})
			return err
		}
	},
	"ActorBySession": func(w *faulty) func() error {
		_, value := w.signedIn()
		return func() error { _, err := w.App.ActorBySession(w.Ctx, value); return err }
	},
	"ActorByToken": func(w *faulty) func() error {
		_, value, err := w.App.AddToken(w.Ctx, w.member(), identity.NewToken{})
		w.Must(err)
		return func() error { _, err := w.App.ActorByToken(w.Ctx, value); return err }
	},
	"IssueIdentity": func(w *faulty) func() error {
		who := w.member()
		return func() error { _, err := w.App.IssueIdentity(w.Ctx, who, w.A); return err }
	},
	"Writer": func(w *faulty) func() error {
		given, err := w.App.IssueIdentity(w.Ctx, w.member(), w.A)
		w.Must(err)
		return func() error { _, err := w.App.Writer(w.Ctx, w.A, given.Value); return err }
	},
	"SetSSOKey": func(w *faulty) func() error {
		return func() error { _, err := w.App.SetSSOKey(w.Ctx, authz.Operator, w.A); return err }
	},
	"SpamListSources": func(w *faulty) func() error {
		w.neighbour()
		return func() error { _, err := w.App.SpamLists.SpamListSources(w.Ctx, authz.Operator, w.A); return err }
	},
	"AddSpamListSource": func(w *faulty) func() error {
		w.neighbour()
		in, key := neighbourOf("http://127.0.0.1:9/two"), w.key(w.A.ID)
		return func() error { _, _, err := w.App.AddSpamListSource(w.Ctx, authz.Operator, w.A, in, key); return err }
	},
	"RemoveSpamListSource": func(w *faulty) func() error {
		id := w.neighbour()
		return func() error { return w.App.RemoveSpamListSource(w.Ctx, authz.Operator, w.A, id) }
	},
	"SpamListTallies": func(w *faulty) func() error {
		w.neighbour()
		return func() error { _, err := w.App.SpamListTallies(w.Ctx, authz.Operator, w.A); return err }
	},
	"OwnSpamList": func(w *faulty) func() error {
		site, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"neighbours": "on"})
		w.Must(err)
		_, err = w.App.PublishedSpamList(w.Ctx, site)
		w.Must(err)
		return func() error { _, err := w.App.OwnSpamList(w.Ctx, authz.Operator, site); return err }
	},
	"Match": func(w *faulty) func() error {
		w.neighbour()
		s := w.other()
		return func() error { _, err := s.Match(w.Ctx, w.A.ID, []comment.Comment{{Site: w.A.ID}}); return err }
	},
	"HasLists": func(w *faulty) func() error {
		s := w.other()
		return func() error { _, err := s.HasLists(w.Ctx, w.A.ID); return err }
	},
	"PublishedSpamList": func(w *faulty) func() error {
		site, err := w.App.SetSite(w.Ctx, authz.Operator, "a", map[string]string{"neighbours": "on"})
		w.Must(err)
		return func() error { _, err := w.App.PublishedSpamList(w.Ctx, site); return err }
	},
	"CheckerState": func(w *faulty) func() error {
		return func() error { _, err := w.App.CheckerState(w.Ctx, authz.Operator, w.A); return err }
	},
	"SetCheckerKey": func(w *faulty) func() error {
		return func() error { return w.App.SetCheckerKey(w.Ctx, authz.Operator, w.A, "a key") }
	},
	"SiteKey": func(w *faulty) func() error {
		return func() error { _, err := w.App.SiteKey(w.Ctx, authz.Operator, w.A); return err }
	},
	"Copy": func(w *faulty) func() error {
		w.Decide(authz.Operator, w.A, comment.Approve, w.Submit(w.A, "A comment that is copied.").ID)
		dir := filepath.Join(w.T.TempDir(), "copy")
		return func() error { _, err := w.App.Copy(w.Ctx, authz.Operator, w.A, dir, nil); return err }
	},
	"ExistingKey": func(w *faulty) func() error {
		return func() error { _, err := w.App.ExistingKey(w.Ctx, w.A); return err }
	},
	"Sign": func(w *faulty) func() error {
		return func() error { return w.App.Sign(w.Ctx, w.A, map[string]any{"site": w.A.Key}) }
	},
	"IssueBySSO": func(w *faulty) func() error {
		token := w.ssoToken()
		return func() error { _, err := w.App.IssueBySSO(w.Ctx, w.A, token); return err }
	},
	"Verify": func(w *faulty) func() error {
		given, err := w.App.IssueBySSO(w.Ctx, w.A, w.ssoToken())
		w.Must(err)
		return func() error { _, err := w.App.Verify(w.Ctx, w.A, given.Value); return err }
	},
	"SignOut": func(w *faulty) func() error {
		given, err := w.App.IssueBySSO(w.Ctx, w.A, w.ssoToken())
		w.Must(err)
		return func() error { return w.App.SignOut(w.Ctx, w.A, given.Value) }
	},
	"Impersonates": func(w *faulty) func() error {
		return func() error { _, err := w.App.Impersonates(w.Ctx, w.A.ID, "Marta"); return err }
	},
	"RequestCode": func(w *faulty) func() error {
		email := w.name() + "@mail.example"
		return func() error { return w.App.RequestCode(w.Ctx, w.A, email, "en") }
	},
	"Subscribe": func(w *faulty) func() error {
		c, token := w.SubmitWithToken(w.A, "Told by mail, "+w.name())
		return func() error { _, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, "en", true); return err }
	},
	"Subscribe: not any more": func(w *faulty) func() error {
		c, token := w.subscribed()
		return func() error { _, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, "en", false); return err }
	},
	"ReadLink": func(w *faulty) func() error {
		c, _ := w.subscribed()
		link := w.readersLink(mailbox.ToConfirm, c.Email)
		return func() error { _, err := w.App.ReadLink(w.Ctx, link); return err }
	},
	"ResendLink": func(w *faulty) func() error {
		c, _ := w.subscribed()
		link := mailbox.Link{For: mailbox.ToConfirm, Site: w.A.ID, Email: text.AddressOf(c.Email), Lang: "en", Ends: w.Clock.Now()}
		return func() error { _, err := w.App.ResendLink(w.Ctx, link.Token(apptest.Secret)); return err }
	},
	"Confirm": func(w *faulty) func() error {
		c, _ := w.subscribed()
		link := w.readersLink(mailbox.ToConfirm, c.Email)
		return func() error { _, err := w.App.Confirm(w.Ctx, link, w.Clock.Now()); return err }
	},
	"Stop": func(w *faulty) func() error {
		c, _ := w.subscribed()
		link := w.readersLink(mailbox.ToStop, c.Email)
		return func() error { _, err := w.App.Stop(w.Ctx, link); return err }
	},
	"RequestData": func(w *faulty) func() error {
		email := w.name() + "@mail.example"
		return func() error { return w.App.RequestData(w.Ctx, w.A, email, "en") }
	},
	"ReadPersonalData": func(w *faulty) func() error {
		link := w.heldLink()
		return func() error { _, err := w.App.ReadPersonalData(w.Ctx, link, ""); return err }
	},
	"Anonymize": func(w *faulty) func() error {
		c := w.approved()
		return func() error { return w.App.Anonymize(w.Ctx, w.A, []string{c.ID}) }
	},
	"Erase": func(w *faulty) func() error {
		c := w.approved()
		return func() error { return w.App.Erase(w.Ctx, w.A, []string{c.ID}) }
	},
	"IssueByCode": func(w *faulty) func() error {
		email := w.name() + "@mail.example"
		w.Must(w.App.RequestCode(w.Ctx, w.A, email, "en"))
		code := w.MailedCode(w.A, email)
		return func() error { _, err := w.App.IssueByCode(w.Ctx, w.A, email, code, "Nora"); return err }
	},
	"IssueByCode: a wrong one": func(w *faulty) func() error {
		email := w.name() + "@mail.example"
		w.Must(w.App.RequestCode(w.Ctx, w.A, email, "en"))
		return func() error {
			_, err := w.App.IssueByCode(w.Ctx, w.A, email, "wrong", "Nora")
			if apptest.Code(err) == "identity.refused" {
				return nil
			}
			return err
		}
	},
	"SignOutWriter": func(w *faulty) func() error {
		given, err := w.App.IssueIdentity(w.Ctx, w.member(), w.A)
		w.Must(err)
		return func() error { return w.App.SignOutWriter(w.Ctx, w.A, given.Value) }
	},
	"IssueByProof": func(w *faulty) func() error {
		proof := authz.ExternalIdentity{Issuer: "https://issuer.example", Subject: w.name()}
		return func() error { _, err := w.App.IssueByProof(w.Ctx, w.A, proof, "Lena"); return err }
	},
	"SignInWithProvider": func(w *faulty) func() error {
		_, proof := w.linked()
		return func() error { _, err := w.App.SignInWithProvider(w.Ctx, proof, "test"); return err }
	},
	"LinkProvider": func(w *faulty) func() error {
		who, proof := w.linked()
		proof.Subject += " again"
		return func() error { return w.App.LinkProvider(w.Ctx, who, "Small", proof) }
	},
	"UnlinkProvider": func(w *faulty) func() error {
		who, proof := w.linked()
		return func() error { return w.App.UnlinkProvider(w.Ctx, who, proof.Issuer) }
	},
	"LinkedProviders": func(w *faulty) func() error {
		who, _ := w.linked()
		return func() error { _, err := w.App.LinkedProviders(w.Ctx, who); return err }
	},
	"MySessions": func(w *faulty) func() error {
		who, _ := w.signedIn()
		return func() error { _, err := w.App.MySessions(w.Ctx, who); return err }
	},
	"EndSession": func(w *faulty) func() error {
		who, _ := w.signedIn()
		return func() error { return w.App.EndSession(w.Ctx, who, who.Session) }
	},
	"Accounts": func(w *faulty) func() error {
		return func() error { _, err := w.App.Accounts(w.Ctx, authz.Operator); return err }
	},
	"HasAccounts": func(w *faulty) func() error {
		return func() error { _, err := w.App.HasAccounts(w.Ctx); return err }
	},
	"AddAccount": func(w *faulty) func() error {
		in := identity.NewAccount{Email: w.name() + "@new.example", Name: "New", Role: authz.Author, Sites: []string{"a"}}
		return func() error { _, _, err := w.App.AddAccount(w.Ctx, authz.Operator, in); return err }
	},
	"Invite": func(w *faulty) func() error {
		in := identity.NewAccount{Email: w.name() + "@new.example", Name: "New", Role: authz.Author, Sites: []string{"a"}}
		return func() error { _, err := w.App.Invite(w.Ctx, authz.Operator, in, "en"); return err }
	},
	"SetAccount": func(w *faulty) func() error {
		who, _ := w.signedIn()
		id, name, role, off := who.Account.ID, w.name(), authz.Author, true
		change := identity.AccountChange{Name: &name, Role: &role, Sites: []string{"b"}, Disabled: &off}
		return func() error { _, err := w.App.SetAccount(w.Ctx, authz.Operator, id, change); return err }
	},
	"ResetAccount": func(w *faulty) func() error {
		who, _ := w.signedIn()
		email := who.Account.Email
		return func() error { _, err := w.App.ResetAccount(w.Ctx, authz.Operator, email); return err }
	},
	"RemoveAccount": func(w *faulty) func() error {
		who, _ := w.signedIn()
		id := who.Account.ID
		return func() error { return w.App.RemoveAccount(w.Ctx, authz.Operator, id) }
	},
	"AddToken": func(w *faulty) func() error {
		in := identity.NewToken{Account: w.member().Account.Email, Name: "new", Sites: []string{"a"}}
		return func() error { _, _, err := w.App.AddToken(w.Ctx, authz.Operator, in); return err }
	},
	"StaffNames": func(w *faulty) func() error {
		on := false // any change makes the settings be read again
		_, err := w.App.SetAccount(w.Ctx, authz.Operator, w.member().ID(), identity.AccountChange{Disabled: &on})
		w.Must(err)
		return func() error { _, err := w.App.StaffNames(w.Ctx, authz.Operator, w.A); return err }
	},
	"Tokens": func(w *faulty) func() error {
		w.member()
		return func() error { _, err := w.App.Tokens(w.Ctx, authz.Operator); return err }
	},
	"SetToken": func(w *faulty) func() error {
		token, name, scope := w.AddToken(w.member().Account.Email, authz.ScopeAdmin).Token, w.name(), authz.ScopeRead
		return func() error {
			_, err := w.App.SetToken(w.Ctx, authz.Operator, token, &name, []string{"a"}, &scope)
			return err
		}
	},
	"RemoveToken": func(w *faulty) func() error {
		id := w.AddToken(w.member().Account.Email, authz.ScopeAdmin).Token
		return func() error { return w.App.RemoveToken(w.Ctx, authz.Operator, id) }
	},
}

const faultyPassword = "correct horse battery staple"

func (w *faulty) name() string {
	w.serial++
	return fmt.Sprintf("n%d", w.serial)
}

// refused returns a comment that a moderator marked as spam.
func (w *faulty) refused() comment.Comment {
	w.T.Helper()
	id := w.waiting(1)[0]
	w.Decide(authz.Operator, w.A, comment.MarkSpam, id)
	return w.Comment(w.A, id)
}

// key returns a new idempotency key.
func (w *faulty) key(site int64) *txn.IdempotencyKey {
	return &txn.IdempotencyKey{Site: site, Route: "test", Value: strings.Repeat("k", 16) + w.name(), Body: []byte("b")}
}

// ssoToken returns a single sign-on token of site A for a new reader.
func (w *faulty) ssoToken() string {
	key, err := w.App.SetSSOKey(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	now := w.Clock.Now()
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"aud": w.A.Key, "sub": w.name(),
		"name": w.name(), "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}).SignedString([]byte(key))
	w.Must(err)
	return token
}

// other returns an App as in another process, with empty caches.
func (w *faulty) other() *apptest.App {
	w.T.Helper()
	s := w.NewApp(w.store)
	return s
}

// takedownOf returns a takedown of one comment.
func takedownOf(c comment.Comment) takedown.Draft {
	return takedown.Draft{Comments: []string{c.ID}, By: "District court", Kind: takedown.Court}
}

// oneRule is the kind of rule that needs the most database calls.
var oneRule = rules.Draft{Kind: rules.KindFirstTime}

// rule removes all rules of site A and adds a new one. It returns its ID.
func (w *faulty) rule() string {
	w.T.Helper()
	standing, err := w.App.Rules.Rules(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	for _, r := range standing {
		w.Must(w.App.RemoveRule(w.Ctx, authz.Operator, w.A, r.ID))
	}
	id, _, err := w.App.AddRule(w.Ctx, authz.Operator, w.A, oneRule, nil)
	w.Must(err)
	return id
}

// block adds the block of a host, which replaces the previous one, and returns its ID.
func (w *faulty) block() string {
	w.T.Helper()
	id, _, err := w.App.AddBlock(w.Ctx, authz.Operator, w.A, rules.BlockDraft{Host: "blocked.example"}, nil)
	w.Must(err)
	return id
}

// note adds a note about the writer of a new comment. It returns the comment and the note's ID.
func (w *faulty) note() (comment.Comment, string) {
	w.T.Helper()
	c := w.submitted()
	id, _, err := w.App.AddNote(w.Ctx, authz.Operator, w.A, c.ID, "Wrote to us.", nil)
	w.Must(err)
	return c, id
}

// submitted submits a comment with a network address.
func (w *faulty) submitted() comment.Comment {
	w.T.Helper()
	in := w.submission()
	in.Address = netip.MustParseAddr("192.0.2.7")
	got, err := w.App.Submit(w.Ctx, w.A, in)
	w.Must(err)
	return w.Comment(w.A, got.ID)
}

func (w *faulty) submission() moderation.Submission {
	name := w.name()
	return moderation.Submission{
		PageURL: "https://a.example/post", PageTitle: "A post", Name: "Reader " + name,
		Email: name + "@mail.example", Body: "A comment of its own: " + name, Key: w.key(w.A.ID),
	}
}

func (w *faulty) waiting(n int) (ids []string) {
	w.T.Helper()
	for range n {
		ids = append(ids, w.Submit(w.A, "Waits, and says "+apptest.RandomWords(w.Commenters)).ID)
	}
	return ids
}

func (w *faulty) approved() comment.Comment {
	w.T.Helper()
	id := w.waiting(1)[0]
	w.Decide(authz.Operator, w.A, comment.Approve, id)
	return w.Comment(w.A, id)
}

// moderator returns the moderator of site A. Every call returns the same one.
func (w *faulty) moderator() authz.Actor {
	w.T.Helper()
	if w.staff.Account.ID == "" {
		w.staff = w.AddStaff("moderator", authz.Moderator, "a")
	}
	return w.staff
}

// teacher returns a new moderator whose decision trained the model of site A.
func (w *faulty) teacher() authz.Actor {
	w.T.Helper()
	who := w.AddStaff(w.name(), authz.Moderator, "a")
	w.Decide(who, w.A, comment.MarkSpam, w.waiting(1)...)
	w.Clock.Add(time.Minute)
	return who
}

// invited returns the one-time link of a new account.
func (w *faulty) invited() string {
	w.T.Helper()
	_, link, err := w.App.AddAccount(w.Ctx, authz.Operator, identity.NewAccount{
		Email: w.name() + "@new.example", Name: "New", Role: authz.Author, Sites: []string{"a"},
	})
	w.Must(err)
	return link
}

// member returns a new author of site A.
func (w *faulty) member() authz.Actor {
	w.T.Helper()
	return w.AddStaff(w.name(), authz.Author, "a")
}

// signedIn returns a session of a new account that was last used an hour ago.
func (w *faulty) signedIn() (who authz.Actor, value string) {
	w.T.Helper()
	who = w.member()
	value, hash := secret.New("")
	row := authz.Session{
		ID: txn.NewID(), Hash: hash, Account: who.ID(), Agent: "test",
		CreatedAt: w.Clock.Now(), SeenAt: w.Clock.Now(), ExpiresAt: w.Clock.Now().Add(24 * time.Hour),
	}
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.InsertSession(row) }))
	w.Clock.Add(time.Hour)
	return authz.Actor{Account: who.Account, Session: row.ID, Scope: authz.ScopeAdmin}, value
}

// linked returns a new signed-in account and its linked identity at a sign-in provider.
func (w *faulty) linked() (authz.Actor, authz.ExternalIdentity) {
	w.T.Helper()
	who, _ := w.signedIn()
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) (err error) {
		who.Account.Password = "a hash"
		return tx.UpdateAccount(who.Account)
	}))
	proof := authz.ExternalIdentity{Issuer: "https://issuer.example", Subject: who.ID()}
	w.Must(w.App.LinkProvider(w.Ctx, who, "Small", proof))
	return who, proof
}

// mailLink returns the token of a mailed link to a new account. about is the ID of a comment, or "" for mail settings.
func (w *faulty) mailLink(about string) (token string, who authz.Actor) {
	w.T.Helper()
	who = w.AddStaff(w.name(), authz.Moderator, "a")
	token, hash := secret.New("")
	link := authz.MailLink{Hash: hash, Account: who.ID(), Site: w.A.ID, Comment: about,
		ExpiresAt: w.Clock.Now().Add(time.Hour)}
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.InsertMailLink(link) }))
	return token, who
}

// subscribed returns a comment whose writer subscribed to replies, and its edit token.
func (w *faulty) subscribed() (comment.Comment, string) {
	w.T.Helper()
	c, token := w.SubmitWithToken(w.A, "Told of by mail, "+w.name())
	_, err := w.App.Subscribe(w.Ctx, w.A, c.ID, token, "en", true)
	w.Must(err)
	return c, token
}

// readersLink returns the token of a link mailed to a reader.
func (w *faulty) readersLink(to, email string) string {
	return mailbox.Link{For: to, Site: w.A.ID, Email: text.AddressOf(email)}.Token(apptest.Secret)
}

// heldLink returns the token of a mailed link to the personal data of a commenter whose comment trained the model.
func (w *faulty) heldLink() string {
	w.T.Helper()
	c, _ := w.subscribed()
	w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
	w.Must(w.App.RequestData(w.Ctx, w.A, c.Email, "en"))
	var letters []mailbox.Letter
	w.Must(w.DB.View(w.Ctx, func(tx store.Tx) (err error) {
		letters, err = tx.LettersTo(w.A.ID, mailbox.AddressHash(apptest.Secret, text.AddressOf(c.Email)), 1)
		return err
	}))
	return mailbox.Link{For: mailbox.ToViewData, Site: w.A.ID, Email: text.AddressOf(c.Email), Letter: letters[0].ID}.Token(apptest.Secret)
}

// campaign adds a campaign of two near-duplicate comments.
func (w *faulty) campaign() campaign.Campaign {
	w.T.Helper()
	k := campaign.Campaign{ID: txn.NewID(), Joined: 2, Waiting: 2}
	text := "The same offer of stone ovens for everybody who bakes at home, today only, from " + w.name()
	comments := []comment.Comment{w.Submit(w.A, text), w.Submit(w.A, text+" again")}
	k.Sample = comments[0].ID
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		last, err := tx.LastNumber(w.A.ID)
		if err != nil {
			return err
		}
		for i, c := range comments {
			m := campaign.Member{Comment: c.ID, Number: last + int64(i) + 1, Campaign: k.ID, Joined: i + 1,
				CreatedAt: c.CreatedAt}
			if err := tx.PutMembers(w.A.ID, []campaign.Member{m}); err != nil {
				return err
			}
		}
		return tx.PutCampaigns(w.A.ID, k)
	}))
	return k
}

// exportedSite returns a request to import the export of another site: a comment, a takedown of it, and the log.
func (w *faulty) exportedSite() transfer.Request {
	w.T.Helper()
	from := w.AddSite(w.name())
	c := w.Submit(from, "Carried from one site to another.")
	w.Decide(authz.Operator, from, comment.Approve, c.ID)
	_, _, err := w.App.Withhold(w.Ctx, authz.Operator, from, takedownOf(c), nil)
	w.Must(err)
	path := filepath.Join(w.T.TempDir(), "whole.jsonl")
	var all bytes.Buffer
	w.Must(w.App.Export(w.Ctx, authz.Operator, from, transfer.ExportRequest{Format: "jsonl"}, &all))
	w.Must(os.WriteFile(path, all.Bytes(), 0o600))
	return transfer.Request{Format: "aitys", Path: path}
}

// dump returns a request to import a file with a comment and a reply on a new page.
func (w *faulty) dump() transfer.Request {
	w.T.Helper()
	name, path := w.name(), filepath.Join(w.T.TempDir(), "dump.xml")
	var all strings.Builder
	for id, parent := range []string{"0", "1"} {
		fmt.Fprintf(&all, "<wp:comment><wp:comment_id>%d</wp:comment_id><wp:comment_parent>%s</wp:comment_parent>"+
			"<wp:comment_date_gmt>2024-01-01 00:00:00</wp:comment_date_gmt><wp:comment_approved>1</wp:comment_approved>"+
			"<wp:comment_content>Said on page %s.</wp:comment_content></wp:comment>", id+1, parent, name)
	}
	text := "<rss><channel><item><link>https://a.example/" + name + "</link>" + all.String() + "</item></channel></rss>"
	w.Must(os.WriteFile(path, []byte(text), 0o600))
	return transfer.Request{Format: "wordpress", Path: path}
}

// webhook removes all webhooks of site A and adds a new one. It returns its ID.
func (w *faulty) webhook() string {
	list, err := w.App.Webhooks(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	for _, h := range list {
		w.Must(w.App.RemoveWebhook(w.Ctx, authz.Operator, w.A, h.ID))
	}
	in := webhook.Draft{URL: "http://127.0.0.1:9/", Events: []string{webhook.Arrived}}
	id, _, _, err := w.App.AddWebhook(w.Ctx, authz.Operator, w.A, in, nil)
	w.Must(err)
	return id
}

// neighbourOf returns a draft of another publisher's spam list at a URL.
func neighbourOf(url string) spamlist.Draft {
	return spamlist.Draft{URL: url, Key: strings.Repeat("A", 43), Weight: 1}
}

// neighbour removes all shared spam lists of site A and adds one. It returns its ID.
func (w *faulty) neighbour() string {
	list, err := w.App.SpamLists.SpamListSources(w.Ctx, authz.Operator, w.A)
	w.Must(err)
	for _, n := range list {
		w.Must(w.App.RemoveSpamListSource(w.Ctx, authz.Operator, w.A, n.ID))
	}
	id, _, err := w.App.AddSpamListSource(w.Ctx, authz.Operator, w.A, neighbourOf("http://127.0.0.1:9/one"), nil)
	w.Must(err)
	return id
}
