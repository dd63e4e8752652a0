-- The queue over all sites of an account.
-- +goose Up

-- One queue over all sites: by age and by risk, per state. Sites may have comments with the same ID.
CREATE INDEX comments_all_age ON comments (state, created_at, id, site_id);
CREATE INDEX comments_all_risk ON comments (state, score, id, site_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('comments', 'comments_all_age', '20000 4000 1 1 1'),
	('comments', 'comments_all_risk', '20000 4000 40 1 1');
ANALYZE sqlite_schema;
