package api_test

import "testing"

func TestComments_ReturnsNewerVersionsOnly(t *testing.T) {
	onBoth(t, commentsAreAnsweredThatMovedPastAVersion)
}

func commentsAreAnsweredThatMovedPastAVersion(t *testing.T, w *world) {
	one := w.post(requireBody("Of two comments the first is decided.")).str("id")
	two := w.post(requireBody("The second waits.")).str("id")
	asked := "/api/v1/sites/a/moderation/comments?id=" + one + "&version=1&id=" + two + "&version=1"
	if before := w.as("moderator a", "GET", asked, nil); len(before.list("comments")) != 0 {
		t.Errorf("before either moved: %v", before)
	}
	w.decide("approve", one, 1)
	moved := w.as("moderator a", "GET", asked, nil)
	all := moved.list("comments")
	if len(all) != 1 || all[0]["comment"].(map[string]any)["id"] != one {
		t.Errorf("after one was approved: %v", moved)
	}
	for _, wrong := range []string{"&version=1", "&version=1&version=2&version=3", "&version=1&version=x",
		"&version=1&version=-1"} {
		r := w.as("moderator a", "GET", "/api/v1/sites/a/moderation/comments?id="+one+"&id="+two+wrong, nil)
		if r.status != 400 || r.code() != "query.invalid" {
			t.Errorf("%s: %v", wrong, r)
		}
	}
}
