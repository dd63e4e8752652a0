package classifier

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// Chinese has no spaces. Comments share runs of two characters.
func TestModel_LearnsChinese(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	say := func(all string) Comment {
		words := strings.Fields(all)
		var said strings.Builder
		for range 7 {
			said.WriteString(words[rng.IntN(len(words))])
		}
		return Comment{Text: said.String()}
	}
	spam := func() Comment {
		return say("微信 红包 免费 兼职 日结 赚钱 加群 代开 发票 贷款 返利 刷单")
	}
	ham := func() Comment {
		return say("文章 作者 谢谢 同意 观点 有趣 问题 历史 朋友 昨天 读完 道理")
	}
	var lessons []Lesson
	for i := range 20 {
		lessons = append(lessons, Lesson{Seq: uint64(2*i + 1), Label: Ham, Comment: ham()},
			Lesson{Seq: uint64(2*i + 2), Label: Spam, Comment: spam()})
	}
	m := Fold(slices.Values(lessons))
	lowest, highest := 1.0, 0.0
	for range 20 {
		lowest = min(lowest, m.Judge(Read(spam())).Spam)
		highest = max(highest, m.Judge(Read(ham())).Spam)
	}
	if lowest < 0.8 || highest > 0.2 {
		t.Errorf("of 20 new comments of either kind spam is %.2f or more, want 0.8, and ham %.2f at most, want 0.2",
			lowest, highest)
	}
}

func TestRead_IdeographsAndSyllables(t *testing.T) {
	said := map[kind][]string{}
	d := Read(Comment{Text: "加微信领红包abc 카톡으로 привет"})
	for _, k := range d.tokens {
		said[k.kind] = append(said[k.kind], d.text[k.off:k.off+uint32(k.size)])
	}
	if got := strings.Join(said[kindWord], "|"); got != "加|微|信|领|红|包|abc|카톡으로|привет" {
		t.Errorf("words %s", got)
	}
	for _, want := range []string{"카톡", "톡으", "으로", "прив", "ивет"} {
		if !slices.Contains(said[kindGram], want) {
			t.Errorf("runs %q, want %s among them", said[kindGram], want)
		}
	}
	m := foldComments(Ham, []Comment{{Text: "谢谢作者的文章"}, {Text: "同意这个观点"}},
		Spam, []Comment{{Text: "加微信领红包"}, {Text: "微信兼职日结"}})
	if found := m.Evidence(Read(Comment{Text: "微信"})); len(found) != 1 || found[0].Token != "words:微 信" {
		t.Errorf("evidence %+v, want the two characters together, and neither by itself", found)
	}
}

func TestSpans_InvisibleBetweenIdeographs(t *testing.T) {
	for text, want := range map[string]Span{
		"加\u200b微信":  {From: 0, To: 6, Token: "word:加", Disguises: []Disguise{{At: 3, Rune: 0x200B}}},
		"加\u200bapp": {From: 0, To: 6, Token: "word:加", Disguises: []Disguise{{At: 3, Rune: 0x200B}}},
		"app\u200b加": {From: 0, To: 6, Token: "word:app", Disguises: []Disguise{{At: 3, Rune: 0x200B}}},
		"微信\u200b":   {From: 0, To: 3, Token: "word:微"},
	} {
		if got := Spans(text)[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("%q begins with %+v, want %+v", text, got, want)
		}
	}
}

func TestFingerprint_FewIdeographs(t *testing.T) {
	const ad = "加微信领红包，每天免费领五十元，名额有限"
	other := FingerprintOf(Comment{Text: "谢谢作者写的这篇文章，昨天读完觉得很有道理"})
	for _, copied := range []string{"加微信领红包，每天免费领八十元，名额有限", "快加微信领红包，每天免费领五十元，名额有限哦",
		"加微信领红包 每天免费领五十元"} {
		f := FingerprintOf(Comment{Text: copied})
		if !f.Duplicate(FingerprintOf(Comment{Text: ad})) {
			t.Errorf("%s is no duplicate of %s", copied, ad)
		}
		if f.Duplicate(other) {
			t.Errorf("%s is a duplicate of another text", copied)
		}
	}
}
