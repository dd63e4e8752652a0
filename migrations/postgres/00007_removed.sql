-- What its writer removed is forgotten after a time, which begins with this upgrade where nobody kept when.
-- +goose Up

ALTER TABLE comments ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;
UPDATE comments SET removed_at = CAST(EXTRACT(EPOCH FROM now()) * 1000000 AS BIGINT) WHERE state = 4;
CREATE INDEX comments_removed ON comments (site_id, removed_at) WHERE state = 4 AND source <> '';
