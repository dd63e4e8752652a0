package e2e

import (
	"fmt"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// The stream also reports a moderator's own actions. The desk's follow-up request may be answered before the reply request,
// or after the reply was undone. In both cases the desk must show the result of the moderator's last action.
func TestQueue_LateResponseKeepsOwnActions(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	for name, late := range map[string]string{
		"the answer to the reply":     `if (String(to).endsWith("/reply")) await until(() => window.told)`,
		"what the desk asks for then": ``,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			for _, text := range []string{"Does the ferry run on Sundays?", "It was late again."} {
				_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", "Ruth", "", text)
				w.must(err)
			}
			desk := w.tab(1280, 900, false)
			w.must(desk.AddInitScript(`{
				const until = async is => { while (!is()) await new Promise(go => setTimeout(go, 10)) }
				const send = fetch, { open, send: request } = XMLHttpRequest.prototype
				window.fetch = async (to, how) => {
					const answer = await send(to, how)
					` + late + `
					return answer }
				window.EventSource = class extends EventSource {
					constructor(to) {
						super(to)
						this.addEventListener("decided", () => { window.told = true }) } }
				XMLHttpRequest.prototype.open = function (how, to) {
					this.late = String(to).includes("/card")
					open.call(this, how, to) }
				XMLHttpRequest.prototype.send = function () {
					const take = this.onload
					if (this.late) this.onload = async () => {
						await until(() => window.letGo)
						take.call(this) }
					request.call(this) } }`))
			w.signIn(desk, email)
			w.steps(desk,
				func() error { return desk.Holds(current("Sundays")) },
				func() error { return desk.Press(keyR) },
				func() error { return desk.Type("textbox", "Your reply", "It does, from May on.") },
				func() error { return desk.Click("button", "Publish reply") },
				func() error { return desk.See("button", "Undo: Ruth’s comment approved") },
				func() error { return desk.Press(keyZ) },
				func() error { return desk.Holds(toastSays("Undone.")) },
			)
			w.queued("state=pending", func(items []testkit.QueueItem) bool { return len(items) == 2 })
			w.steps(desk, func() error { return desk.Holds(`document.querySelector("#unsaved").hidden`) })
			stays, err := testkit.Eval[bool](desk, `(async () => { window.letGo = true
				for (let n = 0; n < 5; n++) { await fetch("/healthz"); await new Promise(go => setTimeout(go, 20)) }
				return `+current("Sundays")+` && !document.querySelector(".folded, [data-changed]") })()`)
			if err != nil || !stays {
				t.Errorf("what was taken back is folded or greyed (%v)", err)
			}
		})
	}
}

// A list page that was requested before a decision may contain the decided comment as pending, because a new score moved
// it to a later page. If it arrives after the decision, the comment must not come back.
func TestQueue_StalePageRestoresNothing(t *testing.T) {
	testkit.OnlyIn(t, "ci")
	t.Parallel()
	w := newWorld(t)
	const page = 50
	for n := range page + 1 {
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", fmt.Sprintf("Writer %d", n), "",
			fmt.Sprintf("The ferry of day %d.", n))
		w.must(err)
	}
	desk := w.tab(1280, 900, false)
	w.must(desk.AddInitScript(`{
		let answered
		const read = new Promise(go => { answered = go })
		const post = fetch, { open, send } = XMLHttpRequest.prototype
		window.fetch = async (to, how) => {
			if (String(to).endsWith("/decisions")) await read
			return post(to, how) }
		XMLHttpRequest.prototype.open = function (how, to) {
			const address = new URL(to, location.href)
			if (!window.held) address.searchParams.delete("after") // as if new scores had moved all comments
			open.call(this, how, address) }
		XMLHttpRequest.prototype.send = function () {
			const take = this.onload
			if (!window.held) this.onload = async () => {
				answered()
				while (Object.keys(sessionStorage).some(key => key.startsWith("aitys:unsaved:")))
					await new Promise(go => setTimeout(go, 10))
				window.held = this.responseXML.querySelectorAll(".cards .card").length
				take.call(this) }
			send.call(this) } }`))
	w.signIn(desk, email)
	w.steps(desk,
		func() error { return desk.Holds(current("of day 0.")) },
		func() error { return desk.Press(testkit.Key{Key: "X", Code: "KeyX", Shift: true}) },
		func() error { return desk.Press(testkit.Key{Key: "A", Code: "KeyA", Shift: true}) },
		func() error { return desk.Holds(fmt.Sprintf(`window.held === %d`, page)) },
		func() error { return desk.Holds(current(fmt.Sprintf("of day %d.", page))) },
	)
	if n, err := testkit.Eval[int](desk, `document.querySelectorAll(".cards .card").length`); err != nil || n != 1 {
		t.Errorf("%d cards stand where one was left (%v)", n, err)
	}
}
