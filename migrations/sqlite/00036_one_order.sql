-- One index has the threads of a page from either end.
-- +goose Up
DROP INDEX comments_newest;
DROP INDEX comments_thread;
CREATE INDEX comments_thread ON comments (site_id, page_id, root, path) WHERE shown;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('comments', 'comments_thread', '4004 2002 21 1 1');
ANALYZE sqlite_schema;
