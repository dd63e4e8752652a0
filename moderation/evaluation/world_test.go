package evaluation_test

import (
	"testing"

	"github.com/aitys/aitys/internal/apptest"
)

// A world is an apptest.World with the helpers of this package.
type world struct{ *apptest.Env }

func newWorld(t testing.TB) *world { return &world{apptest.New(t)} }

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.Env) { test(t, &world{w}) })
}
