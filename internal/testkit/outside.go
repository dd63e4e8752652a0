package testkit

import (
	"encoding/json"
	"fmt"
)

// Outside returns what stands in pieces of HTML that comments may not have, as Chromium reads them: another parser than
// the service's own.
func (t *Tab) Outside(pieces []string) ([]string, error) {
	in, err := json.Marshal(pieces)
	if err != nil {
		return nil, fmt.Errorf("outside: %w", err)
	}
	return Eval[[]string](t, outside+"("+string(in)+")")
}

const outside = `(pieces => pieces.flatMap(piece => {
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
