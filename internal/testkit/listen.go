package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Listen listens at a port of this machine that can be listened at again after it was closed: it is below the range
// from which systems give ports to others.
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
