-- A site that comes from another installation says who acted on it there: names, without an account here.
-- +goose Up

CREATE TABLE former_staff (
	site_id BIGINT NOT NULL,
	id      TEXT COLLATE "C" NOT NULL,
	name    TEXT COLLATE "C" NOT NULL,
	CONSTRAINT former_staff_pk PRIMARY KEY (site_id, id),
	CONSTRAINT former_staff_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX former_staff_id ON former_staff (id);
