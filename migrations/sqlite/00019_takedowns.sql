-- Courts, authorities, companies and persons demand that comments, or a page, be withheld.
-- +goose Up

-- seq is the demand's entry of the log, and end_seq the one by which it ended, 0 while it stands; until_at is 0 for good.
CREATE TABLE takedowns (
	site_id     INTEGER NOT NULL,
	id          TEXT NOT NULL,
	seq         INTEGER NOT NULL,
	page_id     TEXT,
	demanded_by TEXT NOT NULL,
	kind        TEXT NOT NULL,
	law         TEXT NOT NULL,
	country     TEXT NOT NULL,
	reference   TEXT NOT NULL,
	public      TEXT NOT NULL,
	received_at INTEGER NOT NULL,
	until_at    INTEGER NOT NULL,
	comments    INTEGER NOT NULL,
	salt        TEXT NOT NULL,
	account_id  TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL,
	end_seq     INTEGER NOT NULL,
	ended_by    TEXT NOT NULL,
	why         TEXT NOT NULL,
	CONSTRAINT takedowns_pk PRIMARY KEY (site_id, id),
	CONSTRAINT takedowns_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT takedowns_page_fk FOREIGN KEY (site_id, page_id) REFERENCES pages (site_id, id),
	CONSTRAINT takedowns_kind CHECK (kind IN ('court', 'authority', 'company', 'person', 'other')),
	CONSTRAINT takedowns_public CHECK (public IN ('full', 'unnamed', 'sealed') AND (kind <> 'person' OR public <> 'full'))
) STRICT;
CREATE UNIQUE INDEX takedowns_order ON takedowns (site_id, seq);
CREATE INDEX takedowns_page ON takedowns (site_id, page_id) WHERE page_id IS NOT NULL;
CREATE INDEX takedowns_until ON takedowns (until_at) WHERE until_at > 0 AND ended_at = 0;

CREATE TABLE takedown_comments (
	site_id     INTEGER NOT NULL,
	takedown_id TEXT NOT NULL,
	comment_id  TEXT NOT NULL,
	CONSTRAINT takedown_comments_pk PRIMARY KEY (site_id, takedown_id, comment_id),
	CONSTRAINT takedown_comments_takedown_fk FOREIGN KEY (site_id, takedown_id) REFERENCES takedowns (site_id, id),
	CONSTRAINT takedown_comments_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX takedown_comments_comment ON takedown_comments (site_id, comment_id);

-- What readers are told, as JSON; NULL where nothing is withheld.
ALTER TABLE comments ADD COLUMN withheld TEXT;
ALTER TABLE pages ADD COLUMN withheld TEXT;
CREATE INDEX comments_withheld ON comments (site_id, page_id, state) WHERE withheld IS NOT NULL;
