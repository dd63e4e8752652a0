-- What the queue and the feed of a page show stands in their order. (SQLite has statistics of its own besides.)
-- +goose Up
DROP INDEX comments_page;
CREATE INDEX comments_page ON comments (site_id, page_id, state, created_at, id);
