package testkit

import (
	"encoding/json"
	"fmt"
)

// DisallowedHTML returns the elements and attributes in pieces of HTML that comments must not have. It parses them with
// Chromium, which is independent of the service's parser.
func (t *Tab) DisallowedHTML(pieces []string) ([]string, error) {
	in, err := json.Marshal(pieces)
	if err != nil {
		return nil, fmt.Errorf("outside: %w", err)
	}
	return Eval[[]string](t, disallowedHTML+"("+string(in)+")")
}

const disallowedHTML = `(pieces => pieces.flatMap(piece => {
	const read = new DOMParser().parseFromString("<!doctype html><body>" + piece, "text/html"), found = []
	if (read.head.childNodes.length > 0) found.push("in the head: " + piece)
	for (const n of read.body.querySelectorAll("*")) {
		if (!/^(P|BR|STRONG|EM|DEL|CODE|PRE|BLOCKQUOTE|UL|OL|LI|A)$/.test(n.nodeName)) found.push(n.nodeName + ": " + piece)
		for (const a of n.attributes) {
			const right = n.nodeName === "A" && (a.name === "href" && /^(https?:|mailto:)/.test(a.value) ||
				a.name === "rel" && a.value === "nofollow ugc noopener")
			if (!right) found.push(n.nodeName + " " + a.name + "=" + a.value + ": " + piece)
		}
	}
	return found
}))`
