-- A token that another token added is deleted with it. NULL: a session or the operator added it.
-- +goose Up
ALTER TABLE tokens ADD COLUMN parent_id TEXT CONSTRAINT tokens_parent_fk REFERENCES tokens (id) ON DELETE CASCADE;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tokens', 'tokens_parent', '500 5');
ANALYZE sqlite_schema;
