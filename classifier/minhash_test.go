package classifier

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/classifier/table"
)

const offer = "Работа на дому без вложений, оплата каждый день, подробности в личных сообщениях https://one.example/a"

func fingerprint(text string) Fingerprint { return Read(Comment{Text: text}).Fingerprint() }

func TestFingerprint_FindsDisguisedDuplicates(t *testing.T) {
	for name, text := range map[string]string{
		"the same":          offer,
		"another case":      strings.ToUpper(offer),
		"other punctuation": strings.ReplaceAll(offer, ",", "!!"),
		"another link":      strings.ReplaceAll(offer, "one.example/a", "two.example/bonus?x=1"),
		"a word less":       strings.Replace(offer, "каждый ", "", 1),
		"a greeting":        "Добрый день! " + offer,
		"Latin letters":     strings.NewReplacer("а", "a", "о", "o", "е", "e", "р", "p").Replace(offer),
		"zero width":        strings.ReplaceAll(offer, "а", "а\u200b"),
		"accents":           strings.ReplaceAll(offer, "о", "о\u0301"),
		"digits":            "Р4б0т@ на дому без вложений, 0плата к4ждый день, п0др06н0сти в личных с006щениях",
		"spaces": "Р а б о т а на дому без в л о ж е н и й, оплата к а ж д ы й день, " +
			"подробности в л и ч н ы х сообщениях",
		"a mention":  "@user4365 hello! " + offer,
		"a negation": "Не " + offer,
		"other order": "Оплата каждый день, подробности в личных сообщениях https://one.example/a " +
			"работа на дому без вложений",
	} {
		a, b := fingerprint(offer), fingerprint(text)
		if !a.Duplicate(b) || !b.Duplicate(a) {
			t.Errorf("%s: similarity %.2f of %q, want a duplicate", name, a.Similarity(b), text)
		}
		meet := false
		for _, band := range a.Bands() {
			meet = meet || slices.Contains(b.Bands(), band)
		}
		if !meet {
			t.Errorf("%s: no band in common", name)
		}
	}
}

// Spam software replaces words in each copy, so that two copies have about two words in three in common.
func TestFingerprint_FindsSpintax(t *testing.T) {
	for name, copies := range map[string][2]string{
		"English": {
			"Dear visitors, our family workshop makes stone ovens for every garden, the delivery is cheap in spring, " +
				"and each buyer receives firewood and a cookbook, so write to the manager before Saturday evening.",
			"Good visitors, our little workshop builds stone ovens for any garden, the delivery is free in April, " +
				"and each client receives firewood and a brochure, so write to the manager before Saturday night.",
		},
		"Russian": {
			"Уважаемые соседи, наша семейная мастерская делает каменные печи для любого сада, доставка весной дешёвая, " +
				"каждый покупатель получает дрова и поваренную книгу, пишите управляющему до вечера субботы.",
			"Дорогие соседи, наша маленькая мастерская строит каменные печи для вашего сада, доставка весной бесплатная, " +
				"каждый клиент получает дрова и толстую книгу, пишите продавцу до вечера субботы.",
		},
	} {
		a, b := fingerprint(copies[0]), fingerprint(copies[1])
		if !a.Duplicate(b) || !b.Duplicate(a) {
			t.Errorf("%s: similarity %.2f, want a duplicate", name, a.Similarity(b))
		}
	}
}

func TestFingerprint_DistinguishesTexts(t *testing.T) {
	for _, text := range []string{
		"", "ок", "Статья хорошая, спасибо автору за подробности и за труд",
		"Работа на дому мне нравится больше, чем в конторе", "https://one.example/a", "!!!",
	} {
		if s := fingerprint(offer).Similarity(fingerprint(text)); s >= table.NearFrom {
			t.Errorf("%q: similarity %.2f", text, s)
		}
	}
	for _, pair := range [][2]string{{"спасибо большое", "спасибо большое!"}, {"👍", "👍"}} {
		if !fingerprint(pair[0]).Duplicate(fingerprint(pair[1])) {
			t.Errorf("%q and %q: the same short text is no duplicate", pair[0], pair[1])
		}
	}
	first, second := "Follow my channel https://one.example/a", "Follow my channel http://two.example"
	if !fingerprint(first).Duplicate(fingerprint(second)) {
		t.Error("the same short text with another link is no duplicate")
	}
	if fingerprint("Follow my channel https://one.example/a").Duplicate(fingerprint("Follow my channel")) {
		t.Error("a short text is a duplicate of itself with a link")
	}
	if fingerprint("спасибо большое").Duplicate(fingerprint("спасибо огромное")) ||
		fingerprint("👍").Duplicate(fingerprint("👎")) {
		t.Error("short texts that differ are duplicates")
	}
	if fingerprint("спасибо").Bands() != nil {
		t.Error("a short text has bands")
	}
}

// A shared word in two short texts must not count by chance as half of their minima.
func TestFingerprint_SharedWordIsNoDuplicate(t *testing.T) {
	offers := []string{"Listen to my songs, I have a video coming out, do subscribe",
		"Cheap flats are coming, write to me today for the price", "My film is coming out soon, come and watch it for free",
		"Our market is coming to town, coupons for all who write"}
	answers := []string{"Are you coming over on Wednesday?", "I am not coming to the reading today",
		"Winter is coming, and the roads are bad", "The bus was late coming home again",
		"She said the train is coming at nine", "I see what is coming, and I like it"}
	for _, offer := range offers {
		for _, answer := range answers {
			a, b := Read(Comment{Text: offer}).Fingerprint(), Read(Comment{Text: answer}).Fingerprint()
			if a.Duplicate(b) {
				t.Errorf("%q is nearly %q: %.2f", offer, answer, a.Similarity(b))
			}
		}
	}
}

func TestSketch_RulesOutNoDuplicate(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	far := 0
	for same := range len(Fingerprint{}.Minima) + 1 {
		for range 200 {
			var a, b Fingerprint
			for i, place := range random.Perm(len(a.Minima)) {
				a.Minima[place], b.Minima[place] = random.Uint32(), random.Uint32()
				if i < same {
					b.Minima[place] = a.Minima[place]
				}
			}
			a.Exact, a.Letters, b.Letters = 1, table.LongLetters, table.LongLetters
			most, ruledOut := a.Sketch().MaxShared(b.Sketch())
			if most < same {
				t.Fatalf("%d minima are the same, and the sketches say at most %d", same, most)
			}
			if ruledOut && a.Duplicate(b) {
				t.Fatalf("%d of %d minima are the same, and the sketches are far from one another", same, len(a.Minima))
			}
			if ruledOut {
				far++
			}
		}
	}
	if far == 0 {
		t.Error("no sketch is far from any other")
	}
}

// Different remarks about one quoted paragraph are no duplicates. The same remark is, whatever it quotes.
func TestFingerprint_IgnoresQuotedLines(t *testing.T) {
	const quote = "> The town wakes before the sun does, and the baker is the first to light his window.\n> Then the trams.\n\n"
	remarks := []string{
		"My grandfather told us the same about his village.", "Which street is this? I would like to walk there.",
		"The trams come at four now, since the new depot.", "And who bakes for the baker, I always wonder.",
		"I read this aloud to my children last night.",
	}
	for i, a := range remarks {
		f := FingerprintOf(Comment{Text: quote + a})
		if f != Read(Comment{Text: quote + a}).Fingerprint() {
			t.Errorf("%q has two fingerprints", a)
		}
		if !f.Duplicate(FingerprintOf(Comment{Text: a})) || !f.Duplicate(FingerprintOf(Comment{Text: "> Other words.\n\n" + a})) {
			t.Errorf("%q with another quote is no duplicate", a)
		}
		for _, b := range remarks[i+1:] {
			if f.Duplicate(FingerprintOf(Comment{Text: quote + b})) {
				t.Errorf("%q and %q are duplicates below one quote", a, b)
			}
		}
	}
	if !FingerprintOf(Comment{Text: quote}).Duplicate(FingerprintOf(Comment{Text: quote + "Yes!"})) {
		t.Error("a quote with hardly a word more is no duplicate of the quote")
	}
}
