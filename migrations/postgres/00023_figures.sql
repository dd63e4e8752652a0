-- What a site says of itself in public is counted by indexes alone.
-- +goose Up

-- The refused by reason, what the program suspected, and what the site's setting published by itself: a few of all.
CREATE INDEX comments_refused ON comments (site_id, reason, created_at) WHERE state = 2;
CREATE INDEX comments_suspected ON comments (site_id, created_at) WHERE suggested = 3;
CREATE INDEX comments_itself ON comments (site_id, created_at) WHERE shown AND standing = 0 AND badge = '';
CREATE INDEX appeals_age ON appeals (site_id, created_at);
