package kit

import (
	"context"
	"net"
	"os/exec"
	"testing"
)

func TestEachPostgresDatabaseIsEmptyAndAnswers(t *testing.T) {
	for range 2 {
		url := Postgres(t)
		out, err := exec.CommandContext(context.Background(), "psql", url, "-Atc",
			"CREATE TABLE a (n int); SELECT count(*) FROM a").CombinedOutput()
		if err != nil {
			t.Fatalf("psql %s: %v\n%s", url, err, out)
		}
	}
}

func TestARedisCanBeStoppedAndStarted(t *testing.T) {
	s := NewRedisServer(t)
	s.Stop(t)
	if c, err := net.Dial("unix", s.sock); err == nil {
		_ = c.Close()
		t.Fatal("a stopped Redis answers")
	}
	s.Start(t)
}
