-- What a site says beforehand about comments, and whom it blocks or trusts.
-- +goose Up

-- An entry of words a line; bound is of links, or of letters in 100. What was removed can be brought back for a
-- while.
CREATE TABLE rules (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	words      TEXT COLLATE "C" NOT NULL,
	bound      INTEGER NOT NULL,
	action     TEXT COLLATE "C" NOT NULL,
	ends_at    BIGINT NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT rules_pk PRIMARY KEY (site_id, id),
	CONSTRAINT rules_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT rules_action CHECK (action IN ('hold', 'suspect'))
);

-- A value is a keyed hash, or the name of a domain; comment_id is one of the writer's, or ''.
CREATE TABLE blocks (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	value      TEXT COLLATE "C" NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	trust      BOOLEAN NOT NULL,
	ends_at    BIGINT NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT blocks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT blocks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
