-- The queue over all sites of an account, and daily digests.
-- +goose Up

-- One queue over all sites: by age and by risk, per state. Sites may have comments with the same ID.
CREATE INDEX comments_all_age ON comments (state, created_at, id, site_id);
CREATE INDEX comments_all_risk ON comments (state, score, id, site_id);

INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('comments', 'comments_all_age', '20000 4000 1 1 1'),
	('comments', 'comments_all_risk', '20000 4000 40 1 1');
ANALYZE sqlite_schema;

-- The daily digest is a fourth choice. SQLite changes the check of a column by replacing the column.
ALTER TABLE accounts ADD COLUMN mails INTEGER NOT NULL DEFAULT 0 CONSTRAINT accounts_mail CHECK (mails BETWEEN 0 AND 3);
UPDATE accounts SET mails = mail;
ALTER TABLE accounts DROP COLUMN mail;
ALTER TABLE accounts RENAME COLUMN mails TO mail;
