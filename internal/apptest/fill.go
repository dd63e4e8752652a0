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

// AddComments adds n pending comments to a page in one transaction and returns their IDs.
func (w *Env) AddComments(site site.Site, n int) []string {
	w.T.Helper()
	return w.addCopies(w.Submit(site, "The first of very many."), n, func(int, *comment.Comment) {})
}

// addCopies adds n copies of a comment to its page in one transaction and returns their IDs. change edits the i-th copy.
func (w *Env) addCopies(first comment.Comment, n int, change func(i int, c *comment.Comment)) []string {
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

// AddScored adds a pending comment with a verdict of a warm model, and returns its ID.
func (w *Env) AddScored(site site.Site, spam, score float64) string {
	w.T.Helper()
	return w.AddVerdicts(site, comment.Verdict{Spam: spam, Score: score, Warm: true})[0]
}

// AddVerdicts adds a pending comment with each verdict and returns their IDs.
func (w *Env) AddVerdicts(site site.Site, verdicts ...comment.Verdict) []string {
	w.T.Helper()
	first := w.Submit(site, "A comment that others are like.")
	return w.addCopies(first, len(verdicts), func(i int, c *comment.Comment) {
		c.Verdict, c.Source = verdicts[i], fmt.Sprintf("Comment %d of which something was said.", i)
	})
}

// AddTexts adds pending comments with texts to a site's first page and returns their IDs. Fifty readers write them,
// each with a canary word of their own; see Reader. Every third e-mail address is in capitals.
func (w *Env) AddTexts(site site.Site, texts []string) []string {
	w.T.Helper()
	return w.addCopies(w.Submit(site, "The first of many."), len(texts), func(i int, c *comment.Comment) {
		email, canary := Reader(i)
		if i%3 == 0 {
			email = strings.ToUpper(email)
		}
		c.Source, c.Name, c.Email = texts[i]+" "+canary, fmt.Sprint("Reader ", i%50), email
	})
}

// Train adds comments to a page of their own, decides ham comments as ham and spam comments as spam, and trains the
// filter. A site needs such decisions before its filter may act.
func (w *Env) Train(site site.Site, ham, spam int) {
	w.T.Helper()
	w.Commenters++
	out, err := w.App.Submit(w.Ctx, site, moderation.Submission{
		PageURL: "https://" + site.Key + ".example/school", Name: "Teacher",
		Body: fmt.Sprintf("The first of class %d.", w.Commenters),
	})
	w.Must(err)
	first := w.Comment(site, out.ID)
	others := w.addCopies(first, ham+spam-1, func(i int, c *comment.Comment) {
		i++ // the first is i = 0
		c.State, c.Shown = comment.Pending, false
		if c.Source = fmt.Sprintf("The tomatoes grew well, thank you: %s.", RandomWords(i)); i >= ham {
			c.Source = fmt.Sprintf("Cheap pills, order now at our casino, %s!", RandomWords(i))
		}
	})
	ids := append([]string{first.ID}, others...)
	const turns = 10 // alternate ham and spam: a filter is only evaluated after both
	for turn := range turns {
		for kind, all := range [][]string{ids[:ham], ids[ham:]} {
			part := all[turn*len(all)/turns : (turn+1)*len(all)/turns]
			for some := range slices.Chunk(part, 1_000) {
				w.Decide(authz.Operator, site, []comment.Action{comment.Approve, comment.MarkSpam}[kind], some...)
			}
		}
	}
	w.Must(w.App.Learn(w.Ctx, site))
}

// DecideTexts adds n random comments and marks half as spam. It returns the batches of the decisions, oldest
// first.
func (w *Env) DecideTexts(site site.Site, n int) (batches []string) {
	w.T.Helper()
	ids := w.AddTexts(site, RandomTexts(n, rand.New(rand.NewPCG(5, uint64(site.ID)))))
	for part := range slices.Chunk(ids, 100) {
		for half, some := range slices.Collect(slices.Chunk(part, (len(part)+1)/2)) {
			action := []comment.Action{comment.Approve, comment.MarkSpam}[half]
			batches = append(batches, w.Decide(authz.Operator, site, action, some...).Batch)
			w.Must(w.App.Learn(w.Ctx, site))
			w.Clock.Add(time.Minute) // as between decisions of a moderator; also lets snapshots become due
		}
	}
	return batches
}

// Warm trains a site's model with n comments of ham and n of spam.
func (w *Env) Warm(site site.Site, n int) {
	w.T.Helper()
	// No two texts are near-duplicates, which would count as one lesson.
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
	w.Must(w.App.Learn(w.Ctx, site))
}

// RandomWords returns eight pseudo-random words that differ for each i. Copies of one text would train the filter only
// once.
func RandomWords(i int) string {
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

// RandomTexts returns n random texts from a small vocabulary, so that models can learn from them.
func RandomTexts(n int, rnd *rand.Rand) []string {
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

// Reader returns the e-mail address of the i-th of fifty readers and a canary word that only this reader uses. The word
// has no letter three times in a row, because the filter reads that as two.
func Reader(i int) (email, canary string) {
	i %= 50
	return fmt.Sprintf("reader%d@mail.example", i), "siskin" + string(rune('b'+i%10)) + string(rune('m'+i/10))
}
