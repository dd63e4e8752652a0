-- Of a change that readers see, whether all of it is a comment more.
-- +goose Up
ALTER TABLE events ADD COLUMN added INTEGER NOT NULL DEFAULT 0 CONSTRAINT events_added CHECK (added IN (0, shown));
