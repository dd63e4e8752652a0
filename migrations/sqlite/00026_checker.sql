-- A service outside is asked about comments that wait, where a site's owner named one.
-- +goose Up

-- What is known of a site's checker besides its settings. secret is sealed; NULL: it asks for none.
CREATE TABLE checkers (
	site_id     INTEGER NOT NULL,
	secret      BLOB,
	failures    INTEGER NOT NULL,
	failed_at   INTEGER NOT NULL,
	failure     TEXT NOT NULL,
	retry_at    INTEGER NOT NULL,
	answered_at INTEGER NOT NULL,
	CONSTRAINT checkers_pk PRIMARY KEY (site_id),
	CONSTRAINT checkers_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- Comments that it is to be asked about.
CREATE TABLE checks (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	asked_at   INTEGER NOT NULL,
	CONSTRAINT checks_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT checks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE INDEX checks_age ON checks (site_id, asked_at);
