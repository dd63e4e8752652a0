package widget_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/aitys/aitys/internal/testkit"
)

// shortcuts is a page script with single-key shortcuts. It checks the event target, as most such scripts do.
const shortcuts = `addEventListener('keydown', e => {
	if (['INPUT', 'TEXTAREA', 'SELECT'].includes(e.target.tagName) || e.target.isContentEditable) return
	if ('sfpn/'.includes(e.key)) { e.preventDefault(); window.taken = (window.taken ?? '') + e.key } })`

// preventAllEvents is a page script that calls preventDefault for every event that reaches it.
const preventAllEvents = `for (const type of ['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'compositionstart',
	'compositionupdate', 'compositionend', 'copy', 'cut', 'paste', 'dragover', 'drop'])
	for (const at of [document, window]) at.addEventListener(type, e => e.preventDefault())`

// recordReached is a page script that records the events that reach it.
const recordReached = `window.reached = []
	for (const type of ['keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'compositionstart', 'compositionupdate',
		'compositionend', 'copy', 'cut', 'paste', 'dragover', 'drop'])
		addEventListener(type, e => reached.push(type))`

// onPage opens the blog with a page script.
func onPage(t *testing.T, s *service, script string) *reader {
	t.Helper()
	r := visit(t, s, options{})
	r.must(r.AddInitScript(script))
	r.open("/")
	return r
}

// pressKeys presses the key of each letter.
func (r *reader) pressKeys(text string) {
	r.t.Helper()
	var keys []testkit.Key
	for _, letter := range text {
		code := "Key" + strings.ToUpper(string(letter))
		switch letter {
		case ' ':
			code = "Space"
		case '/':
			code = "Slash"
		}
		keys = append(keys, testkit.Key{Key: string(letter), Code: code})
	}
	r.must(r.Press(keys...))
}

// chord presses a key with Ctrl, and runs the browser's editing command for it.
func (r *reader) chord(key, code, command string) {
	r.t.Helper()
	for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		p := input.DispatchKeyEventParams{Type: kind, Key: key, Code: code, Modifiers: 2}
		if command != "" && kind == input.DispatchKeyEventTypeRawKeyDown {
			p.Commands = []string{command}
		}
		_, err := chromedp.Call(r.Context(), input.DispatchKeyEvent, p)
		r.must(err)
	}
}

const sentence = "pass the salt/and find soup"

func TestTyping_ReachesEveryField(t *testing.T) {
	t.Parallel()
	for name, page := range map[string]string{"shortcuts": shortcuts, "refuses all": preventAllEvents} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			addConversation(s)
			r := onPage(t, s, page)
			into := func(role, field, selector, want string) {
				t.Helper()
				r.must(r.Click(role, field))
				r.pressKeys(sentence)
				r.waitFor(fmt.Sprintf(`$(%q).value === %q`, selector, want))
			}
			into("textbox", "Comment", "[part=body]", sentence)
			r.must(r.See("button", "Post comment"))
			into("textbox", "Name", "[part=name]", sentence)
			into("textbox", "E-mail", "[part=email]", sentence)
			r.waitFor(`($('[part=email]').value = '', true)`)
			r.reply()
			into("textbox", "Comment", "[part=body]", sentence)
			r.must(r.Click("button", "Post comment"))
			r.must(r.Click("button", "Edit"))
			into("textbox", "Edit your comment", ".own textarea", sentence+sentence)
			r.must(r.Click("button", "Cancel"))
			r.must(r.Click("button", "Report"))
			into("textbox", "Details (optional)", "#detail", sentence)
			r.waitFor(`document.documentElement.outerHTML && !window.taken`)
		})
	}
}

func TestTyping_BeforeTheFormIsLoaded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	letGo := s.block("GET embed-form.js")
	r := onPage(t, s, shortcuts)
	r.must(r.Click("textbox", "Comment"))
	r.pressKeys(sentence)
	r.waitFor(fmt.Sprintf(`$('[part=body]').value === %q`, sentence))
	letGo()
	r.must(r.See("button", "Post comment"))
	r.waitFor(fmt.Sprintf(`$('[part=body]').value === %q && !window.taken`, sentence))
}

func TestTyping_EditingChordsWorkOnRefusingPage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := onPage(t, s, preventAllEvents)
	r.write("one")
	r.chord("a", "KeyA", "selectAll")
	r.chord("x", "KeyX", "cut")
	r.waitFor(`$('[part=body]').value === ''`)
	r.chord("м", "KeyV", "paste") // on a Russian keyboard layout
	r.chord("v", "KeyV", "paste")
	r.waitFor(`$('[part=body]').value === 'oneone'`)
	r.chord("Enter", "Enter", "")
	r.hasText("[part=status]", "waiting for a moderator")
}

func TestTyping_InputMethodsComposeOnRefusingPage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	r := onPage(t, s, preventAllEvents)
	r.write("Қ")
	for _, text := range []string{"n", "ni", "你", "你好"} {
		_, err := chromedp.Call(r.Context(), input.ImeSetComposition, input.ImeSetCompositionParams{Text: text,
			SelectionStart: int64(len([]rune(text))), SelectionEnd: int64(len([]rune(text)))})
		r.must(err)
	}
	_, err := chromedp.Call(r.Context(), input.InsertText, input.InsertTextParams{Text: "你好"})
	r.must(err)
	r.waitFor(`$('[part=body]').value === 'Қ你好'`)
	// Enter and Escape belong to the input method while it composes.
	r.waitFor(`['Enter', 'Escape'].every(key => $('[part=body]').dispatchEvent(new KeyboardEvent('keydown',
		{ key, ctrlKey: key === 'Enter', isComposing: true, bubbles: true, composed: true, cancelable: true })))`)
	// Safari sends the last key after the composition ended, with keyCode 229.
	r.waitFor(`$('[part=body]').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, keyCode: 229,
		bubbles: true, composed: true, cancelable: true }))`)
	if bodies, _ := s.posts(); len(bodies) > 0 {
		t.Errorf("Enter of an input method posted %q", bodies)
	}
}

// TestTyping_EventsThatReachThePage dispatches each event at each kind of field, and at an element that is no field.
func TestTyping_EventsThatReachThePage(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := onPage(t, s, recordReached)
	r.write("text")
	key := func(rest string) string { return "new KeyboardEvent('keydown', {" + rest + "})" }
	for _, tt := range []struct {
		event string
		want  bool
	}{
		{key(`key: 's', code: 'KeyS'`), false},
		{key(`key: 'S', code: 'KeyS', shiftKey: true`), false},
		{key(`key: '?', code: 'Slash', shiftKey: true`), false},
		{key(`key: ' ', code: 'Space'`), false},
		{key(`key: 'Enter', code: 'Enter'`), false},
		{key(`key: 'ArrowDown', code: 'ArrowDown'`), false},
		{key(`key: 'Backspace', code: 'Backspace', ctrlKey: true`), false},
		{key(`key: 'Process', code: 'KeyN', isComposing: true`), false},
		{key(`key: 'Unidentified'`), false},
		{key(`key: '@', code: 'KeyQ', ctrlKey: true, altKey: true`), false},
		{key(`key: '€', code: 'KeyE', altKey: true`), false},
		{key(`key: 'v', code: 'KeyV', ctrlKey: true`), false},
		{key(`key: 'м', code: 'KeyV', ctrlKey: true`), false},
		{key(`key: 'z', code: 'KeyZ', metaKey: true, shiftKey: true`), false},
		{key(`key: 'Escape', isComposing: true`), false},
		{`new KeyboardEvent('keypress', { key: 'f' })`, false},
		{`new KeyboardEvent('keyup', { key: 'f' })`, false},
		{`new InputEvent('beforeinput', { data: 'f' })`, false},
		{`new InputEvent('input', { data: 'f' })`, false},
		{`new CompositionEvent('compositionstart')`, false},
		{`new CompositionEvent('compositionupdate', { data: 'ә' })`, false},
		{`new CompositionEvent('compositionend', { data: 'ә' })`, false},
		{`new ClipboardEvent('copy')`, false},
		{`new ClipboardEvent('cut')`, false},
		{`new ClipboardEvent('paste', { clipboardData: new DataTransfer() })`, false},
		{`new DragEvent('drop', { dataTransfer: new DataTransfer() })`, false},
		{`new Event('keydown')`, false}, // sent by browsers when they autofill a field

		{key(`key: 'Escape', code: 'Escape'`), true},
		{key(`key: 'F2', code: 'F2'`), true},
		{key(`key: 'F12', code: 'F12', shiftKey: true`), true},
		{key(`key: 'k', code: 'KeyK', ctrlKey: true`), true},
		{key(`key: 'k', code: 'KeyK', metaKey: true`), true},
		{key(`key: 'л', code: 'KeyK', ctrlKey: true`), true},
		{key(`key: '/', code: 'Slash', ctrlKey: true`), true},
		{key(`key: 'Control', code: 'ControlLeft', ctrlKey: true`), true},
		{`(d => (d.items.add(new File(['x'], 'x.png')), new DragEvent('drop', { dataTransfer: d })))(new DataTransfer())`,
			true},
	} {
		for _, field := range []string{"textarea", "input", "input[type=checkbox]", "select", "[contenteditable] b"} {
			made := map[string]string{"select": "select", "[contenteditable] b": "div"}[field]
			got, err := testkit.Eval[bool](r.Tab, inWidget(fmt.Sprintf(`(() => {
				let field = $(%q)
				if (%q) {
					field = document.createElement(%[2]q)
					$('section').append(field)
					if (%[2]q === 'div') { field.contentEditable = true; field = field.appendChild(document.createElement('b')) }
				}
				const event = %s
				for (const name of ['bubbles', 'composed']) Object.defineProperty(event, name, { value: true })
				reached.length = 0
				const again = new event.constructor(event.type, { ...Object.fromEntries(['key', 'code', 'ctrlKey', 'altKey',
					'metaKey', 'shiftKey', 'isComposing', 'data', 'dataTransfer', 'clipboardData'].map(name => [name, event[name]])
					.filter(([, value]) => value != null)), bubbles: true, composed: true, cancelable: true })
				field.dispatchEvent(again)
				if (%[2]q) field.closest('select, div').remove()
				return reached.length > 0
			})()`, field, made, tt.event)))
			if err != nil {
				t.Fatalf("%s of %s: %v", tt.event, field, err)
			}
			if got != tt.want {
				t.Errorf("%s of %s: reaches the page %v, want %v", tt.event, field, got, tt.want)
			}
		}
	}
	r.waitFor(`(reached.length = 0, $('#aitys-c1').dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true,
		composed: true })), reached.length === 1)`)
}

func TestTyping_EscapeClosesOnlyTheDialog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	addConversation(s)
	r := onPage(t, s, preventAllEvents+`; addEventListener('keydown', e => window.escaped ||= e.key === 'Escape')`)
	for _, focus := range []string{"#detail", "dialog [type=radio]", "dialog .row button:last-child"} {
		r.must(r.Click("button", "Report"))
		r.waitFor(fmt.Sprintf(`$('dialog[open]') && ($(%q).focus(), true)`, focus))
		r.must(r.Press(testkit.Key{Key: "Escape", Code: "Escape", KeyCode: 27}))
		r.waitFor(`!$('dialog') && !window.escaped`)
	}
	r.must(r.Click("textbox", "Comment"))
	r.must(r.See("button", "Post comment"))
	r.must(r.Press(testkit.Key{Key: "Escape", Code: "Escape", KeyCode: 27}))
	r.must(r.Holds(`window.escaped`))
}
