package mail

import "time"

// WithPollInterval sets how often a Service looks for due mails, so that tests need not wait for seconds.
func (s *Service) WithPollInterval(d time.Duration) *Service {
	s.pollInterval = d
	return s
}
