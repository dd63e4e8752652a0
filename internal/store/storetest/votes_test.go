package storetest

import (
	"reflect"
	"time"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/vote"
)

var voteRules = []rule{
	{"a voter votes once for a comment, and withdraws the vote once", votesOnce},
	{"votes are shown after they are counted, on the pages where they changed", votesAreShown},
	{"voters are forgotten, and their votes stay", votersAreForgotten},
	{"votes are counted in total and by network", votesAreCounted},
}

func (w *env) vote(c comment.Comment, voter string, at time.Time) vote.Vote {
	return vote.Vote{Site: c.Site, Comment: c.ID, Voter: []byte(voter), At: at}
}

func votesOnce(w *env) {
	c := w.comment(in(comment.Approved))
	v := w.vote(c, "one voter", began)
	for i, step := range []struct {
		take, want bool
	}{{true, false}, {false, true}, {false, false}, {true, true}, {true, false}, {false, true}} {
		w.update(func(tx store.Tx) error {
			do := tx.CastVote
			if step.take {
				do = tx.DeleteVote
			}
			if got, err := do(v); got != step.want || err != nil {
				w.Errorf("step %d: changed %v, %v, want %v", i, got, err, step.want)
			}
			return nil
		})
	}
}

// shows returns the vote counts of comments as shown.
func (w *env) shows(all ...comment.Comment) (votes []int) {
	w.view(func(tx store.Tx) error {
		for _, c := range all {
			got, err := tx.CommentByID(c.Site, c.ID)
			if err != nil {
				return err
			}
			votes = append(votes, got.Votes)
		}
		return nil
	})
	return votes
}

func votesAreShown(w *env) {
	a, b, quiet := w.comment(in(comment.Approved)), w.comment(in(comment.Approved)), w.comment(in(comment.Approved))
	w.update(func(tx store.Tx) error {
		for _, v := range []vote.Vote{
			w.vote(a, "x", began), w.vote(a, "y", began), w.vote(b, "x", began.Add(time.Minute)),
			w.vote(quiet, "x", began.Add(-time.Hour)),
		} {
			if _, err := tx.CastVote(v); err != nil {
				return err
			}
		}
		return nil
	})
	if got := w.shows(a, b); !reflect.DeepEqual(got, []int{0, 0}) {
		w.Errorf("before they are gathered %v are shown", got)
	}
	w.update(func(tx store.Tx) error {
		voted, err := tx.ChangedVotes(began, 100)
		if err != nil {
			return err
		}
		var of []string
		for _, v := range voted {
			if v.Site == w.site.ID {
				of = append(of, v.Comment)
			}
		}
		if !reflect.DeepEqual(of, []string{a.ID, a.ID, b.ID}) {
			w.Errorf("votes changed for %v, want those for %s, twice, and %s", of, a.ID, b.ID)
		}
		for _, want := range [][]string{{w.page.ID}, nil} { // the second call changes nothing
			pages, err := tx.PublishVotes(w.site.ID, []string{a.ID, b.ID})
			if err != nil || len(pages) != len(want) || len(want) == 1 && pages[0] != want[0] {
				w.Errorf("shown on %v, %v, want %v", pages, err, want)
			}
		}
		return nil
	})
	if got := w.shows(a, b, quiet); !reflect.DeepEqual(got, []int{2, 1, 0}) {
		w.Errorf("%v are shown, want 2, 1 and 0", got)
	}
	w.update(func(tx store.Tx) error {
		_, taken := tx.DeleteVote(w.vote(a, "y", began.Add(time.Hour)))
		_, shown := tx.PublishVotes(w.site.ID, []string{a.ID})
		if taken != nil {
			return taken
		}
		return shown
	})
	if got := w.shows(a); got[0] != 1 {
		w.Errorf("%d are shown after one of two was taken back", got[0])
	}
}

func votesAreCounted(w *env) {
	c, other := w.comment(in(comment.Approved)), w.comment(in(comment.Approved))
	w.update(func(tx store.Tx) error {
		for _, v := range []vote.Vote{w.vote(c, "aaaabbbb1", began), w.vote(c, "aaaabbbb2", began),
			w.vote(c, "aaaacccc3", began), w.vote(c, "aaabbbbb4", began), w.vote(c, "aaaabbbb5", began),
			w.vote(c, "\xff\xff\xff\xff\xff\xff\xff\xff6", began), w.vote(other, "aaaabbbb1", began)} {
			if _, err := tx.CastVote(v); err != nil {
				return err
			}
		}
		_, err := tx.DeleteVote(w.vote(c, "aaaabbbb5", began))
		return err
	})
	w.update(func(tx store.Tx) error {
		if err := tx.LockVotes([]byte("\xffaaa")); err != nil {
			return err
		}
		for _, tt := range []struct {
			voter        string
			prefix, want int
		}{{"aaaabbbb1", 8, 1}, {"aaaabbbb1", 4, 2}, {"aaaabbbb9", 4, 3}, {"aaaabbbb5", 8, 2}, {"zzzzbbbb1", 4, 0},
			{"\xff\xff\xff\xff\xff\xff\xff\xff7", 4, 1}} {
			if n, err := tx.OtherVotes(w.vote(c, tt.voter, began), tt.prefix); n != tt.want || err != nil {
				w.Errorf("beside %q, by %d bytes: %d votes, %v, want %d", tt.voter, tt.prefix, n, err, tt.want)
			}
		}
		for id, want := range map[string]int{c.ID: 5, other.ID: 1, "none": 0} {
			if n, err := tx.CountVotes(w.site.ID, id); n != want || err != nil {
				w.Errorf("%d votes, %v, want %d", n, err, want)
			}
		}
		return nil
	})
}

func votersAreForgotten(w *env) {
	c := w.comment(in(comment.Approved))
	cast := func(voter string, at time.Time) (changed bool) {
		w.update(func(tx store.Tx) (err error) {
			changed, err = tx.CastVote(w.vote(c, voter, at))
			return err
		})
		return changed
	}
	forget := func(before time.Time) {
		w.update(func(tx store.Tx) error {
			if err := tx.DropVoters(before); err != nil {
				return err
			}
			_, err := tx.PublishVotes(w.site.ID, []string{c.ID})
			return err
		})
	}
	cast("x", began)
	cast("y", began)
	cast("z", began.Add(time.Hour))
	forget(began.Add(time.Minute))
	if got := w.shows(c); got[0] != 3 {
		w.Errorf("%d votes are left of 3", got[0])
	}
	if !cast("x", began.Add(time.Hour)) || cast("z", began.Add(time.Hour)) {
		w.Errorf("only a forgotten voter may vote again")
	}
	forget(began.Add(2 * time.Hour))
	forget(began.Add(2 * time.Hour))
	if got := w.shows(c); got[0] != 4 {
		w.Errorf("%d votes are left of 4", got[0])
	}
}
