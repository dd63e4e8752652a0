-- Readers vote for comments; a voter is a keyed hash, '' for those whose hashes were dropped.
-- +goose Up

-- Of one voter n is 1, or 0 when the vote was taken back; changed_at is 0 where the voters are forgotten.
CREATE TABLE votes (
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	voter      BYTEA NOT NULL,
	n          INTEGER NOT NULL,
	changed_at BIGINT NOT NULL,
	CONSTRAINT votes_pk PRIMARY KEY (site_id, comment_id, voter),
	CONSTRAINT votes_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT votes_n CHECK (n >= 0)
);
CREATE INDEX votes_changed ON votes (changed_at, site_id, comment_id);

-- What is shown of them, gathered every few seconds.
ALTER TABLE comments ADD COLUMN votes INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_votes CHECK (votes >= 0);
CREATE INDEX comments_top ON comments (site_id, page_id, votes DESC, path) WHERE shown AND depth = 0;
