-- What moderators note about writers, for one another.
-- +goose Up

-- comment_id is the comment at which it was noted. A note goes with the last comment of its writer; what was removed
-- can be brought back for a while.
CREATE TABLE writer_notes (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	writer     BLOB NOT NULL,
	comment_id TEXT NOT NULL,
	body       TEXT NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT writer_notes_pk PRIMARY KEY (site_id, id),
	CONSTRAINT writer_notes_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE INDEX writer_notes_writer ON writer_notes (site_id, writer);
