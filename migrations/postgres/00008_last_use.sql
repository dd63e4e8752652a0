-- People and tokens say when they were last at work; a token may end by itself. 0 is never.
-- +goose Up

ALTER TABLE accounts ADD COLUMN seen_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tokens ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
UPDATE accounts SET seen_at = COALESCE((SELECT MAX(s.seen_at) FROM sessions AS s WHERE s.account_id = accounts.id), 0);
