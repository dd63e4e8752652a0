package testkit

import (
	"net"
	"testing"
)

func TestRedisServer_StopAndStart(t *testing.T) {
	s := NewRedisServer(t)
	s.Stop(t)
	if c, err := net.Dial("unix", s.sock); err == nil {
		_ = c.Close()
		t.Fatal("a stopped Redis answers")
	}
	s.Start(t)
}
