package testkit_test

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

func TestRedis_ReturnsEmpty(t *testing.T) {
	ask := func(t *testing.T, url, command string) string {
		t.Helper()
		c, err := net.Dial("unix", strings.TrimPrefix(url, "unix://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write([]byte(command + "\r\n")); err != nil {
			t.Fatal(err)
		}
		answer, err := bufio.NewReader(c).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(answer)
	}
	var first string
	t.Run("first", func(t *testing.T) {
		first = testkit.Redis(t)
		if other := testkit.Redis(t); other == first {
			t.Error("two worlds of one test have one Redis")
		}
		ask(t, first, "SET a b")
	})
	for range 2 {
		if size := ask(t, testkit.Redis(t), "DBSIZE"); size != ":0" {
			t.Errorf("a Redis that was given back has %s keys", size)
		}
	}
	if size := ask(t, first, "DBSIZE"); size != ":0" {
		t.Errorf("the first one has %s keys", size)
	}
}
