-- Readers report comments, and writers ask for a second look at what was refused.
-- +goose Up

-- settled is the seq of the decision that answered, 0 while it is open; reporter is a keyed hash, NULL once dropped.
CREATE TABLE reports (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	reporter   BLOB,
	reason     INTEGER NOT NULL,
	detail     TEXT NOT NULL,
	settled    INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT reports_pk PRIMARY KEY (site_id, comment_id, id),
	CONSTRAINT reports_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT reports_reason CHECK (reason BETWEEN 1 AND 8)
) STRICT;
CREATE UNIQUE INDEX reports_reporter ON reports (site_id, comment_id, reporter) WHERE reporter IS NOT NULL;
CREATE INDEX reports_settled ON reports (site_id, settled) WHERE settled > 0;
CREATE INDEX reports_age ON reports (created_at);

-- refusal is the seq of the decision that the writer appeals.
CREATE TABLE appeals (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	refusal    INTEGER NOT NULL,
	body       TEXT NOT NULL,
	settled    INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT appeals_pk PRIMARY KEY (site_id, comment_id, refusal),
	CONSTRAINT appeals_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
) STRICT;
CREATE INDEX appeals_settled ON appeals (site_id, settled) WHERE settled > 0;

-- What is open of both: so many reports, and an appeal since.
ALTER TABLE comments ADD COLUMN reports INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_reports CHECK (reports >= 0);
ALTER TABLE comments ADD COLUMN appealed_at INTEGER NOT NULL DEFAULT 0;
CREATE INDEX comments_reported ON comments (site_id, created_at, id) WHERE reports > 0;
CREATE INDEX comments_appealed ON comments (site_id, created_at, id) WHERE appealed_at > 0;
