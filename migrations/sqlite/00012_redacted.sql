-- A part of a comment's text may be taken out, and put back while it is kept.
-- +goose Up

ALTER TABLE comments ADD COLUMN redacted_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE comments ADD COLUMN redacted_why TEXT NOT NULL DEFAULT '';
ALTER TABLE comments ADD COLUMN kept TEXT NOT NULL DEFAULT '[]';
CREATE INDEX comments_kept ON comments (site_id, redacted_at) WHERE kept <> '[]';
