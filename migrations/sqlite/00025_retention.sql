-- Sites keep what they refused, and e-mails and hashes of addresses, for as long as their settings say.
-- +goose Up

-- Refused are the states 2 and 3.
CREATE INDEX comments_decided ON comments (site_id, decided_at) WHERE state > 1 AND state < 4 AND appealed_at = 0;
CREATE INDEX comments_addressed ON comments (site_id, created_at) WHERE email <> '' OR address IS NOT NULL;
-- What was refused and is forgotten is counted as refused.
CREATE INDEX comments_expired ON comments (site_id, reason, created_at) WHERE state = 4 AND removed_at = 0;
