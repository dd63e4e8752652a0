package moderation_test

import (
	"cmp"
	"io"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/internal/apptest"
	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/transfer"
	transferupload "github.com/aitys/aitys/internal/transfer/upload"
	"github.com/aitys/aitys/internal/webhook"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/campaign"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/identity"
	"github.com/aitys/aitys/moderation/learning"
	"github.com/aitys/aitys/moderation/rules"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/sites"
	"github.com/aitys/aitys/moderation/spamcheck"
	"github.com/aitys/aitys/moderation/spamlist"
	"github.com/aitys/aitys/moderation/takedown"
	"github.com/aitys/aitys/moderation/txn"
)

// rightsTable says what each actor may do on site a: "ok", or the first part of the error code.
const rightsTable = `
                    nobody author moderator owner  everywhere  operator  read   decide  bound  ownerB moderatorB  token
Queue               auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
QueueCounts         auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
AccountQueue        auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
AccountQueueOfOne   auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
FilterValues        auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
AccountQueueCounts  auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
SiteQueues          auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
Item                auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
SiteOfComment       auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
ItemHistories             auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
ChangedItems               auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
Campaigns           auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
Members             auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
Pages               auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
SearchPages         auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
StaffNames          auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
Acts                auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Log                 auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Quality             auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Flow                auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
WhatIf              auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
LastBatches         auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
IssueIdentity            auth   ok     ok        ok     ok          role      role   role    site   site   site     role
Reply               auth   ok     ok        ok     ok          ok        role   ok      site   site   site     ok
Decide              auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Redact              auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Split               auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Rejoin              auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Undo                auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
SetSSOKey           auth   role   role      ok     ok          ok        role   role    site   site   site     role
Copy                auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SpamListSources          auth   role   role      ok     ok          ok        role   role    site   site   site     ok
AddSpamListSource        auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RemoveSpamListSource     auth   role   role      ok     ok          ok        role   role    site   site   site     ok
PreviewSpamList    auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SpamListTallies    auth   role   role      ok     ok          ok        role   role    site   site   site     ok
OwnSpamList             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
CheckerState        auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SetCheckerKey       auth   role   role      ok     ok          ok        role   role    site   site   site     role
SiteKey             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SetPage             auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Forget              auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SetSite             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
AddAccountHere      auth   role   role      ok     ok          ok        role   role    site   site   site     role
Invite              auth   role   role      ok     ok          ok        role   role    site   site   site     role
AddAccountAll       auth   role   role      role   ok          ok        role   role    role   role   role     role
AllowOrigin         auth   role   role      ok     ok          ok        role   role    site   site   site     ok
EndEditTokens       auth   role   role      ok     ok          ok        role   role    site   site   site     ok
DismissOrigin        auth   role   role      ok     ok          ok        role   role    site   site   site     ok
OriginRequests              auth   role   role      ok     ok          ok        ok     ok      site   site   site     ok
LookAt              auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Leave               auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
LookAtOfAny         auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
LeaveAll            auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
PresentAnywhere     ok     ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
AddSite             auth   role   role      role   ok          ok        role   role    role   role   role     role
SetOther            auth   role   role      ok     ok          ok        role   role    account account role   ok
AddToken            auth   ok     ok        ok     ok          field     role   role    ok     ok     ok       ok
Tokens              auth   ok     ok        ok     ok          ok        role   role    ok     ok     ok       ok
MySessions          auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
LinkedProviders            auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
CheckLink             auth   field  field     field  field       role      role   role    role   field  field    role
LinkProvider           auth   ok     field     field  field       role      role   role    role   field  field    role
UnlinkProvider              auth   field  field     field  field       role      role   role    role   field  field    role
Accounts            auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
Sites               auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
TrainingProgress           auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
Inspect             auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
CountQueues         auth   ok     ok        ok     ok          ok        ok     ok      site   site   site     ok
SiteStats           auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Rebuild             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
Import              auth   role   role      ok     ok          ok        role   role    site   site   site     ok
Export              auth   role   role      ok     ok          ok        role   role    site   site   site     ok
AddUpload           auth   role   role      ok     ok          ok        role   role    site   site   site     ok
CurrentUpload       auth   role   role      ok     ok          ok        role   role    site   site   site     ok
Upload              auth   role   role      upload upload      upload    role   role    site   site   site     upload
CheckUpload         auth   role   role      upload upload      upload    role   role    site   site   site     upload
ImportUpload        auth   role   role      upload upload      upload    role   role    site   site   site     upload
RemoveUpload        auth   role   role      upload upload      upload    role   role    site   site   site     upload
Teachers            auth   role   role      ok     ok          ok        ok     ok      site   site   site     ok
OldLessons          auth   role   role      ok     ok          ok        role   role    site   site   site     ok
LessonsOf           auth   role   role      ok     ok          ok        role   role    site   site   site     ok
WithdrawLessons     auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RetireLessons       auth   role   role      ok     ok          ok        role   role    site   site   site     ok
EraseLessons        auth   role   role      ok     ok          ok        role   role    site   site   site     ok
PreviewErasure          auth   role   role      ok     ok          ok        role   role    site   site   site     ok
EraseDataSubject         auth   role   role      ok     ok          ok        role   role    site   site   site     ok
CopyLessons         auth   role   role      site   ok          ok        role   role    site   site   site     site
CheckOwner              auth   role   role      ok     ok          ok        role   role    site   site   site     ok
ResetAccount        auth   account account   ok     ok          ok        role   role    role   account account  role
RemoveAccount       auth   account account   ok     ok          ok        account account account account account ok
SetToken            auth   token  token     ok     ok          ok        role   role    token  token  token    role
RemoveToken         auth   token  token     ok     ok          ok        role   role    token  token  token    ok
EndSession          auth   ok     ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
Rules               auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
TryRule             auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Tallies             auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
AddRule             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RemoveRule          auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RestoreRule         auth   role   role      ok     ok          ok        role   role    site   site   site     ok
ListTakedowns             auth   role   role      ok     ok          ok        ok     ok      site   site   site     ok
Withhold            auth   role   role      ok     ok          ok        role   role    site   site   site     ok
PreviewWithhold     auth   role   role      ok     ok          ok        role   role    site   site   site     ok
Restore             auth   role   role      ok     ok          ok        role   role    site   site   site     ok
Blocks              auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
TryBlock            auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
AddBlockAWhile      auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
AddBlock            auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RemoveBlock         auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
RestoreBlock        auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
AddNote             auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
RemoveNote          auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
RestoreNote         auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
Webhooks            auth   role   role      ok     ok          ok        role   role    site   site   site     ok
AddWebhook          auth   role   role      ok     ok          ok        role   role    site   site   site     role
TestWebhook         auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RemoveWebhook       auth   role   role      ok     ok          ok        role   role    site   site   site     ok
SetWebhook          auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RedeliverWebhook    auth   role   role      ok     ok          ok        role   role    site   site   site     ok
RestoreWebhook      auth   role   role      ok     ok          ok        role   role    site   site   site     role
SiteForCheck                auth   role   ok        ok     ok          ok        ok     ok      ok     ok     ok       ok
CheckComment                 auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Teach               auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
SiteForScore        auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
Score               auth   role   ok        ok     ok          ok        ok     ok      site   site   site     ok
TeachOpinion        auth   role   ok        ok     ok          ok        role   ok      site   site   site     ok
RemoveSite          auth   role   role      -      -           -         role   role    site   site   site     -
`

// rows maps rows to use cases that need more than one row.
var rows = map[string]string{"AddAccountHere": "AddAccount", "AddAccountAll": "AddAccount", "SetOther": "SetAccount",
	"AddBlockAWhile": "AddBlock", "AccountQueueOfOne": "AccountQueue"}

// The test finds use cases by reflection, so a new use case needs a row in the table.
func TestRights_TableIsComplete(t *testing.T) {
	t.Parallel()
	inTable := map[string]bool{}
	for _, line := range strings.Split(strings.TrimSpace(rightsTable), "\n")[1:] {
		name := strings.Fields(line)[0]
		inTable[cmp.Or(rows[name], name)] = true
	}
	actor, found := reflect.TypeFor[authz.Actor](), 0
	for _, room := range apptest.ServiceTypes() {
		for m := range room.Methods() {
			for in := range m.Type.Ins() {
				if in != actor {
					continue
				}
				if found++; !inTable[m.Name] {
					t.Errorf("%v.%s takes an actor, and is not in the table of rights", room, m.Name)
				}
			}
		}
	}
	if found < 47 {
		t.Errorf("found %d use cases with an actor; there are more", found)
	}
}

func TestRights_RolesAndScopes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	actors := map[string]authz.Actor{
		"nobody":     {},
		"author":     w.AddStaff("author", authz.Author, "a"),
		"moderator":  w.AddStaff("moderator", authz.Moderator, "a"),
		"owner":      w.AddStaff("owner", authz.Owner, "a"),
		"everywhere": w.AddStaff("everywhere", authz.Owner),
		"operator":   authz.Operator,
		"read":       w.AddToken("owner@staff.example", authz.ScopeRead),
		"decide":     w.AddToken("owner@staff.example", authz.ScopeDecide),
		"bound":      w.AddToken("everywhere@staff.example", authz.ScopeAdmin, "b"),
		"ownerB":     w.AddStaff("ownerB", authz.Owner, "b"),
		"moderatorB": w.AddStaff("moderatorB", authz.Moderator, "b"),
		"token":      w.AddToken("owner@staff.example", authz.ScopeAdmin),
	}
	uses := useCases(w)
	lines := strings.Split(strings.TrimSpace(rightsTable), "\n")
	names := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		use := uses[cells[0]]
		if use == nil || len(cells) != len(names)+1 {
			t.Fatalf("row %q does not fit", line)
		}
		delete(uses, cells[0])
		for i, name := range names {
			want := cells[i+1]
			if want == "-" {
				continue
			}
			got, _, _ := strings.Cut(apptest.Code(use(actors[name])), ".")
			if got == "" {
				got = "ok"
			}
			if got != want {
				t.Errorf("%s by %s: got %s, want %s", cells[0], name, got, want)
			}
		}
	}
	for name := range uses {
		t.Errorf("%s is not in the table", name)
	}
}

// useCases returns the use cases of site a. Each can be called repeatedly.
func useCases(w *world) map[string]func(who authz.Actor) error {
	ctx, s := w.Ctx, w.App
	reader := w.Submit(w.A, "A comment to look at.")
	w.Decide(authz.Operator, w.A, comment.Approve, reader.ID)
	alike := campaign.Campaign{ID: txn.NewID(), Joined: 1, Waiting: 1}
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error { return tx.PutCampaigns(w.A.ID, alike) }))
	page := reader.Page
	withdrawn, token := w.SubmitWithToken(w.A, "A comment that its writer withdrew.")
	w.Must(w.App.Withdraw(w.Ctx, w.A, withdrawn.ID, token))
	other := w.AddStaff("other", authz.Moderator, "a")
	// The upload of another owner is unknown.
	upload, err := s.AddUpload(w.AddStaff("uploader", authz.Owner, "a"), w.A, "blog.xml", strings.NewReader("<rss/>"))
	w.Must(err)
	w.T.Cleanup(s.Uploads.Close)
	n := 0
	fresh := func() string { n++; return "x" + strconv.Itoa(n) }
	near := spamlist.Draft{URL: "https://near.example/list", Key: strings.Repeat("A", 43), Weight: 1}
	rule := rules.Draft{Kind: rules.KindWord, Words: "casino"}
	hook := webhook.Draft{URL: "http://127.0.0.1:9/", Events: []string{webhook.Refused}}
	hookOf := func() string {
		list, err := s.Webhooks(ctx, authz.Operator, w.A)
		w.Must(err)
		for _, h := range list { // a site may have twenty
			w.Must(s.RemoveWebhook(ctx, authz.Operator, w.A, h.ID))
		}
		id, _, _, err := s.AddWebhook(ctx, authz.Operator, w.A, hook, nil)
		w.Must(err)
		return id
	}
	ruleOf := func() string {
		id, _, err := s.AddRule(ctx, authz.Operator, w.A, rule, nil)
		w.Must(err)
		return id
	}
	demand := takedown.Draft{Comments: []string{reader.ID}, By: "District court", Kind: takedown.Court}
	block := rules.BlockDraft{Host: "bad.example", Until: w.Clock.Now().Add(time.Hour)}
	blockOf := func() string {
		id, _, err := s.AddBlock(ctx, authz.Operator, w.A, block, nil)
		w.Must(err)
		return id
	}
	noteOf := func() string {
		id, _, err := s.AddNote(ctx, authz.Operator, w.A, reader.ID, "Wrote to us.", nil)
		w.Must(err)
		return id
	}
	return map[string]func(who authz.Actor) error{
		"Queue": func(who authz.Actor) error {
			_, err := s.Queue(ctx, who, w.A, comment.QueueRequest{})
			return err
		},
		"QueueCounts": func(who authz.Actor) error { _, _, err := s.QueueCounts(ctx, who, w.A); return err },
		"AccountQueue": func(who authz.Actor) error {
			_, err := s.AccountQueue(ctx, who, "", comment.QueueRequest{})
			return err
		},
		"AccountQueueOfOne": func(who authz.Actor) error {
			_, err := s.AccountQueue(ctx, who, w.A.Key, comment.QueueRequest{})
			return err
		},
		"SiteQueues": func(who authz.Actor) error { _, err := s.SiteQueues(ctx, who); return err },
		"FilterValues": func(who authz.Actor) error {
			_, err := s.FilterValues(ctx, who, "", comment.QueueRequest{}, "")
			return err
		},
		"AccountQueueCounts": func(who authz.Actor) error { _, _, err := s.AccountQueueCounts(ctx, who); return err },
		"Item":               func(who authz.Actor) error { _, _, err := s.Item(ctx, who, w.A, reader.ID); return err },
		"SiteOfComment": func(who authz.Actor) error {
			_, err := s.SiteOfComment(ctx, who, []site.Site{w.A}, reader.ID)
			return err
		},
		"StaffNames":    func(who authz.Actor) error { _, err := s.StaffNames(ctx, who, w.A); return err },
		"IssueIdentity": func(who authz.Actor) error { _, err := s.IssueIdentity(ctx, who, w.A); return err },
		"ItemHistories": func(who authz.Actor) error { _, err := s.ItemHistories(ctx, who, w.A, reader.ID); return err },
		"ChangedItems": func(who authz.Actor) error {
			_, err := s.ChangedItems(ctx, who, w.A, moderation.Ref{ID: reader.ID})
			return err
		},
		"Pages": func(who authz.Actor) error { _, _, err := s.Pages(ctx, who, w.A, "", 0); return err },
		"SearchPages": func(who authz.Actor) error {
			_, _, err := s.SearchPages(ctx, who, w.A, sites.PageSearch{})
			return err
		},
		"Log": func(who authz.Actor) error {
			_, _, err := s.Log(ctx, who, w.A, moderation.LogRequest{})
			return err
		},
		"Acts": func(who authz.Actor) error {
			_, _, err := s.Acts(ctx, who, w.A, moderation.LogRequest{})
			return err
		},
		"Campaigns": func(who authz.Actor) error {
			_, err := s.Campaigns.Campaigns(ctx, who, w.A, 0, "")
			return err
		},
		"Members": func(who authz.Actor) error {
			_, _, _, err := s.Members(ctx, who, w.A, alike.ID, 0, "")
			return err
		},
		"Split": func(who authz.Actor) error {
			_, err := s.Split(ctx, who, w.A, alike.ID, []string{txn.NewID()})
			return err
		},
		"Rejoin": func(who authz.Actor) error {
			_, err := s.Rejoin(ctx, who, w.A, []string{w.Submit(w.A, "Nobody set this apart.").ID})
			return err
		},
		"Quality": func(who authz.Actor) error {
			_, err := s.Quality(ctx, who, w.A, evaluation.QualityRequest{})
			return err
		},
		"WhatIf": func(who authz.Actor) error {
			_, err := s.WhatIf(ctx, who, w.A, evaluation.WhatIfRequest{})
			return err
		},
		"Flow":        func(who authz.Actor) error { _, err := s.Flow(ctx, who, w.A, 28); return err },
		"LastBatches": func(who authz.Actor) error { _, err := s.LastBatches(ctx, who, w.A, 5); return err },
		"Reply": func(who authz.Actor) error {
			_, err := s.Reply(ctx, who, w.A, moderation.Ref{ID: reader.ID}, "An answer.", nil)
			return err
		},
		"Decide": func(who authz.Actor) error {
			_, err := s.Decide(ctx, who, w.A, moderation.Choice{Action: comment.Approve,
				Comments: []moderation.Ref{{ID: reader.ID, Version: 1}}})
			return err
		},
		"Undo": func(who authz.Actor) error {
			c := w.Submit(w.A, "To be taken back.")
			out := w.Decide(authz.Operator, w.A, comment.Approve, c.ID)
			_, err := s.Undo(ctx, who, w.A, out.Batch, nil)
			return err
		},
		"Redact": func(who authz.Actor) error {
			c := w.Submit(w.A, "Some of this is too much.")
			_, err := s.Redact(ctx, who, w.A, c.ID, moderation.Redaction{Part: comment.Part{To: 4}, Why: "Too much."})
			return err
		},
		"SetPage": func(who authz.Actor) error {
			title := "A title"
			_, err := s.SetPage(ctx, who, w.A, page, sites.PageChange{Title: &title})
			return err
		},
		"Rules":     func(who authz.Actor) error { _, err := s.Rules.Rules(ctx, who, w.A); return err },
		"Tallies":   func(who authz.Actor) error { _, _, err := s.Tallies(ctx, who, w.A); return err },
		"TryRule":   func(who authz.Actor) error { _, err := s.TryRule(ctx, who, w.A, rule); return err },
		"SetSSOKey": func(who authz.Actor) error { _, err := s.SetSSOKey(ctx, who, w.A); return err },
		"Copy": func(who authz.Actor) error {
			_, err := s.Copy(ctx, who, w.A, filepath.Join(w.T.TempDir(), "copy"), nil)
			return err
		},
		"SpamListSources": func(who authz.Actor) error { _, err := s.SpamLists.SpamListSources(ctx, who, w.A); return err },
		"PreviewSpamList": func(who authz.Actor) error {
			_, err := s.PreviewSpamList(ctx, who, w.A, near)
			return err
		},
		"SpamListTallies": func(who authz.Actor) error { _, err := s.SpamListTallies(ctx, who, w.A); return err },
		"OwnSpamList":     func(who authz.Actor) error { _, err := s.OwnSpamList(ctx, who, w.A); return err },
		"AddSpamListSource": func(who authz.Actor) error {
			_, _, err := s.AddSpamListSource(ctx, who, w.A, near, nil)
			return err
		},
		"RemoveSpamListSource": func(who authz.Actor) error {
			id, _, err := s.AddSpamListSource(ctx, authz.Operator, w.A, near, nil)
			w.Must(err)
			return s.RemoveSpamListSource(ctx, who, w.A, id)
		},
		"CheckerState":  func(who authz.Actor) error { _, err := s.CheckerState(ctx, who, w.A); return err },
		"SetCheckerKey": func(who authz.Actor) error { return s.SetCheckerKey(ctx, who, w.A, "a key") },
		"SiteKey":       func(who authz.Actor) error { _, err := s.SiteKey(ctx, who, w.A); return err },
		"AddRule":       func(who authz.Actor) error { _, _, err := s.AddRule(ctx, who, w.A, rule, nil); return err },
		"RemoveRule":    func(who authz.Actor) error { return s.RemoveRule(ctx, who, w.A, ruleOf()) },
		"RestoreRule": func(who authz.Actor) error {
			id := ruleOf()
			w.Must(s.RemoveRule(ctx, authz.Operator, w.A, id))
			return s.RestoreRule(ctx, who, w.A, id)
		},
		"ListTakedowns": func(who authz.Actor) error { _, _, err := s.ListTakedowns(ctx, who, w.A, "", 0); return err },
		"Withhold": func(who authz.Actor) error {
			_, _, err := s.Withhold(ctx, who, w.A, demand, nil)
			return err
		},
		"PreviewWithhold": func(who authz.Actor) error {
			_, err := s.PreviewWithhold(ctx, who, w.A, demand)
			return err
		},
		"Restore": func(who authz.Actor) error {
			out, _, err := s.Withhold(ctx, authz.Operator, w.A, demand, nil)
			w.Must(err)
			return s.Restore(ctx, who, w.A, out.ID, "A court has said so.")
		},
		"Blocks":   func(who authz.Actor) error { _, _, err := s.Blocks(ctx, who, w.A, "", 0); return err },
		"TryBlock": func(who authz.Actor) error { _, err := s.TryBlock(ctx, who, w.A, block); return err },
		"AddBlockAWhile": func(who authz.Actor) error {
			_, _, err := s.AddBlock(ctx, who, w.A, block, nil)
			return err
		},
		"AddBlock": func(who authz.Actor) error {
			_, _, err := s.AddBlock(ctx, who, w.A, rules.BlockDraft{Host: "for-ever.example"}, nil)
			return err
		},
		"AddNote": func(who authz.Actor) error {
			_, _, err := s.AddNote(ctx, who, w.A, reader.ID, "Wrote to us.", nil)
			return err
		},
		"RemoveNote": func(who authz.Actor) error { return s.RemoveNote(ctx, who, w.A, noteOf()) },
		"RestoreNote": func(who authz.Actor) error {
			id := noteOf()
			w.Must(s.RemoveNote(ctx, authz.Operator, w.A, id))
			return s.RestoreNote(ctx, who, w.A, id)
		},
		"RemoveBlock": func(who authz.Actor) error { return s.RemoveBlock(ctx, who, w.A, blockOf()) },
		"RestoreBlock": func(who authz.Actor) error {
			id := blockOf()
			w.Must(s.RemoveBlock(ctx, authz.Operator, w.A, id))
			return s.RestoreBlock(ctx, who, w.A, id)
		},
		"Forget": func(who authz.Actor) error { return s.Forget(ctx, who, w.A, withdrawn.ID) },
		"SetSite": func(who authz.Actor) error {
			name := "A name"
			_, err := s.SetSite(ctx, who, "a", map[string]string{"name": name})
			return err
		},
		"EndEditTokens": func(who authz.Actor) error {
			_, err := s.EndEditTokens(ctx, who, w.A, nil)
			return err
		},
		"AllowOrigin": func(who authz.Actor) error {
			_, err := s.AllowOrigin(ctx, who, "a", "https://www.a.example")
			return err
		},
		"OriginRequests": func(who authz.Actor) error { _, _, err := s.OriginRequests(ctx, who, w.A); return err },
		"LookAt":         func(who authz.Actor) error { return s.Presence.LookAt(ctx, who, w.A, "", 0) },
		"Leave":          func(who authz.Actor) error { return s.Presence.Leave(ctx, who, w.A) },
		"LookAtOfAny":    func(who authz.Actor) error { return s.Presence.LookAtOfAny(ctx, who, w.A, "", 0) },
		"LeaveAll":       func(who authz.Actor) error { return s.Presence.LeaveAll(ctx, who) },
		"PresentAnywhere": func(who authz.Actor) error {
			s.Presence.PresentAnywhere(ctx, who)
			return nil
		},
		"DismissOrigin": func(who authz.Actor) error {
			return s.DismissOrigin(ctx, who, w.A, "https://other.example")
		},
		"AddSite": func(who authz.Actor) error {
			_, _, err := s.AddSite(ctx, who, site.Site{Key: "new-" + fresh(), Name: "New",
				Origins: []string{"https://new.example"}}, nil)
			return err
		},
		"RemoveSite": func(who authz.Actor) error { return s.RemoveSite(ctx, who, "a") },
		"AddAccountHere": func(who authz.Actor) error {
			_, _, err := s.AddAccount(ctx, who, identity.NewAccount{Email: fresh() + "@new.example", Name: "New",
				Role: authz.Author, Sites: []string{"a"}})
			return err
		},
		"AddAccountAll": func(who authz.Actor) error {
			_, _, err := s.AddAccount(ctx, who, identity.NewAccount{Email: fresh() + "@new.example", Name: "New",
				Role: authz.Author})
			return err
		},
		"Invite": func(who authz.Actor) error {
			_, err := s.Invite(ctx, who, identity.NewAccount{Email: fresh() + "@new.example", Name: "New",
				Role: authz.Author, Sites: []string{"a"}}, "en")
			return err
		},
		"SetOther": func(who authz.Actor) error {
			name := "Another Name"
			_, err := s.SetAccount(ctx, who, other.Account.ID, identity.AccountChange{Name: &name})
			return err
		},
		"AddToken":        func(who authz.Actor) error { _, _, err := s.AddToken(ctx, who, identity.NewToken{}); return err },
		"Tokens":          func(who authz.Actor) error { _, err := s.Tokens(ctx, who); return err },
		"MySessions":      func(who authz.Actor) error { _, err := s.MySessions(ctx, who); return err },
		"LinkedProviders": func(who authz.Actor) error { _, err := s.LinkedProviders(ctx, who); return err },
		"CheckLink":       func(who authz.Actor) error { return s.CheckLink(ctx, who, "a password") },
		"LinkProvider": func(who authz.Actor) error {
			return s.LinkProvider(ctx, who, "Small", authz.ExternalIdentity{Issuer: "https://issuer.example", Subject: "s"})
		},
		"UnlinkProvider":   func(who authz.Actor) error { return s.UnlinkProvider(ctx, who, "https://issuer.example") },
		"Accounts":         func(who authz.Actor) error { _, err := s.Accounts(ctx, who); return err },
		"Sites":            func(who authz.Actor) error { _, err := s.Process.Sites(ctx, who); return err },
		"CheckOwner":       func(who authz.Actor) error { return s.CheckOwner(ctx, who, "a") },
		"TrainingProgress": func(who authz.Actor) error { _, err := s.TrainingProgress(ctx, who, w.A); return err },
		"Inspect":          func(who authz.Actor) error { _, err := s.Inspect(ctx, who, w.A, 5); return err },
		"CountQueues":      func(who authz.Actor) error { _, err := s.CountQueues(ctx, who, []site.Site{w.A}); return err },
		"SiteStats":        func(who authz.Actor) error { _, err := s.SiteStats(ctx, who, []site.Site{w.A}); return err },
		"Import": func(who authz.Actor) error {
			_, err := s.Import(ctx, who, w.A, transfer.Request{Format: "wordpress",
				Path: "../internal/transfer/testdata/blog.wxr.xml"})
			return err
		},
		"Export": func(who authz.Actor) error {
			return s.Export(ctx, who, w.A, transfer.ExportRequest{Format: "jsonl"}, io.Discard)
		},
		"AddUpload": func(who authz.Actor) error {
			_, err := s.AddUpload(who, w.A, "blog.xml", strings.NewReader("<rss/>"))
			return err
		},
		"CurrentUpload": func(who authz.Actor) error { _, _, err := s.CurrentUpload(who, w.A); return err },
		"Upload":        func(who authz.Actor) error { _, err := s.Upload(who, w.A, upload.ID); return err },
		"CheckUpload": func(who authz.Actor) error {
			return s.CheckUpload(who, w.A, upload.ID, transferupload.Options{Format: "wordpress"})
		},
		"ImportUpload": func(who authz.Actor) error {
			return s.ImportUpload(who, w.A, upload.ID, transferupload.Options{Format: "wordpress"})
		},
		"RemoveUpload": func(who authz.Actor) error { return s.RemoveUpload(who, w.A, upload.ID) },
		"Rebuild": func(who authz.Actor) error {
			_, err := s.Rebuild(ctx, who, w.A, func(uint64, uint64) {})
			return err
		},
		"Teachers": func(who authz.Actor) error { _, err := s.Teachers(ctx, who, w.A); return err },
		"OldLessons": func(who authz.Actor) error {
			_, err := s.OldLessons(ctx, who, w.A, w.Clock.Now().Add(-time.Hour))
			return err
		},
		"RetireLessons": func(who authz.Actor) error {
			_, err := s.RetireLessons(ctx, who, w.A, w.Clock.Now().Add(-time.Hour), nil)
			return err
		},
		"LessonsOf": func(who authz.Actor) error {
			_, err := s.LessonsOf(ctx, who, w.A, learning.DataSubject{Email: "ann@mail.example"})
			return err
		},
		"PreviewErasure": func(who authz.Actor) error {
			_, err := s.PreviewErasure(ctx, who, w.A, learning.DataSubject{Email: "ann@mail.example"})
			return err
		},
		"EraseDataSubject": func(who authz.Actor) error {
			_, err := s.EraseDataSubject(ctx, who, w.A, learning.DataSubject{Email: "ann@mail.example"}, nil)
			return err
		},
		"EraseLessons": func(who authz.Actor) error {
			_, err := s.EraseLessons(ctx, who, w.A, learning.DataSubject{Email: "ann@mail.example"}, nil)
			return err
		},
		"Webhooks": func(who authz.Actor) error { _, err := s.Webhooks(ctx, who, w.A); return err },
		"AddWebhook": func(who authz.Actor) error {
			_, _, _, err := s.AddWebhook(ctx, who, w.A, hook, nil)
			return err
		},
		"TestWebhook":      func(who authz.Actor) error { _, err := s.TestWebhook(ctx, who, w.A, hookOf()); return err },
		"RedeliverWebhook": func(who authz.Actor) error { _, err := s.RedeliverWebhook(ctx, who, w.A, hookOf()); return err },
		"SetWebhook": func(who authz.Actor) error {
			return s.SetWebhook(ctx, who, w.A, hookOf(), []string{webhook.Arrived})
		},
		"RemoveWebhook": func(who authz.Actor) error { return s.RemoveWebhook(ctx, who, w.A, hookOf()) },
		"RestoreWebhook": func(who authz.Actor) error {
			id := hookOf()
			w.Must(s.RemoveWebhook(ctx, authz.Operator, w.A, id))
			return s.RestoreWebhook(ctx, who, w.A, id)
		},
		"SiteForCheck": func(who authz.Actor) error { _, err := s.SiteForCheck(ctx, who, "https://a.example/"); return err },
		"CheckComment": func(who authz.Actor) error {
			_, err := s.CheckComment(ctx, who, w.A, spamcheck.Request{Body: "Asked about from elsewhere."})
			return err
		},
		"Teach": func(who authz.Actor) error {
			return s.Teach(ctx, who, w.A, spamcheck.Request{Body: "Taught from elsewhere."}, classifier.Ham)
		},
		"SiteForScore": func(who authz.Actor) error { _, err := s.SiteForScore(ctx, who, w.A.Key); return err },
		"Score": func(who authz.Actor) error {
			_, err := s.Score(ctx, who, w.A, spamcheck.Request{Body: "Asked about from elsewhere."})
			return err
		},
		"TeachOpinion": func(who authz.Actor) error {
			in := spamcheck.Request{Body: "Taught from elsewhere, with an opinion."}
			return s.TeachOpinion(ctx, who, w.A, in, spamcheck.Opinion{Other: 1})
		},
		"WithdrawLessons": func(who authz.Actor) error {
			_, err := s.WithdrawLessons(ctx, who, w.A, other.Account.ID, nil)
			return err
		},
		"CopyLessons": func(who authz.Actor) error { // needs rights on both sites
			_, err := s.CopyLessons(ctx, who, w.A, w.B.Key, nil)
			return err
		},
		"ResetAccount": func(who authz.Actor) error {
			_, err := s.ResetAccount(ctx, who, "other@staff.example")
			return err
		},
		"RemoveAccount": func(who authz.Actor) error {
			return s.RemoveAccount(ctx, who, w.AddStaff("gone"+fresh(), authz.Author, "a").Account.ID)
		},
		"SetToken": func(who authz.Actor) error {
			name := "A name"
			_, err := s.SetToken(ctx, who, w.AddToken("other@staff.example", authz.ScopeRead).Token, &name, nil, nil)
			return err
		},
		"RemoveToken": func(who authz.Actor) error {
			return s.RemoveToken(ctx, who, w.AddToken("other@staff.example", authz.ScopeRead).Token)
		},
		"EndSession": func(who authz.Actor) error { return s.EndSession(ctx, who, "none of theirs") },
	}
}

func TestRights_ForeignSiteIDsAreUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mod := w.AddStaff("mod", authz.Moderator, "a", "b")
	c := w.Submit(w.A, "A comment of site a.")
	batch := w.Decide(mod, w.A, comment.Approve, c.ID).Batch

	out, err := w.App.Decide(w.Ctx, mod, w.B, moderation.Choice{Action: comment.MarkSpam,
		Comments: []moderation.Ref{{ID: c.ID, Version: 2}}})
	w.Must(err)
	if out.Done != 0 || len(out.Conflicts) != 1 || out.Conflicts[0].Code != "comment.unknown" {
		t.Errorf("decide on a foreign comment: got %+v, want one conflict comment.unknown", out)
	}
	_, err = w.App.Undo(w.Ctx, mod, w.B, batch, nil)
	apptest.WantCode(t, "undo of a foreign batch", err, "batch.unknown")
	_, _, err = w.App.Item(w.Ctx, mod, w.B, c.ID)
	apptest.WantCode(t, "item", err, "comment.unknown")
	_, err = w.App.Reply(w.Ctx, mod, w.B, moderation.Ref{ID: c.ID}, "An answer.", nil)
	apptest.WantCode(t, "reply", err, "comment.unknown")
	_, err = w.App.SetPage(w.Ctx, mod, w.B, c.Page, sites.PageChange{})
	apptest.WantCode(t, "page", err, "page.unknown")
	_, _, err = w.App.Pages(w.Ctx, mod, w.B, c.Page, 0)
	apptest.WantCode(t, "pages after a foreign page", err, "cursor.invalid")
	if got := w.Comment(w.A, c.ID); got.State != comment.Approved || got.Version != 2 {
		t.Errorf("the comment changed: %v in version %d", got.State, got.Version)
	}
}
