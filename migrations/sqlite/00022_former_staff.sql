-- A site that comes from another installation says who acted on it there: names, without an account here.
-- +goose Up

CREATE TABLE former_staff (
	site_id INTEGER NOT NULL,
	id      TEXT NOT NULL,
	name    TEXT NOT NULL,
	CONSTRAINT former_staff_pk PRIMARY KEY (site_id, id),
	CONSTRAINT former_staff_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_staff_id ON former_staff (id);
