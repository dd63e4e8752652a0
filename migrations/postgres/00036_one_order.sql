-- One index has the threads of a page from either end.
-- +goose Up
DROP INDEX comments_newest;
DROP INDEX comments_thread;
CREATE INDEX comments_thread ON comments (site_id, page_id, root, path) WHERE shown;
