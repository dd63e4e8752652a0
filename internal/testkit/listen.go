package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Listen listens on a random port that can be opened again after closing it. The port is below the range of ephemeral
// ports, so the system does not assign it to others.
func Listen() (net.Listener, error) {
	var last error
	for range 20 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 10000+rand.IntN(20000)))
		if err == nil {
			return l, nil
		}
		last = err
	}
	return nil, last
}
