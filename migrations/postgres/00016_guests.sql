-- Readers show who they are by a word of the site: what its secret is made from, and which names are somebody's.
-- +goose Up

CREATE TABLE sso_salts (
	site_id BIGINT NOT NULL,
	salt    BYTEA NOT NULL,
	set_at  BIGINT NOT NULL,
	CONSTRAINT sso_salts_pk PRIMARY KEY (site_id),
	CONSTRAINT sso_salts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- seen is a keyed hash of a name as a reader sees it.
CREATE TABLE verified_names (
	site_id BIGINT NOT NULL,
	seen    BYTEA NOT NULL,
	seen_at BIGINT NOT NULL,
	CONSTRAINT verified_names_pk PRIMARY KEY (site_id, seen),
	CONSTRAINT verified_names_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX verified_names_age ON verified_names (seen_at);

ALTER TABLE comments ADD COLUMN verified BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE comments SET verified = TRUE WHERE account_id <> '';
