package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/rules"
)

var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// written returns a comment with the derived fields that rules match.
func written(body string) comment.Comment {
	c := comment.Comment{ID: "c", Name: "Dana", Email: "dana@mail.reader.example", Website: "https://dana.example/blog",
		Writer: []byte("dana"), Address: []byte("street"), CreatedAt: now}
	c.Write(body)
	return c
}

func TestFind_EachKindOfRule(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rule rules.Rule
		body string
		want string // code of the signal; "": no match
	}{
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "The best CASINO!", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "微信"}, "加微信领红包", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "スマホ"}, "今すぐスマホで稼ぐ", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "หวย"}, "แทงหวยออนไลน์", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "app"}, "下载app吧", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "app"}, "下载apps吧", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "casinos", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "an Encasino", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "a casino2", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "(casino)", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "сasinо with two Cyrillic letters", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "ca\u200bsi\u00adno", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "casino"}, "ｃａｓｉｎｏ", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "half price"}, "at half\n  price now", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "half price"}, "half the price", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "c++"}, "I write C++.", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "c++"}, "abc++", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "промокод"}, "Мой ПРОМОКОД", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "промокод"}, "промокоды", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "промокод"}, "пpoмoкoд with Latin letters", "rule.words"},
		{rules.Rule{Kind: rules.KindWord, Words: "dana"}, "The name counts.", "rule.words"},
		{rules.Rule{Kind: rules.KindSubstring, Words: "press"}, "WordPress", "rule.words"},
		{rules.Rule{Kind: rules.KindSubstring, Words: "xx\nreader.example"}, "The e-mail counts.", "rule.words"},
		{rules.Rule{Kind: rules.KindSubstring, Words: "dana.example/blog"}, "The website counts.", "rule.words"},
		{rules.Rule{Kind: rules.KindSubstring, Words: "press"}, "words", ""},
		{rules.Rule{Kind: rules.KindPattern, Words: `t\.me/\w+`}, "see T.ME/abc", "rule.words"},
		{rules.Rule{Kind: rules.KindPattern, Words: `\bcasino\b`}, "сasinо, disguised", "rule.words"},
		{rules.Rule{Kind: rules.KindPattern, Words: `^casino`}, "no casino", ""},
		{rules.Rule{Kind: rules.KindLinks, Limit: 2}, "https://a.example https://b.example", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 2}, "https://a.example https://a.example", ""},
		{rules.Rule{Kind: rules.KindFirstLink}, "https://a.example", "rule.first_link"},
		{rules.Rule{Kind: rules.KindFirstLink}, "none", ""},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, `"https://a.example/x"`, "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "«https://a.example/x»", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "http://озеро.example/", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "www.озеро.рф", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "[https://a.example/x]", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "`https://a.example/x`", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "看https://a.example/x，谢谢", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "HTTPS://A.EXAMPLE", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 1}, "https://a\u200b.example/x", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 3}, "'https://a.example' ‘https://b.example’ 「https://c.example」", "rule.links"},
		{rules.Rule{Kind: rules.KindLinks, Limit: 2}, "http://озеро.example <http://озеро.example> (http://xn--e1aducj.example)", ""},
		{rules.Rule{Kind: rules.KindFirstLink}, "“https://a.example”", "rule.first_link"},
		{rules.Rule{Kind: rules.KindFirstLink}, "смотри:http://озеро.рф/қала", "rule.first_link"},
		{rules.Rule{Kind: rules.KindFirstTime}, "anything", "rule.first_time"},
		{rules.Rule{Kind: rules.KindScript, Words: "Cyrillic\nHan", Limit: 50}, "абвг abcd", "rule.script"},
		{rules.Rule{Kind: rules.KindScript, Words: "Cyrillic\nHan", Limit: 50}, "абв abcd", ""},
		{rules.Rule{Kind: rules.KindScript, Words: "Han", Limit: 1}, "12345", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino", Until: now}, "casino", ""},
		{rules.Rule{Kind: rules.KindWord, Words: "casino", Until: now.Add(time.Second)}, "casino", "rule.words"},
	} {
		tt.rule.ID, tt.rule.Action = "r1", rules.ActionHold
		found := rules.Compile([]rules.Rule{tt.rule}, nil).Find(written(tt.body), rules.Firsts{}, now)
		got := ""
		for _, s := range found.Signals {
			got += s.Code
			if s.Name != "rule" || s.Args["rule"] != "r1" || s.Weight != 0 || s.Text == "" {
				t.Errorf("%s in %q says %+v", tt.rule.Kind, tt.body, s)
			}
		}
		if got != tt.want || found.Suspected {
			t.Errorf("%s %q in %q: %q, suspected %v; want %q, false", tt.rule.Kind, tt.rule.Words, tt.body, got,
				found.Suspected, tt.want)
		}
	}
}

func TestFind_FirstLinkOfCommenter(t *testing.T) {
	t.Parallel()
	set := rules.Compile([]rules.Rule{{Kind: rules.KindFirstLink}, {Kind: rules.KindFirstTime}}, nil)
	before := now.Add(-time.Hour)
	for _, tt := range []struct {
		first rules.Firsts
		want  int
	}{
		{rules.Firsts{}, 2}, {rules.Firsts{Approved: before}, 1}, {rules.Firsts{Approved: before, Linked: before}, 0},
		{rules.Firsts{Approved: now, Linked: now}, 2}, // from this same comment
	} {
		if got := set.Find(written("https://a.example"), tt.first, now).Signals; len(got) != tt.want {
			t.Errorf("with %+v found %v, want %d", tt.first, got, tt.want)
		}
	}
}

func TestFind_SuspectRaisesHoldDoesNot(t *testing.T) {
	t.Parallel()
	for action, want := range map[rules.Action]struct {
		suspected bool
		action    comment.Action
	}{
		rules.ActionHold: {false, comment.Hold}, rules.ActionSuspect: {true, comment.MarkSpam},
	} {
		set := rules.Compile([]rules.Rule{{Kind: rules.KindWord, Words: "casino", Action: action}}, nil)
		c := written("A casino.")
		found := set.Find(c, rules.Firsts{}, now)
		sure := comment.Prediction{OK: true}
		sure.Warm, sure.Spam, sure.Logit = true, 0.01, -6
		v := comment.VerdictOf(c.Facts(comment.History{}, found), sure, 0.9)
		if found.Suspected != want.suspected || v.Action != want.action || v.Score >= 0.9 != want.suspected || !v.Held() {
			t.Errorf("%s: suspected %v, verdict %+v", action, found.Suspected, v)
		}
	}
}

func TestFind_Blocks(t *testing.T) {
	t.Parallel()
	hex := func(s string) string { return fmt.Sprintf("%x", s) }
	for _, tt := range []struct {
		block rules.Block
		body  string
		want  string
	}{
		{rules.Block{Kind: rules.BlockWriter, Value: hex("dana")}, "", "block.writer"},
		{rules.Block{Kind: rules.BlockWriter, Value: hex("other")}, "", ""},
		{rules.Block{Kind: rules.BlockAddress, Value: hex("street")}, "", "block.address"},
		{rules.Block{Kind: rules.BlockAddress, Value: hex("dana")}, "", ""},
		{rules.Block{Kind: rules.BlockDomain, Value: "reader.example"}, "", "block.email_domain"},
		{rules.Block{Kind: rules.BlockDomain, Value: "der.example"}, "", ""},
		{rules.Block{Kind: rules.BlockHost, Value: "dana.example"}, "", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "https://www.shop.example/x", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "https://shop.example.org", ""},
		{rules.Block{Kind: rules.BlockHost, Value: "xn--e1aybc.example"}, "[x](https://тест.example)", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "xn--e1aybc.example"}, "«http://ТЕСТ.example/қала»", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, `"https://www.shop.example/Алматы"`, "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "https://good.example@shop.example/", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "[good.example](https://shop.example./x)", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "[https://shop.example](https://good.example)", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "https://good.example,https://shop.example", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"},
			strings.Repeat("<https://good.example> ", 100) + "https://shop.example", "block.host"},
		{rules.Block{Kind: rules.BlockHost, Value: "shop.example"}, "https://shop.example谢谢", "block.host"},
		{rules.Block{Kind: rules.BlockWriter, Value: hex("dana"), Until: now}, "", ""},
	} {
		found := rules.Compile(nil, []rules.Block{tt.block}).Find(written("Hello "+tt.body), rules.Firsts{}, now)
		got := ""
		for _, s := range found.Signals {
			got += s.Code
		}
		if got != tt.want || found.Suspected != (tt.want != "") {
			t.Errorf("%+v of %q: %q, suspected %v; want %q", tt.block, tt.body, got, found.Suspected, tt.want)
		}
	}
}

func TestFind_TrustSkipsRulesNotBlocks(t *testing.T) {
	t.Parallel()
	trust := rules.Block{Kind: rules.BlockWriter, Value: fmt.Sprintf("%x", "dana"), Trust: true}
	set := rules.Compile([]rules.Rule{{Kind: rules.KindWord, Words: "casino", Action: rules.ActionSuspect}},
		[]rules.Block{trust, {Kind: rules.BlockHost, Value: "bad.example"}})
	c := written("A casino.")
	found := set.Find(c, rules.Firsts{}, now)
	if len(found.Signals) != 1 || found.Signals[0].Code != comment.TrustedCode || found.Suspected {
		t.Errorf("trusted: %+v", found)
	}
	if comment.VerdictOf(c.Facts(comment.History{}, found), comment.Prediction{}, 0.9).Held() {
		t.Error("a trusted writer is held by trust")
	}
	if found := set.Find(written("https://bad.example"), rules.Firsts{}, now); !found.Suspected {
		t.Errorf("trusted, with a blocked host: %+v", found)
	}
}

func TestFind_AtMostFiveSignals(t *testing.T) {
	t.Parallel()
	var many []rules.Rule
	for i := range 20 {
		many = append(many, rules.Rule{ID: fmt.Sprint(i), Kind: rules.KindSubstring, Words: "ca\nsino"})
	}
	found := rules.Compile(many, nil).Find(written(strings.Repeat("casino ", 1_400)), rules.Firsts{}, now)
	if len(found.Signals) != 5 {
		t.Errorf("%d signals", len(found.Signals))
	}
}
