-- A token that another token added is deleted with it. NULL: a session or the operator added it.
-- +goose Up
ALTER TABLE tokens ADD COLUMN parent_id TEXT COLLATE "C" CONSTRAINT tokens_parent_fk REFERENCES tokens (id) ON DELETE CASCADE;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
