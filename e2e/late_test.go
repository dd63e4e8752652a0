package e2e

import (
	"testing"

	"github.com/aitys/aitys/e2e/kit"
)

// The stream tells of what one does oneself, too, and what the desk then asks for may come before the answer to a
// reply, or after that was taken back. Either way the comment stands where one's own hand put it.
func TestALateAnswerUndoesNothingOfOnesOwn(t *testing.T) {
	for name, holds := range map[string]string{
		"before the reply is answered": `if (replies) await until(() => document.querySelector(".folded"))`,
		"after it is taken back": `if (replies) await until(() => window.asked)
			if (asks) { window.asked = true; await until(() => window.letGo) }`,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, kit.Binary(t), nil)
			for _, text := range []string{"Does the ferry run on Sundays?", "It was late again."} {
				_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
				w.must(err)
			}
			desk := w.tab(1280, 900, false)
			w.must(desk.BeforeEach(`{ const send = fetch
				const until = async is => { while (!is()) await new Promise(go => setTimeout(go, 10)) }
				window.fetch = async (to, how) => {
					const replies = String(to).endsWith("/reply"), asks = !how && /\/comments\/[^/]+$/.test(to)
					const answer = await send(to, how)
					` + holds + `
					return answer } }`))
			w.signIn(desk, email)
			w.steps(desk,
				func() error { return desk.Holds(current("Sundays")) },
				func() error { return desk.Press(keyR) },
				func() error { return desk.Type("textbox", "Your reply", "It does, from May on.") },
				func() error { return desk.Click("button", "Publish the reply") },
				func() error { return desk.See("button", "Undo: Ruth’s comment approved") },
				func() error { return desk.Press(keyZ) },
				func() error { return desk.Holds(toastSays("Taken back.")) },
			)
			w.queued("state=pending", func(items []kit.Item) bool { return len(items) == 2 })
			w.steps(desk, func() error { return desk.Holds(`document.querySelector("#unsaved").hidden`) })
			stays, err := kit.Eval[bool](desk, `(async () => { window.letGo = true
				for (let n = 0; n < 5; n++) { await fetch("/healthz"); await new Promise(go => setTimeout(go, 20)) }
				return `+current("Sundays")+` && !document.querySelector(".folded") })()`)
			if err != nil || !stays {
				t.Errorf("what was taken back is folded (%v)", err)
			}
		})
	}
}
