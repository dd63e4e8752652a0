package moderation

import "context"

// Own returns a comment to its writer, who proves to be that by its edit token.
func (s *Service) Own(ctx context.Context, site Site, id, token string) (Comment, error) {
	return Comment{}, nil
}

// Edit replaces the text of a writer's own comment, within its window; it is judged again and
// waits again.
func (s *Service) Edit(ctx context.Context, site Site, id, token, body string) (Comment, error) {
	return Comment{}, nil
}

// Withdraw removes a writer's own comment; withdrawing twice is no error.
func (s *Service) Withdraw(ctx context.Context, site Site, id, token string) error { return nil }
