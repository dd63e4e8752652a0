package moderation

import (
	"context"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// What a writer is told of a text: the few words that say most for a reason, as far as more than chance does.
const (
	mostLikelyWords = 5
	leastLikely     = 0.3 // nats
	leastSeen       = 2   // lessons
	likelySpam      = 0.5 // from which probability on a text is taken for spam
)

// A Likely is why a text may well be refused, and the words of it that speak most for that, as they were typed.
type Likely struct {
	Reason comment.Reason
	Words  []string
}

// Likely says why a text that is not sent yet may well be refused; nil: for nothing that the site's model knows, or can
// show in the text. Of spam it says nothing, whose writers would only learn from it.
func (s *Service) Likely(ctx context.Context, site site.Site, body string) *Likely {
	body, err := comment.CheckBody(body)
	if err != nil {
		return nil
	}
	c := comment.Comment{Site: site.ID, FormAge: -1}
	c.Write(body)
	judged := s.judge.Judge(ctx, c)
	if !judged.OK || judged.Warm && judged.Spam >= likelySpam {
		return nil
	}
	_, reasons := s.judge.Evidence(ctx, c)
	for _, r := range reasons { // likeliest first
		if words := tellingWords(c.Source, r.Evidence); len(words) > 0 {
			return &Likely{Reason: r.Reason, Words: words}
		}
	}
	return nil
}

// tellingWords are the words of a text that are evidence for a reason, the strongest first, each once.
func tellingWords(source string, evidence []classifier.Weight) (words []string) {
	typed := map[string]string{}
	for _, spot := range classifier.Spots(source) {
		if _, known := typed[spot.Token]; !known && spot.Token != "" {
			typed[spot.Token] = source[spot.From:spot.To]
		}
	}
	for _, w := range evidence { // strongest first
		word := typed[w.Token]
		if word == "" || w.Weight < leastLikely || w.Spam+w.Ham < leastSeen || slices.Contains(words, word) {
			continue
		}
		if words = append(words, word); len(words) == mostLikelyWords {
			break
		}
	}
	return words
}
