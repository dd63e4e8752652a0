-- Entries that erase one person's lessons, and what is left of an erased lesson.
-- +goose Up

ALTER TABLE decisions
	DROP CONSTRAINT decisions_kind,
	ADD CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 4);

-- proof is the salted hash of a lesson that was erased for a person, by which the entry that
-- stored it with others still proves these.
ALTER TABLE lessons ADD COLUMN proof BYTEA;

-- What one entry took out of the model, and the entries that took lessons over.
CREATE INDEX lessons_withdrawn ON lessons (site_id, withdrawn, seq, part) WHERE withdrawn > 0;
CREATE INDEX decisions_copies ON decisions (site_id, seq) WHERE kind = 2;
