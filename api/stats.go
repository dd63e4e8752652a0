package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/aitys/aitys/api/web"
	"github.com/aitys/aitys/moderation/evaluation"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/site"
)

// statsOut is the quality of a site's model, measured on the site's decisions.
type statsOut struct {
	Suspect       float64           `json:"suspect"`
	Tally         tallyOut          `json:"tally"`
	Decisions     int               `json:"decisions"`
	Refused       int               `json:"refused"`
	Cold          int               `json:"cold"`
	Known         int               `json:"known"`
	Withdrawn     int               `json:"withdrawn"`
	Undone        int               `json:"undone"`
	Capped        bool              `json:"capped"`
	From          *web.Timestamp    `json:"from"`
	To            *web.Timestamp    `json:"to"`
	Filter        filterOut         `json:"filter"`
	Queue         cutOut            `json:"queue"`
	Disagreements []disagreementOut `json:"disagreements"`
	Weeks         []weekOut         `json:"weeks"`
	Reasons       map[string]int    `json:"reasons"`
}

type tallyOut struct {
	Ham    int  `json:"ham"`
	Spam   int  `json:"spam"`
	Enough bool `json:"enough"`
}

type filterOut struct {
	Spam  int        `json:"spam"`
	Ham   int        `json:"ham"`
	Brier float64    `json:"brier"`
	ECE   float64    `json:"ece"`
	Above float64    `json:"above"`
	ROC   []pointOut `json:"roc"`
	Bins  []binOut   `json:"bins"`
	Cuts  []cutOut   `json:"cuts"`
}

type pointOut struct {
	Lost   float64 `json:"lost"`
	Caught float64 `json:"caught"`
}

type binOut struct {
	From float64  `json:"from"`
	To   float64  `json:"to"`
	Mean float64  `json:"mean"`
	Spam shareOut `json:"spam"`
}

// shareOut is a proportion with its 95 % confidence interval.
type shareOut struct {
	Part  int     `json:"part"`
	Of    int     `json:"of"`
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

type cutOut struct {
	At        float64  `json:"at"`
	Caught    int      `json:"caught"`
	Missed    int      `json:"missed"`
	Lost      int      `json:"lost"`
	Passed    int      `json:"passed"`
	Precision shareOut `json:"precision"`
	Recall    shareOut `json:"recall"`
	HamLost   shareOut `json:"ham_lost"`
}

type disagreementOut struct {
	Comment string         `json:"comment"`
	Seq     uint64         `json:"seq"`
	Batch   string         `json:"batch"`
	Spam    float64        `json:"spam"`
	Score   float64        `json:"score"`
	Action  string         `json:"action"`
	By      *string        `json:"by"`
	At      *web.Timestamp `json:"at"`
}

type weekOut struct {
	From  *web.Timestamp `json:"from"`
	Brier float64        `json:"brier"`
	Cut   cutOut         `json:"cut"`
}

func (h *moderators) stats(c *web.Request) error {
	var req evaluation.QualityRequest
	if given := c.QueryParam("since"); given != "" {
		since, err := time.Parse(time.RFC3339, given)
		if err != nil {
			return problem.Query("since", "Send a time like 2026-11-20T09:00:00Z.")
		}
		req.Since = since
	}
	q, err := h.Evaluation.Quality(c.Request().Context(), c.Actor, c.Site, req)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, Stats(q))
}

// Stats returns a quality report for encoding as JSON. The API and the command use it.
func Stats(q evaluation.Report) any {
	out := statsOut{
		Suspect:       q.Suspect,
		Tally:         tally(q.Tally),
		Decisions:     q.Decisions,
		Refused:       q.Refused,
		Cold:          q.Cold,
		Known:         q.Known,
		Withdrawn:     q.Withdrawn,
		Undone:        q.Undone,
		Capped:        q.Capped,
		From:          web.At(q.From),
		To:            web.At(q.To),
		Filter:        filter(q.Filter),
		Queue:         cut(q.Queue),
		Disagreements: []disagreementOut{},
		Weeks:         []weekOut{},
		Reasons:       map[string]int{},
	}
	for _, d := range q.Disagreements {
		out.Disagreements = append(out.Disagreements, disagreementOut{
			Comment: d.Comment,
			Seq:     d.Seq,
			Batch:   d.Batch,
			Spam:    d.Spam,
			Score:   d.Score,
			Action:  d.Action.String(),
			By:      web.OrNull(d.By),
			At:      web.At(d.At),
		})
	}
	for _, w := range q.Weeks {
		out.Weeks = append(out.Weeks, weekOut{From: web.At(w.From), Brier: w.Brier, Cut: cut(w.Cut)})
	}
	for reason, n := range q.Reasons {
		out.Reasons[reason.String()] = n
	}
	return out
}

func tally(t evaluation.Tally) tallyOut {
	return tallyOut{Ham: t.Ham, Spam: t.Spam, Enough: t.Enough()}
}

func filter(q evaluation.Quality) filterOut {
	out := filterOut{
		Spam:  q.Spam,
		Ham:   q.Ham,
		Brier: q.Brier,
		ECE:   q.ECE,
		Above: q.AreaAbove,
		ROC:   []pointOut{},
		Bins:  []binOut{},
		Cuts:  []cutOut{},
	}
	for _, p := range q.ROC {
		out.ROC = append(out.ROC, pointOut{Lost: p.FalsePositiveRate, Caught: p.TruePositiveRate})
	}
	for _, b := range q.Bins {
		out.Bins = append(out.Bins, binOut{From: b.From, To: b.To, Mean: b.Mean, Spam: shareOut(b.Spam)})
	}
	for _, k := range q.Cuts {
		out.Cuts = append(out.Cuts, cut(k))
	}
	return out
}

func cut(k evaluation.Cut) cutOut {
	return cutOut{
		At:        k.At,
		Caught:    k.TruePositives,
		Missed:    k.FalseNegatives,
		Lost:      k.FalsePositives,
		Passed:    k.TrueNegatives,
		Precision: shareOut(k.Precision),
		Recall:    shareOut(k.Recall),
		HamLost:   shareOut(k.HamLost),
	}
}

// trialOut is the simulated result of a threshold and policy.
type trialOut struct {
	Moderation     string   `json:"moderation"`
	Threshold      float64  `json:"threshold"`
	Suspected      int      `json:"suspected"`
	SuspectedHam   groupOut `json:"suspected_ham"`
	MissedSpam     groupOut `json:"missed_spam"`
	Published      int      `json:"published"`
	PublishedWrong groupOut `json:"published_wrong"`
	Held           int      `json:"held"`
	HeldHam        groupOut `json:"held_ham"`
	Waiting        int      `json:"waiting"`
}

// groupOut is a group of comments: their number, and the ids of the newest ones.
type groupOut struct {
	N   int      `json:"n"`
	IDs []string `json:"ids"`
}

func group(s evaluation.Group) groupOut { return groupOut{N: s.N, IDs: web.List(s.IDs)} }

func trial(t evaluation.Trial) trialOut {
	return trialOut{
		Moderation:     policyName(t.Policy),
		Threshold:      t.Threshold,
		Suspected:      t.Suspected,
		SuspectedHam:   group(t.SuspectedHam),
		MissedSpam:     group(t.MissedSpam),
		Published:      t.Published,
		PublishedWrong: group(t.PublishedWrong),
		Held:           t.Held,
		HeldHam:        group(t.HeldHam),
		Waiting:        t.Waiting,
	}
}

func (h *moderators) whatIf(c *web.Request) error {
	req := evaluation.WhatIfRequest{Policy: site.Policy(c.QueryParam("moderation"))}
	if given := c.QueryParam("threshold"); given != "" {
		score, err := strconv.ParseFloat(given, 64)
		if err != nil {
			return problem.Query("threshold", "A score is a number like 0.75.")
		}
		req.Threshold = &score
	}
	if given := c.QueryParam("last"); given != "" {
		n, err := strconv.Atoi(given)
		if err != nil {
			return problem.Query("last", "Send a number of comments.")
		}
		req.Last = &n
	}
	w, err := h.Evaluation.WhatIf(c.Request().Context(), c.Actor, c.Site, req)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, WhatIf(w))
}

// WhatIf returns the simulated results of other settings for encoding as JSON. The API and the command use it.
func WhatIf(w evaluation.WhatIf) any {
	out := struct {
		Tally  tallyOut       `json:"tally"`
		Looked int            `json:"looked"`
		From   *web.Timestamp `json:"from"`
		To     *web.Timestamp `json:"to"`
		Now    trialOut       `json:"now"`
		Then   trialOut       `json:"then"`
		Shadow *trialOut      `json:"shadow"`
	}{Tally: tally(w.Tally), Looked: w.Compared, From: web.At(w.From), To: web.At(w.To), Now: trial(w.Now),
		Then: trial(w.Then)}
	if w.Shadow != nil {
		shadow := trial(*w.Shadow)
		out.Shadow = &shadow
	}
	return out
}
