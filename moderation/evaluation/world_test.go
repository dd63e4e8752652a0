package evaluation_test

import (
	"testing"

	"github.com/aitys/aitys/internal/apptest"
)

// A world is that of all rooms, with what the tests of this one do in it.
type world struct{ *apptest.World }

func newWorld(t testing.TB) *world { return &world{apptest.New(t)} }

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	apptest.OnBoth(t, func(t *testing.T, w *apptest.World) { test(t, &world{w}) })
}
