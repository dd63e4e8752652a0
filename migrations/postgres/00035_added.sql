-- Of a change that readers see, whether all of it is a comment more.
-- +goose Up
ALTER TABLE events ADD COLUMN added BOOLEAN NOT NULL DEFAULT false CONSTRAINT events_added CHECK (NOT added OR shown);
