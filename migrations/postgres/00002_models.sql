-- What models are made of: snapshots, entries about no comment, lessons copied and withdrawn.
-- +goose Up

-- kind 0 is a decision on a comment. subject is the account that a withdrawal is about, the key
-- of the site that lessons were copied from, or the time before which they were retired.
ALTER TABLE decisions
	ADD COLUMN kind    SMALLINT NOT NULL DEFAULT 0,
	ADD COLUMN subject TEXT COLLATE "C" NOT NULL DEFAULT '',
	ADD COLUMN lessons INTEGER NOT NULL DEFAULT 0,
	ADD CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 3),
	ADD CONSTRAINT decisions_lessons CHECK (lessons >= 0);

-- One entry may store many lessons: part numbers them. withdrawn is the entry that took a
-- lesson out of the model whatever becomes of its decision, or 0.
ALTER TABLE lessons
	ADD COLUMN part      INTEGER NOT NULL DEFAULT 0,
	ADD COLUMN withdrawn BIGINT NOT NULL DEFAULT 0,
	DROP CONSTRAINT lessons_pk,
	ADD CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq, part);
DROP INDEX lessons_standing;
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;

-- Models as they were at places of the log. One counts until an entry after as_of changes
-- which of the lessons up to seq stand.
CREATE TABLE model_snapshots (
	site_id BIGINT NOT NULL,
	seq     BIGINT NOT NULL,
	as_of   BIGINT NOT NULL,
	model   BYTEA NOT NULL,
	sum     BYTEA NOT NULL,
	CONSTRAINT model_snapshots_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT model_snapshots_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT model_snapshots_order CHECK (seq > 0 AND as_of >= seq)
);
