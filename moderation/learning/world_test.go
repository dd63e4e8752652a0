package learning_test

import (
	"testing"

	"github.com/aitys/aitys/moderation/roomstest"
)

// A world is that of all rooms, with what the tests of this one do in it.
type world struct{ *roomstest.World }

func newWorld(t testing.TB) *world { return &world{roomstest.New(t)} }

func onBoth(t *testing.T, test func(t *testing.T, w *world)) {
	roomstest.OnBoth(t, func(t *testing.T, w *roomstest.World) { test(t, &world{w}) })
}

func newWorldOn(t testing.TB, url string) *world { return &world{roomstest.NewOn(t, url)} }
