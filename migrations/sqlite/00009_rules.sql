-- What a site says beforehand about comments, and whom it blocks or trusts.
-- +goose Up

-- An entry of words a line; bound is of links, or of letters in 100. What was removed can be brought back for a
-- while.
CREATE TABLE rules (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	words      TEXT NOT NULL,
	bound      INTEGER NOT NULL,
	action     TEXT NOT NULL,
	ends_at    INTEGER NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT rules_pk PRIMARY KEY (site_id, id),
	CONSTRAINT rules_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT rules_action CHECK (action IN ('hold', 'suspect'))
) STRICT;

-- A value is a keyed hash, or the name of a domain; comment_id is one of the writer's, or ''.
CREATE TABLE blocks (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	value      TEXT NOT NULL,
	comment_id TEXT NOT NULL,
	trust      INTEGER NOT NULL,
	ends_at    INTEGER NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT blocks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT blocks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT blocks_trust_bool CHECK (trust IN (0, 1))
) STRICT;
