package moderation

import "context"

// A ThreadRequest asks for a part of a page's comments. Sort is "oldest", "newest" or "top";
// After is a Thread's Next; Around is a comment's id. At most one of the two.
type ThreadRequest struct {
	PageURL string
	Sort    string
	Limit   int // 1 to 100; 0 means 25
	After   string
	Around  string
}

// A Thread is a part of a page's comments, depth first. A comment that is Shown but not
// Approved keeps its place only: it must be rendered without writer and text. For a page that
// does not exist (or is of a foreign origin) Page has only its URL, Open, and an empty ID.
type Thread struct {
	Page     Page
	Count    int // approved comments
	Comments []Comment
	Next     string // "" at the end
}

// Thread returns what readers see of a page.
func (s *Service) Thread(ctx context.Context, site Site, req ThreadRequest) (Thread, error) {
	return Thread{}, nil
}

// Public returns one comment that readers may see, with its page.
func (s *Service) Public(ctx context.Context, site Site, id string) (Comment, Page, error) {
	return Comment{}, Page{}, nil
}

// CountPages returns the number of approved comments by URL as asked; at most 100 URLs.
func (s *Service) CountPages(ctx context.Context, site Site, urls []string) (map[string]int, error) {
	return nil, nil
}
