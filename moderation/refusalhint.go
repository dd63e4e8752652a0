package moderation

import (
	"context"
	"slices"

	"github.com/aitys/aitys/classifier"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// Limits of what commenters see about their text: the few words with the strongest evidence for a reason, excluding
// chance evidence.
const (
	maxHintWords   = 5
	minHintWeight  = 0.3 // minimum weight of a word, in nats
	minHintLessons = 2   // lessons that contain the word
	likelySpam     = 0.5 // probability from which a text counts as spam
)

// A RefusalHint is a reason for which a text may be refused, and its words with the strongest evidence for that, as
// typed.
type RefusalHint struct {
	Reason comment.Reason
	Words  []string
}

// RefusalHint returns a reason for which an unsent text may be refused, or nil if the site's model knows no reason or
// cannot point to words. It returns nil for likely spam, because a hint would help spammers.
func (s *Service) RefusalHint(ctx context.Context, site site.Site, body string) *RefusalHint {
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
	for _, r := range reasons { // most likely first
		if words := evidenceWords(c.Source, r.Evidence); len(words) > 0 {
			return &RefusalHint{Reason: r.Reason, Words: words}
		}
	}
	return nil
}

// evidenceWords returns the distinct words of a text that are evidence for a reason, strongest first.
func evidenceWords(source string, evidence []classifier.Weight) (words []string) {
	typed := map[string]string{}
	for _, spot := range classifier.Spans(source) {
		if _, known := typed[spot.Token]; !known && spot.Token != "" {
			typed[spot.Token] = source[spot.From:spot.To]
		}
	}
	for _, w := range evidence { // strongest first
		word := typed[w.Token]
		if word == "" || w.Weight < minHintWeight || w.Spam+w.Ham < minHintLessons || slices.Contains(words, word) {
			continue
		}
		if words = append(words, word); len(words) == maxHintWords {
			break
		}
	}
	return words
}
