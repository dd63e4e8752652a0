-- Who writes under an identity signs out everywhere on a site at once: what was given to them before is void.
-- +goose Up

-- subject is a keyed hash of who it was.
CREATE TABLE signouts (
	site_id BIGINT NOT NULL,
	subject BYTEA NOT NULL,
	at      BIGINT NOT NULL,
	CONSTRAINT signouts_pk PRIMARY KEY (site_id, subject),
	CONSTRAINT signouts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX signouts_age ON signouts (at);
