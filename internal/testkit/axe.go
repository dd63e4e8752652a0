package testkit

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// axeFile is the path of axe-core in the module, installed by `make deps`.
const axeFile = "widget/node_modules/axe-core/axe.min.js"

// readAxe returns the source of axe-core. Tests run in their package's folder, below the module's root.
var readAxe = sync.OnceValues(func() (string, error) {
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

// Axe returns the violations that axe-core finds in the open page, including shadow roots, by WCAG 2.2 AA and best
// practices. It adds words of labels that are broken across lines. Each finding names its rule and element. Without
// axe-core, Axe skips the test, or fails it in CI.
func (t *Tab) Axe(test testing.TB) []string {
	test.Helper()
	source, err := readAxe()
	if err != nil {
		skipMissing(test, "axe-core (by npm)")
	}
	if _, err := Eval[bool](t, source+"\n;true"); err != nil {
		test.Fatalf("axe: %v", err)
	}
	// target-size is a WCAG 2.2 rule that axe disables by default.
	found, err := Eval[[]string](t, `axe.run(document, {
			resultTypes: ['violations'],
			rules: { 'target-size': { enabled: true } },
		}).then(({ violations }) => violations.flatMap(({ id, impact, nodes }) => nodes.map(n =>
			id + ' (' + impact + ') ' + n.target.flat().join(' ') + ': ' +
			(n.any[0] ?? n.all[0] ?? n.none[0])?.message))).then(found => found.concat(`+brokenWords+`))`)
	if err != nil {
		test.Fatalf("axe: %v", err)
	}
	return found
}

// brokenWords is JavaScript for the words of labels that are broken across lines, in the page and the widget. It skips
// user text, which is in bdi elements.
const brokenWords = `[document, document.querySelector("aitys-comments")?.shadowRoot].flatMap(root =>
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
