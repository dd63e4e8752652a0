-- What models are made of: snapshots, entries about no comment, lessons copied and withdrawn.
-- +goose Up

-- kind 0 is a decision on a comment. subject is the account that a withdrawal is about, the key
-- of the site that lessons were copied from, or the time before which they were retired.
ALTER TABLE decisions ADD COLUMN kind INTEGER NOT NULL DEFAULT 0
	CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 3);
ALTER TABLE decisions ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE decisions ADD COLUMN lessons INTEGER NOT NULL DEFAULT 0
	CONSTRAINT decisions_lessons CHECK (lessons >= 0);

-- One entry may store many lessons: part numbers them. withdrawn is the entry that took a
-- lesson out of the model whatever becomes of its decision, or 0.
CREATE TABLE lessons_new (
	site_id    INTEGER NOT NULL,
	seq        INTEGER NOT NULL,
	part       INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	label      INTEGER NOT NULL,
	body       TEXT NOT NULL,
	author     TEXT NOT NULL,
	email      TEXT NOT NULL,
	url        TEXT NOT NULL,
	salt       BLOB NOT NULL,
	standing   INTEGER NOT NULL,
	withdrawn  INTEGER NOT NULL,
	CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq, part),
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4),
	CONSTRAINT lessons_standing_bool CHECK (standing IN (0, 1))
) STRICT;
INSERT INTO lessons_new
SELECT site_id, seq, 0, comment_id, label, body, author, email, url, salt, standing, 0
FROM   lessons;
DROP TABLE lessons;
ALTER TABLE lessons_new RENAME TO lessons;
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;

-- Models as they were at places of the log. One counts until an entry after as_of changes
-- which of the lessons up to seq stand.
CREATE TABLE model_snapshots (
	site_id INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	as_of   INTEGER NOT NULL,
	model   BLOB NOT NULL,
	sum     BLOB NOT NULL,
	CONSTRAINT model_snapshots_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT model_snapshots_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT model_snapshots_order CHECK (seq > 0 AND as_of >= seq)
) STRICT;
