package kit

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"sync"
)

//go:embed testdata/axe.min.js.gz
var axePacked []byte

var axe = sync.OnceValues(func() (string, error) {
	packed, err := gzip.NewReader(bytes.NewReader(axePacked))
	if err != nil {
		return "", err
	}
	source, err := io.ReadAll(packed)
	return string(source), err
})

// Axe returns what axe-core finds wrong with the page that is open, shadow roots included: its rules of WCAG 2.2
// AA and of good practice. Each finding names its rule and where it is; none is a page without fault.
func (t *Tab) Axe() ([]string, error) {
	source, err := axe()
	if err != nil {
		return nil, fmt.Errorf("axe: %w", err)
	}
	if _, err := Eval[bool](t, source+"\n;true"); err != nil {
		return nil, fmt.Errorf("axe: %w", err)
	}
	// The size of targets is of WCAG 2.2; axe leaves it out unless it is asked for.
	return Eval[[]string](t, `axe.run(document, {
			resultTypes: ['violations'],
			rules: { 'target-size': { enabled: true } },
		}).then(({ violations }) => violations.flatMap(({ id, impact, nodes }) => nodes.map(n =>
			id + ' (' + impact + ') ' + n.target.flat().join(' ') + ': ' +
			(n.any[0] ?? n.all[0] ?? n.none[0])?.message)))`)
}
