package classifier

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// lessonsOf returns n separable lessons in two languages. A third is spam.
func lessonsOf(n int, seed uint64) []Lesson {
	r := rand.New(rand.NewPCG(seed, 1))
	ham := strings.Fields("the article was good thanks author думаю статья хорошая спасибо автору очень интересно " +
		"мақала жақсы рақмет I think you are wrong about chapter two because tests")
	spam := strings.Fields("buy cheap pills casino казино бонус выиграй now free money http://win.example/bonus " +
		"заработок без вложений пиши в лс @earn t.me/easy 100% guaranteed!!!")
	var out []Lesson
	for i := range n {
		label, words := Ham, ham
		switch {
		case r.IntN(3) == 0:
			label, words = Spam, spam
		case r.IntN(9) == 0:
			label = HateSpeech + Label(r.IntN(3))
		}
		var text []string
		for range 3 + r.IntN(20) {
			from := words
			if r.IntN(5) == 0 {
				from = slices.Concat(ham, spam)
			}
			text = append(text, from[r.IntN(len(from))])
		}
		out = append(out, Lesson{Seq: uint64(i + 1), Label: label, Comment: Comment{
			Text: strings.Join(text, " "), Author: fmt.Sprintf("reader %d", r.IntN(40)), Email: "a@mail.example",
		}})
	}
	return out
}

// learnEach returns a model that learned the lessons one by one.
func learnEach(lessons []Lesson) *Model {
	m := Fold(slices.Values([]Lesson(nil)))
	for _, l := range lessons {
		m.Learn(l)
	}
	return m
}

func TestJudge_ColdUntilSpamAndHamTaught(t *testing.T) {
	doc := Read(Comment{Text: "buy cheap pills http://win.example"})
	for _, tt := range []struct {
		name    string
		lessons []Lesson
		warm    bool
	}{
		{"nothing", nil, false},
		{"only spam", []Lesson{{Seq: 1, Label: Spam, Comment: Comment{Text: "buy cheap pills"}}}, false},
		{"only ham", []Lesson{{Seq: 1, Label: Ham, Comment: Comment{Text: "thank you"}}}, false},
		{"spam and an insult", []Lesson{{Seq: 1, Label: Spam, Comment: Comment{Text: "buy"}},
			{Seq: 2, Label: PersonalAttack, Comment: Comment{Text: "you fool"}}}, false},
		{"both", []Lesson{{Seq: 1, Label: Spam, Comment: Comment{Text: "buy cheap pills"}},
			{Seq: 2, Label: Ham, Comment: Comment{Text: "thank you"}}}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for how, m := range map[string]*Model{"fold": Fold(slices.Values(tt.lessons)), "learn": learnEach(tt.lessons)} {
				j := m.Judge(doc)
				if j.Warm != tt.warm {
					t.Errorf("%s: warm is %v, want %v", how, j.Warm, tt.warm)
				}
				if cold := j.Spam == 0.5; cold == tt.warm {
					t.Errorf("%s: judged %v, warm %v", how, j.Spam, j.Warm)
				}
				if got := m.Evidence(doc); !tt.warm && len(got) > 0 {
					t.Errorf("%s: evidence %v of a cold model", how, got)
				}
				if j.Seq != uint64(len(tt.lessons)) {
					t.Errorf("%s: seq %d after %d lessons", how, j.Seq, len(tt.lessons))
				}
			}
		})
	}
}

// A model that only knows ham has no probabilities. Its logit still ranks advertisements, and comments unlike the ham,
// higher.
func TestJudge_ColdModelRanks(t *testing.T) {
	advert := Read(Comment{Text: "Earn $500 a day! Write to http://win.example/bonus now"})
	stranger := Read(Comment{Text: "Quite another matter, which nobody has spoken of here"})
	known := Read(Comment{Text: "Thank you for the recipe of the oven bread, it rose well"})
	logit := func(m *Model, d Document) float64 { return m.Judge(d).Logit }
	var ham []Lesson
	for i, text := range []string{"thank you for the recipe", "the oven bread rose well", "my bread rose for an hour"} {
		ham = append(ham, Lesson{Seq: uint64(i + 1), Label: Ham, Comment: Comment{Text: text}})
	}
	for how, m := range map[string]*Model{"fold": Fold(slices.Values(ham)), "learn": learnEach(ham)} {
		if a, s, k := logit(m, advert), logit(m, stranger), logit(m, known); a <= s || s <= k {
			t.Errorf("%s: an advert %v, what nobody spoke of %v, what was approved %v", how, a, s, k)
		}
	}
	if m := learnEach(nil); logit(m, advert) <= logit(m, known) {
		t.Errorf("a model that was taught nothing: an advert %v, bread %v", logit(m, advert), logit(m, known))
	}
	spam := []Lesson{{Seq: 1, Label: Spam, Comment: Comment{Text: "quite another matter: cheap pills"}}}
	if m := learnEach(spam); logit(m, stranger) <= logit(m, known) {
		t.Errorf("only spam: like it %v, unlike it %v", logit(m, stranger), logit(m, known))
	}
}

func TestJudge_TwoLanguages(t *testing.T) {
	m := Fold(slices.Values(lessonsOf(300, 1)))
	for text, spam := range map[string]bool{
		"cheap pills, buy now http://win.example/bonus":  true,
		"заработок без вложений, казино бонус":           true,
		"заpaбoтoк бeз влoжeний, kaзинo бонус":           true, // with Latin letters
		"c a s i n o бонус, f r e e money":               true,
		"b\u200buy ch\u200beap p\u200bills ca\u0301sino": true,
		"𝐛𝐮𝐲 𝐜𝐡𝐞𝐚𝐩 𝐩𝐢𝐥𝐥𝐬 𝐜𝐚𝐬𝐢𝐧𝐨":                         true,
		"спасибо автору, очень интересно":                false,
		"thanks, I think the article was good":           false,
		"мақала жақсы, рақмет автору":                    false,
	} {
		if j := m.Judge(Read(Comment{Text: text})); (j.Spam > 0.5) != spam {
			t.Errorf("%q: spam with probability %.3f, want spam %v", text, j.Spam, spam)
		}
	}
}

func TestFold_SameBytesAsLearnAndRestore(t *testing.T) {
	for seed := range uint64(5) {
		lessons := lessonsOf(120, seed)
		want := Fold(slices.Values(lessons)).Bytes()
		if got := learnEach(lessons).Bytes(); !bytes.Equal(got, want) {
			t.Errorf("seed %d: %d bytes learned one by one differ from %d folded at once", seed, len(got), len(want))
		}
		half := Fold(slices.Values(lessons[:70]))
		restored, err := Restore(half.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lessons[70:] {
			half.Learn(l)
		}
		restored.Extend(slices.Values(lessons[70:]))
		if got := half.Bytes(); !bytes.Equal(got, want) {
			t.Errorf("seed %d: folded to 70 and then learned: other bytes", seed)
		}
		if got := restored.Bytes(); !bytes.Equal(got, want) {
			t.Errorf("seed %d: restored from a snapshot at 70 and then learned: other bytes", seed)
		}
	}
}

func TestModel_JudgeDuringLearn(t *testing.T) {
	lessons := lessonsOf(150, 3)
	m := Fold(slices.Values(lessons[:20]))
	docs := make([]Document, len(lessons))
	for i, l := range lessons {
		docs[i] = Read(l.Comment)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for n := range 4 {
		readers.Go(func() {
			var last uint64
			for i := n; ; i++ {
				j := m.Judge(docs[i%len(docs)])
				m.Evidence(docs[i%len(docs)])
				if j.Seq < last || !j.Warm || math.IsNaN(j.Spam) {
					t.Errorf("judged %+v after seq %d", j, last)
					return
				}
				last = j.Seq
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for n := 20; n < len(lessons); n += 1 + n%5 { // one to five at once
		m.Learn(lessons[n:min(len(lessons), n+1+n%5)]...)
	}
	close(done)
	readers.Wait()
	if got, want := m.Bytes(), Fold(slices.Values(lessons)).Bytes(); !bytes.Equal(got, want) {
		t.Error("a model that was read while it learned has other bytes than a fold")
	}
}

func TestEvidence_NamesTokensWithCounts(t *testing.T) {
	m := Fold(slices.Values([]Lesson{
		{Seq: 1, Label: Spam, Comment: Comment{Text: "Casino bonus https://www.win.example/a"}},
		{Seq: 2, Label: Ham, Comment: Comment{Text: "a kind word"}},
		{Seq: 3, Label: Spam, Comment: Comment{Text: "CASINO http://win.example/"}},
	}))
	got := map[string]Weight{}
	for _, w := range m.Evidence(Read(Comment{Text: "casino at http://win.example"})) {
		got[w.Token] = w
	}
	for _, want := range []struct {
		token     string
		spam, ham int
	}{{"word:casino", 2, 0}, {"domain:win.example", 2, 0}, {"trait:links=1", 2, 0}} {
		w := got[want.token]
		if w.Spam != want.spam || w.Ham != want.ham || w.Weight <= 0 {
			t.Errorf("%s: %+v, want it seen in %d spam and %d ham, and a weight above 0 (of %v)", want.token, w, want.spam,
				want.ham, got)
		}
	}
}

func TestJudge_ReasonsAreIndependent(t *testing.T) {
	lessons := []Lesson{{Seq: 1, Label: Ham, Comment: Comment{Text: "a kind word for the author"}}}
	insult := Read(Comment{Text: "you stupid fool"})
	if j := Fold(slices.Values(lessons)).Judge(insult); j.Reasons != [3]float64{} {
		t.Errorf("untaught reasons %v, want zeros", j.Reasons)
	}
	lessons = append(lessons, Lesson{Seq: 2, Label: PersonalAttack, Comment: Comment{Text: "what a stupid fool you are"}})
	j := Fold(slices.Values(lessons)).Judge(insult)
	if j.Reasons[0] != 0 || j.Reasons[1] != 0 || j.Reasons[2] <= 0.5 {
		t.Errorf("reasons %v, want only the personal attack", j.Reasons)
	}
	m := Fold(slices.Values(lessons))
	if got := m.EvidenceOf(insult, PersonalAttack); len(got) == 0 || got[0].Weight <= 0 || got[0].Spam != 1 {
		t.Errorf("evidence of a personal attack: %+v", got)
	}
	if got := m.EvidenceOf(insult, Obscenity); got != nil {
		t.Errorf("evidence of an untaught reason: %+v", got)
	}
	if j.Warm || j.Spam != 0.5 {
		t.Errorf("an insult warmed the spam model: %+v", j)
	}
}

// The buffer of a snapshot does not grow, which would copy a large model several times.
func TestBytes_AllocatesOnce(t *testing.T) {
	m := Fold(slices.Values(lessonsOf(2000, 7)))
	size := uint64(len(m.Bytes()))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	m.Bytes()
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > size+size/8 {
		t.Errorf("%d bytes took %d", size, took)
	}
}

func TestRestore_RejectsDamage(t *testing.T) {
	whole := Fold(slices.Values(lessonsOf(4, 9))).Bytes()
	if _, err := Restore(whole); err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		bent := bytes.Clone(whole)
		bent[i] ^= 0x40
		if _, err := Restore(bent); err == nil {
			t.Fatalf("byte %d of %d changed: not refused", i, len(whole))
		}
		if _, err := Restore(whole[:i]); err == nil {
			t.Fatalf("cut to %d of %d bytes: not refused", i, len(whole))
		}
	}
}

func TestLearn_EmptyLessonTeachesNothing(t *testing.T) {
	lessons := []Lesson{
		{Seq: 1, Label: Spam, Comment: Comment{Text: "buy cheap pills now"}},
		{Seq: 2, Label: Ham, Comment: Comment{Text: "thank you"}},
		{Seq: 3, Label: PersonalAttack, Comment: Comment{Text: "you fool"}},
	}
	d := Read(Comment{Text: "hello there friend"})
	before := Fold(slices.Values(lessons)).Judge(d)
	after := Fold(slices.Values(append(lessons, Lesson{Seq: 4, Label: Ham}))).Judge(d)
	if before.Spam != after.Spam || before.Reasons != after.Reasons {
		t.Errorf("an empty lesson changes %+v to %+v", before, after)
	}
	if before.Spam < 0.01 || before.Spam > 0.99 {
		t.Errorf("three lessons make sure of unknown words: %v", before.Spam)
	}
}

// A model of another tokeniser version judges until the lessons are folded again.
func TestRestoreFormer_Judges(t *testing.T) {
	m := Fold(slices.Values(lessonsOf(60, 3)))
	b := m.Bytes()
	if _, err := RestoreFormer(b); err == nil {
		t.Error("a snapshot of this tokeniser passes for a former one")
	}
	b[len(snapshotMagic)+2]++
	if _, err := RestoreFormer(b); err == nil {
		t.Error("a changed snapshot was not refused")
	}
	sum := sha256.Sum256(b[:len(b)-sha256.Size])
	copy(b[len(b)-sha256.Size:], sum[:])
	if _, err := Restore(b); err == nil {
		t.Error("a snapshot of another tokeniser was taken as one of this")
	}
	former, err := RestoreFormer(b)
	if err != nil {
		t.Fatal(err)
	}
	if d := Read(lessonsOf(61, 3)[60].Comment); former.Judge(d) != m.Judge(d) {
		t.Errorf("it judges %+v, want %+v", former.Judge(d), m.Judge(d))
	}
}
