-- Sites publish what they refused as spam for others, and read what others did.
-- +goose Up

-- generated_at to taken_at are of the list that was taken last, tried_at and failure of the last attempt.
CREATE TABLE neighbours (
	site_id      INTEGER NOT NULL,
	id           TEXT NOT NULL,
	url          TEXT NOT NULL,
	public_key   TEXT NOT NULL,
	weight       REAL NOT NULL,
	account_id   TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	theirs       TEXT NOT NULL,
	generated_at INTEGER NOT NULL,
	campaigns    INTEGER NOT NULL,
	hosts        INTEGER NOT NULL,
	taken_at     INTEGER NOT NULL,
	tried_at     INTEGER NOT NULL,
	failure      TEXT NOT NULL,
	CONSTRAINT neighbours_pk PRIMARY KEY (site_id, id),
	CONSTRAINT neighbours_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE UNIQUE INDEX neighbours_url ON neighbours (site_id, url);

-- neighbour_id is '' for the list that the site itself publishes.
CREATE TABLE neighbour_lists (
	site_id      INTEGER NOT NULL,
	neighbour_id TEXT NOT NULL,
	generated_at INTEGER NOT NULL,
	body         BLOB NOT NULL,
	CONSTRAINT neighbour_lists_pk PRIMARY KEY (site_id, neighbour_id),
	CONSTRAINT neighbour_lists_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
