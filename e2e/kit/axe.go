package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
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
	return "", errors.New("axe-core is not installed: run make deps, which needs npm")
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
