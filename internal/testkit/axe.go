package testkit

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// axeFile is where `make deps` puts axe-core, below the module's folder.
const axeFile = "widget/node_modules/axe-core/axe.min.js"

// axe reads axe-core. Tests run in their package's folder, somewhere below the module's.
var axe = sync.OnceValues(func() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if source, err := os.ReadFile(filepath.Join(dir, axeFile)); err == nil {
			return string(source), nil
		}
	}
	return "", os.ErrNotExist
})

// Axe returns what axe-core finds wrong with the page that is open, shadow roots included: its rules of WCAG 2.2
// AA and of good practice, and then the words of labels that stand on two lines. Each finding names its rule and where
// it is; none is a page without fault. Without axe-core Axe skips the test at a desk, and fails it in CI.
func (t *Tab) Axe(test testing.TB) []string {
	test.Helper()
	source, err := axe()
	if err != nil {
		missing(test, "axe-core (by npm)")
	}
	if _, err := Eval[bool](t, source+"\n;true"); err != nil {
		test.Fatalf("axe: %v", err)
	}
	// The size of targets is of WCAG 2.2; axe leaves it out unless it is asked for.
	found, err := Eval[[]string](t, `axe.run(document, {
			resultTypes: ['violations'],
			rules: { 'target-size': { enabled: true } },
		}).then(({ violations }) => violations.flatMap(({ id, impact, nodes }) => nodes.map(n =>
			id + ' (' + impact + ') ' + n.target.flat().join(' ') + ': ' +
			(n.any[0] ?? n.all[0] ?? n.none[0])?.message))).then(found => found.concat(`+cut+`))`)
	if err != nil {
		test.Fatalf("axe: %v", err)
	}
	return found
}

// cut is JavaScript for the words of labels that are cut in two, the widget's too. They are ours: what people typed
// stands in a bdi.
const cut = `[document, document.querySelector("aitys-comments")?.shadowRoot].flatMap(root =>
	[...root?.querySelectorAll("dt, th, label, legend, button, .btn") ?? []]).flatMap(e => {
	const words = [], range = document.createRange()
	const texts = document.createTreeWalker(e, NodeFilter.SHOW_TEXT)
	for (let text; e.checkVisibility() && (text = texts.nextNode());) {
		if (text.parentElement.closest("bdi")) continue
		for (const word of text.data.matchAll(/[\p{L}\p{M}]+/gu)) {
			range.setStart(text, word.index)
			range.setEnd(text, word.index + word[0].length)
			if (new Set([...range.getClientRects()].map(r => r.top)).size > 1) words.push("cut in two: " + word[0])
		}
	}
	return words
})`
