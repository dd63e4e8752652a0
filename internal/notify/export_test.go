package notify

import "time"

// Every has a service look for what is due as often as that: tests do not wait for seconds.
func (s *Service) Every(d time.Duration) *Service {
	s.every = d
	return s
}

// Within has a Getter wait no longer than that.
func (g *Getter) Within(d time.Duration) *Getter {
	g.client.Timeout = d
	return g
}
