package apptest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation"
	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// Fill puts n waiting comments on a page in one transaction, and returns their ids.
func (w *World) Fill(site site.Site, n int) []string {
	w.T.Helper()
	return w.copies(w.Submit(site, "The first of very many."), n, func(int, *comment.Comment) {})
}

// copies puts n comments like a first one beside it in one transaction, and returns their ids. change makes the
// i-th another one than the first.
func (w *World) copies(first comment.Comment, n int, change func(i int, c *comment.Comment)) []string {
	w.T.Helper()
	ids := make([]string, n)
	w.Must(w.DB.Update(w.Ctx, func(tx store.Tx) error {
		for i := range ids {
			c := first
			ids[i] = uuid.NewString()
			c.ID, c.Same, c.Path = ids[i], nil, fmt.Sprintf("%016d", i)
			change(i, &c)
			if _, _, err := tx.InsertComment(c); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

// Said puts a waiting comment on a site's page, of which a filter said what is given.
func (w *World) Said(site site.Site, spam, score float64) string {
	w.T.Helper()
	return w.SaidAll(site, comment.Verdict{Spam: spam, Score: score, Warm: true})[0]
}

func (w *World) SaidAll(site site.Site, verdicts ...comment.Verdict) []string {
	w.T.Helper()
	first := w.Submit(site, "A comment that others are like.")
	return w.copies(first, len(verdicts), func(i int, c *comment.Comment) {
		c.Verdict, c.Source = verdicts[i], fmt.Sprintf("Comment %d of which something was said.", i)
	})
}

// Waiting puts comments with texts on a site's first page, and returns their ids. Each is of a
// reader who uses their own word, and writes their e-mail in capitals now and then.
func (w *World) Waiting(site site.Site, texts []string) []string {
	w.T.Helper()
	return w.copies(w.Submit(site, "The first of many."), len(texts), func(i int, c *comment.Comment) {
		email, canary := Reader(i)
		if i%3 == 0 {
			email = strings.ToUpper(email)
		}
		c.Source, c.Name, c.Email = texts[i]+" "+canary, fmt.Sprint("Reader ", i%50), email
	})
}

// Schooled decides comments of a page of their own, and has the filter learn them: what a site
// needs before its filter may act.
func (w *World) Schooled(site site.Site, ham, spam int) {
	w.T.Helper()
	w.Posts++
	out, err := w.S.Submit(w.Ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/school", Name: "Teacher",
		Body: fmt.Sprintf("The first of class %d.", w.Posts),
	})
	w.Must(err)
	first := w.Comment(site, out.ID)
	others := w.copies(first, ham+spam-1, func(i int, c *comment.Comment) {
		i++ // after the first
		c.State, c.Shown = comment.Pending, false
		if c.Source = fmt.Sprintf("The tomatoes grew well, thank you: %s.", Chatter(i)); i >= ham {
			c.Source = fmt.Sprintf("Cheap pills, order now at our casino, %s!", Chatter(i))
		}
	})
	ids := append([]string{first.ID}, others...)
	const turns = 10 // a filter must meet both kinds to be tried
	for turn := range turns {
		for kind, all := range [][]string{ids[:ham], ids[ham:]} {
			part := all[turn*len(all)/turns : (turn+1)*len(all)/turns]
			for some := range slices.Chunk(part, 1_000) {
				w.Decide(authz.Operator, site, []comment.Action{comment.Approve, comment.MarkSpam}[kind], some...)
			}
		}
	}
	w.Must(w.S.Learn(w.Ctx, site))
}

// Taught has a site decide n comments, half of them spam, and returns the batches of the newest.
func (w *World) Taught(site site.Site, n int) (batches []string) {
	w.T.Helper()
	ids := w.Waiting(site, Texts(n, rand.New(rand.NewPCG(5, uint64(site.ID)))))
	for part := range slices.Chunk(ids, 100) {
		for half, some := range slices.Collect(slices.Chunk(part, (len(part)+1)/2)) {
			action := []comment.Action{comment.Approve, comment.MarkSpam}[half]
			batches = append(batches, w.Decide(authz.Operator, site, action, some...).Batch)
			w.Must(w.S.Learn(w.Ctx, site))
			w.Clock.Add(time.Minute) // moderators take their time, and snapshots theirs
		}
	}
	return batches
}

// Warm teaches a site's model ham and spam, n of each.
func (w *World) Warm(site site.Site, n int) {
	w.T.Helper()
	// No two of them nearly the same: that would be one lesson.
	goods := strings.Fields("cheap pills order now casino best price bonus loans watches followers slots credit " +
		"win free replica discount")
	plants := strings.Fields("tomatoes grew well thank you recipe garden carrots soil apples beans roses onions " +
		"rain lovely pumpkins kitchen")
	pick := func(from []string, i int) string {
		var some []string
		for j := range 8 {
			some = append(some, from[(i*i+3*i*j+5*j)%len(from)])
		}
		return strings.Join(some, " ")
	}
	for i := range n {
		ham := w.Submit(site, pick(plants, i))
		spam := w.Submit(site, pick(goods, i))
		w.Decide(authz.Operator, site, comment.Approve, ham.ID)
		w.Decide(authz.Operator, site, comment.MarkSpam, spam.ID)
	}
	w.Must(w.S.Learn(w.Ctx, site))
}

// Chatter is different for each i: copies of one text would teach the filter once.
func Chatter(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 7))
	var words []string
	for range 8 {
		word := make([]byte, 4+r.IntN(4))
		for n := range word {
			word[n] = "bcdfghklmnprstvz"[r.IntN(16)]
			if n%2 == 1 {
				word[n] = "aeiou"[r.IntN(5)]
			}
		}
		words = append(words, string(word))
	}
	return strings.Join(words, " ")
}

// Texts makes n texts that share words, so that models of them have something to learn.
func Texts(n int, rnd *rand.Rand) []string {
	words := strings.Fields(`pills casino cheap order best price tomatoes recipe thank you garden red lovely idiot hate
		bread oven flour morning coffee читать книга спасибо дешево заказ кітап рахмет нан таң жақсы win bonus now free`)
	all := make([]string, n)
	for i := range all {
		var text []string
		for range 4 + rnd.IntN(16) {
			text = append(text, words[rnd.IntN(len(words))])
		}
		all[i] = fmt.Sprintf("%s %d", strings.Join(text, " "), i)
	}
	return all
}

// Reader is the i-th of fifty writers of comments: an e-mail, and a word that only they use. It has no letter three
// times in a row, which the filter reads as two.
func Reader(i int) (email, canary string) {
	i %= 50
	return fmt.Sprintf("reader%d@mail.example", i), "siskin" + string(rune('b'+i%10)) + string(rune('m'+i/10))
}
