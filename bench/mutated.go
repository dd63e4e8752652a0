package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The pending comments in a rehearsal of the queue: 400, of which 60 % are spam. Two thirds of the spam are copies.
const (
	taughtFirst = 500 // lessons
	loneHam     = 160
	loneSpam    = 80
	campaigns   = 25
	seedLetters = 50 // minimum letters in the text of a campaign
)

// campaignSizes lists the sizes of the campaigns: 160 copies in total.
var campaignSizes = func() (all []int) {
	for i := range campaigns {
		all = append(all, []int{5, 6, 5, 6, 10}[i%5])
	}
	return all
}()

// A pendingComment is a comment of the rehearsal. campaign is the number of its campaign, from 1; 0 means none.
type pendingComment struct {
	labelled
	campaign int
}

// splitSet divides a set into the lessons of the site and its pending comments. It skips repeated texts.
func splitSet(all []labelled, random *rand.Rand) (lessons []labelled, wait []pendingComment, err error) {
	seen := map[string]bool{}
	ham, spam, seeds := loneHam, loneSpam, 0
	for _, c := range all {
		text := strings.ToLower(strings.Join(strings.Fields(c.Text), " "))
		if c.Label != "ham" && c.Label != "spam" || seen[text] {
			continue
		}
		seen[text] = true
		switch {
		case len(lessons) < taughtFirst:
			lessons = append(lessons, c)
		case c.Label == "ham" && ham > 0:
			ham--
			wait = append(wait, pendingComment{c, 0})
		case c.Label == "spam" && seeds < campaigns && letters(c.Text) >= seedLetters && random.IntN(4) == 0:
			for range campaignSizes[seeds] {
				copied := labelled{Author: c.Author, Text: mutated(c.Text, random), Label: "spam"}
				wait = append(wait, pendingComment{copied, seeds + 1})
			}
			seeds++
		case c.Label == "spam" && spam > 0:
			spam--
			wait = append(wait, pendingComment{c, 0})
		}
	}
	if ham+spam > 0 || seeds < campaigns {
		return nil, nil, fmt.Errorf("the set is too small: it lacks %d ham, %d spam and %d campaigns", ham, spam,
			campaigns-seeds)
	}
	random.Shuffle(len(wait), func(i, j int) { wait[i], wait[j] = wait[j], wait[i] })
	return lessons, wait, nil
}

func letters(text string) (n int) {
	for _, r := range text {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}

var (
	greetings = map[bool][]string{
		true:  {"Привет! ", "Всем привет, ", "Добрый день. ", "Друзья! "},
		false: {"Hi! ", "Hello all, ", "Good day. ", "Friends! "},
	}
	tails     = []string{"!!", " 🔥", " 👍👍", " #1", " ...", " 💰💰💰", ")))"}
	lookAlike = map[rune]rune{'a': 'а', 'o': 'о', 'e': 'е', 'c': 'с', 'p': 'р',
		'а': 'a', 'о': 'o', 'е': 'e', 'с': 'c', 'р': 'p'}
)

// mutated returns a near-duplicate of a text, as spammers make them to evade filters: other digits; one word of twelve
// dropped, doubled, moved or spelled with look-alike letters; a greeting before it, and a tail after it.
func mutated(text string, random *rand.Rand) string {
	words := strings.Fields(digits(text, random))
	for range max(1, len(words)/12) {
		at := random.IntN(len(words))
		switch n := random.IntN(4); {
		case n == 0 && len(words) > 8:
			words = append(words[:at:at], words[at+1:]...)
		case n == 1:
			words = append(words[:at+1:at+1], words[at:]...)
		case n == 2 && at > 0:
			words[at-1], words[at] = words[at], words[at-1]
		case n == 3:
			words[at] = strings.Map(func(r rune) rune {
				if like, ok := lookAlike[r]; ok {
					return like
				}
				return r
			}, words[at])
		}
	}
	out := strings.Join(words, " ")
	if random.IntN(5) < 2 {
		first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }))
		some := greetings[unicode.Is(unicode.Cyrillic, first)]
		out = some[random.IntN(len(some))] + out
	}
	if random.IntN(2) == 0 {
		out += tails[random.IntN(len(tails))]
	}
	return out + fmt.Sprintf(" %d", 10+random.IntN(990)) // no two copies are the same
}

// digits replaces each run of digits with random digits, with a probability of one half.
func digits(text string, random *rand.Rand) string {
	changes, inside := false, false
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			inside = false
			return r
		}
		if !inside {
			inside, changes = true, random.IntN(2) == 0
		}
		if changes {
			return rune('0' + random.IntN(10))
		}
		return r
	}, text)
}
