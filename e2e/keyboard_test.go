package e2e

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// russian maps Latin keys to the keys of a Russian layout at the same position.
var russian = map[string]testkit.Key{
	"a": keyФ, "z": keyЯ, "b": keyИ,
	"s": {Key: "ы", Code: "KeyS"}, "d": {Key: "в", Code: "KeyD"}, "u": {Key: "г", Code: "KeyU"},
	"j": {Key: "о", Code: "KeyJ"}, "k": {Key: "л", Code: "KeyK"}, "x": {Key: "ч", Code: "KeyX"},
	"r": {Key: "к", Code: "KeyR"}, "i": {Key: "ш", Code: "KeyI"},
	"S": {Key: "Ы", Code: "KeyS", Shift: true}, "Z": {Key: "Я", Code: "KeyZ", Shift: true},
	"X": {Key: "Ч", Code: "KeyX", Shift: true}, "A": {Key: "Ф", Code: "KeyA", Shift: true},
	"/": {Key: ".", Code: "Slash"}, "?": {Key: ",", Code: "Slash", Shift: true},
	"5": {Key: "5", Code: "Digit5"}, "1": {Key: "1", Code: "Digit1"},
	"esc": {Key: "Escape", Code: "Escape", KeyCode: 27},
	"tab": {Key: "Tab", Code: "Tab", KeyCode: 9}, "space": {Key: " ", Code: "Space", KeyCode: 32},
}

// A moderator does all tasks with a Russian keyboard layout, without a mouse and without Latin letters.
func TestDesk_RussianKeyboardOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n, text := range []string{"Цепь слетела дважды на подъёме.", "Кто продаёт такие шины, должен мне вечер.",
		"Гавань замёрзла в марте, никто не ждал.", "Открыт ли музей второго января?", "Мост снова закрыт до весны."} {
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", fmt.Sprintf("Читатель %d", n), "", text)
		w.must(err)
	}
	desk := w.tab(1280, 900, false)
	w.signIn(desk, email)
	w.speak(desk, "ru")
	press := func(keys ...string) func() error {
		return func() error {
			for _, k := range keys {
				if err := desk.Press(russian[k]); err != nil {
					return err
				}
			}
			return nil
		}
	}
	is := func(expression string) func() error { return func() error { return desk.Holds(expression) } }
	const chosen = `document.querySelectorAll(".card[data-picked]").length`
	w.steps(desk,
		func() error { return desk.Go(w.service.URL + "/moderate/blog/queue") },
		is(`document.documentElement.lang === "ru"`), // the page was in English before
		is(current("Цепь")), press("a"), is(current("шины")), is(toastSays("Одобрен")),
		press("z"), is(current("Цепь")),
		press("j"), is(current("шины")), press("k"), is(current("Цепь")),
		press("i"), is(`document.querySelector(".evidence[open]")`), press("esc"),
		press("s"), is(current("шины")), is(toastSays("спам")),
		press("d", "5"), is(current("Гавань")), is(toastSays("личные нападки")),
		press("Z"), is(toastSays("z")), press("z"), is(current("шины")),
		press("x", "j", "x"), is(chosen+` === 2`), press("S"), is(current("музей")),
		press("r"), is(replying), press("a", "tab", "space"), is(current("Мост")),
		press("X"), is(chosen+` === 1`), press("A"), is(shows("Всё разобрано")),
		is(`document.getElementById("unsaved").hidden && document.getElementById("arrived").hidden`),
		press("?"), is(`document.querySelector("dialog[open]")`), press("esc"), is(`!document.querySelector("dialog[open]")`),
		press("/"), is(`document.activeElement.id === "q"`), press("esc"),
		func() error { return desk.Go(w.service.URL + "/moderate/blog/queue?state=spam&sort=newest") },
		is(`document.querySelectorAll(".card").length === 3`), press("u"), is(toastSays("очередь")),
	)
	w.queued("state=pending", func(items []testkit.QueueItem) bool { return len(items) == 1 })
	w.queued("state=approved", func(items []testkit.QueueItem) bool { return len(items) == 3 }) // including the reply
}

// A moderator does all tasks in a browser without JavaScript.
func TestDesk_WithoutJavaScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	post := func(name, text string) {
		t.Helper()
		_, err := w.client.Post(t.Context(), "", w.blog.URL+"/post", name, "", text)
		w.must(err)
	}
	post("Lena", "The chain came off twice on the hill.")
	post("Tomasz", "Whoever sells those tyres owes me an afternoon.")
	post("Ruth", "Our harbour froze in March, which nobody expected.")
	for n := range 3 {
		post(fmt.Sprintf("Reader %d", n), fmt.Sprintf("The harbour sells its old cranes by the hour; ask at gate %d", n))
	}
	testkit.Until(t, "three are alike", func() bool {
		k, err := campaignIn(t.Context(), w.client)
		return err == nil && k.Size == 3
	})
	tab := w.tab(1280, 900, false)
	_, err := chromedp.Call(tab.Context(), emulation.SetScriptExecutionDisabled,
		emulation.SetScriptExecutionDisabledParams{Value: true})
	w.must(err)
	w.signIn(tab, email)
	press := func(role, name string) func() error { return func() error { return tab.Click(role, name) } }
	is := func(expression string) func() error { return func() error { return tab.Holds(expression) } }
	w.steps(tab,
		func() error { return tab.Go(w.service.URL + "/moderate/blog/queue") },
		press("link", "Lena"), press("button", "Approve"), is(shows("Approved.")), press("button", "Undo"), is(shows("Undone.")),
		press("link", "Next"), is(shows("Comment by Tomasz")),
		press(triangle, "Refuse"), press("button", "Personal attack"), is(shows("Refused")),
		press("link", "Queue"), press("link", "Ruth"), is(shows("froze")),
		press(triangle, "Reply"), func() error { return tab.Type("textbox", "Your reply", "We did.") },
		press("button", "Publish reply"), is(shows("Reply published.")),
		press("link", "Queue"), press("link", "3 alike"), press("link", "Show all"),
		is(`document.querySelectorAll(".members.alike > li").length === 3`),
		press("button", "Spam"), is(toastSays("3 marked as spam")),
		press("checkbox", "Select Lena"),
		is(`document.querySelector("#bulk").checkVisibility()`),
		press(triangle, "Filter"), is(`document.querySelector(".adder[open] .menu").checkVisibility()`),
		press("button", "Show"), is(`location.search.includes("lang")`),
	)
	w.queued("state=spam", func(items []testkit.QueueItem) bool { return len(items) == 3 })
}
