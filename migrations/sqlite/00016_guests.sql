-- Readers show who they are by a word of the site: what its secret is made from, and which names are somebody's.
-- +goose Up

CREATE TABLE sso_salts (
	site_id INTEGER NOT NULL,
	salt    BLOB NOT NULL,
	set_at  INTEGER NOT NULL,
	CONSTRAINT sso_salts_pk PRIMARY KEY (site_id),
	CONSTRAINT sso_salts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- seen is a keyed hash of a name as a reader sees it.
CREATE TABLE verified_names (
	site_id INTEGER NOT NULL,
	seen    BLOB NOT NULL,
	seen_at INTEGER NOT NULL,
	CONSTRAINT verified_names_pk PRIMARY KEY (site_id, seen),
	CONSTRAINT verified_names_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX verified_names_age ON verified_names (seen_at);

ALTER TABLE comments ADD COLUMN verified INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_verified_bool CHECK (verified IN (0, 1));
UPDATE comments SET verified = 1 WHERE account_id <> '';
