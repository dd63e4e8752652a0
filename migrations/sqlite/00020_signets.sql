-- Sites sign lists with keys of their own; and copies of a site that were made for plain web hosts.
-- +goose Up

-- sealed is the seed of the private half, under the service's secret.
CREATE TABLE signets (
	site_id INTEGER NOT NULL,
	public  BLOB NOT NULL,
	sealed  BLOB NOT NULL,
	made_at INTEGER NOT NULL,
	CONSTRAINT signets_pk PRIMARY KEY (site_id),
	CONSTRAINT signets_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- When they were made: what was withheld later may stand in them.
CREATE TABLE site_copies (
	site_id INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	CONSTRAINT site_copies_pk PRIMARY KEY (site_id, made_at),
	CONSTRAINT site_copies_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
