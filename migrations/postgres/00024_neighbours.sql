-- Sites publish what they refused as spam for others, and read what others did.
-- +goose Up

-- generated_at to taken_at are of the list that was taken last, tried_at and failure of the last attempt.
CREATE TABLE neighbours (
	site_id      BIGINT NOT NULL,
	id           TEXT COLLATE "C" NOT NULL,
	url          TEXT COLLATE "C" NOT NULL,
	public_key   TEXT COLLATE "C" NOT NULL,
	weight       DOUBLE PRECISION NOT NULL,
	account_id   TEXT COLLATE "C" NOT NULL,
	created_at   BIGINT NOT NULL,
	theirs       TEXT COLLATE "C" NOT NULL,
	generated_at BIGINT NOT NULL,
	campaigns    INTEGER NOT NULL,
	hosts        INTEGER NOT NULL,
	taken_at     BIGINT NOT NULL,
	tried_at     BIGINT NOT NULL,
	failure      TEXT COLLATE "C" NOT NULL,
	CONSTRAINT neighbours_pk PRIMARY KEY (site_id, id),
	CONSTRAINT neighbours_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE UNIQUE INDEX neighbours_url ON neighbours (site_id, url);

-- neighbour_id is '' for the list that the site itself publishes.
CREATE TABLE neighbour_lists (
	site_id      BIGINT NOT NULL,
	neighbour_id TEXT COLLATE "C" NOT NULL,
	generated_at BIGINT NOT NULL,
	body         BYTEA NOT NULL,
	CONSTRAINT neighbour_lists_pk PRIMARY KEY (site_id, neighbour_id),
	CONSTRAINT neighbour_lists_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
