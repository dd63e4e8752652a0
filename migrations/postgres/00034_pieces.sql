-- A large model's snapshot is written a piece at a time: others write between. The last piece is the snapshot's own.
-- +goose Up
CREATE TABLE model_pieces (
	site_id BIGINT NOT NULL,
	seq     BIGINT NOT NULL,
	as_of   BIGINT NOT NULL,
	piece   INTEGER NOT NULL,
	model   BYTEA NOT NULL,
	CONSTRAINT model_pieces_pk PRIMARY KEY (site_id, seq, as_of, piece),
	CONSTRAINT model_pieces_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT model_pieces_order CHECK (seq > 0 AND as_of >= seq AND piece >= 0)
);
