package campaign

import "context"

// ForgetOld forgets at once what the sweep forgets within the hour.
func (s *Service) ForgetOld(ctx context.Context) error { return s.forgetOld(ctx) }

// BeginAnew throws everything away and makes it again, as after another tokeniser.
func (s *Service) BeginAnew(ctx context.Context) error {
	err := s.work.Update(ctx, func(tx Tx) error { return tx.SetMeta(emptiedFor, []byte("another")) })
	if err != nil {
		return err
	}
	return s.BeginAgain(ctx)
}

// BeginAgain does what a process does after one that ended before it had gone through everything.
func (s *Service) BeginAgain(ctx context.Context) error { return s.begin(ctx, false) }
