package campaign

import "context"

// ForgetOld forgets at once what the sweep forgets within the hour.
func (s *Service) ForgetOld(ctx context.Context) error { return s.forgetOld(ctx) }

// BeginAnew throws everything away and makes it again, as after another tokeniser.
func (s *Service) BeginAnew(ctx context.Context) error { return s.begin(ctx, false) }
