package api

import "testing"

func TestSettings(t *testing.T) {
	if Settings["open_hours"] != "часы" {
		t.Error("not kept")
	}
}
