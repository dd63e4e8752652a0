-- Entries that erase one person's lessons, and what is left of an erased lesson.
-- +goose Up

-- SQLite widens no CHECK in place. The lessons go over first: they refer to decisions.
CREATE TABLE decisions_new (
	site_id    INTEGER NOT NULL,
	seq        INTEGER NOT NULL,
	batch      TEXT NOT NULL,
	comment_id TEXT NOT NULL,
	version    INTEGER NOT NULL,
	account_id TEXT NOT NULL,
	action     INTEGER NOT NULL,
	reason     INTEGER NOT NULL,
	note       TEXT NOT NULL,
	from_state INTEGER NOT NULL,
	to_state   INTEGER NOT NULL,
	before     INTEGER NOT NULL,
	undoes     INTEGER NOT NULL,
	restores   INTEGER NOT NULL,
	score      REAL NOT NULL,
	suggested  INTEGER NOT NULL,
	model_seq  INTEGER NOT NULL,
	lesson     BLOB,
	decided_at INTEGER NOT NULL,
	hash       BLOB NOT NULL,
	kind       INTEGER NOT NULL DEFAULT 0,
	subject    TEXT NOT NULL DEFAULT '',
	lessons    INTEGER NOT NULL DEFAULT 0,
	spam       REAL NOT NULL DEFAULT 0,
	warm       INTEGER NOT NULL DEFAULT 0,
	CONSTRAINT decisions_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT decisions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT decisions_action CHECK (action BETWEEN 0 AND 3),
	CONSTRAINT decisions_reason CHECK (reason BETWEEN 0 AND 8),
	CONSTRAINT decisions_states CHECK (from_state BETWEEN 0 AND 4 AND to_state BETWEEN 0 AND 4),
	CONSTRAINT decisions_order CHECK (seq > 0 AND before < seq AND undoes < seq AND restores < seq),
	CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 4),
	CONSTRAINT decisions_lessons CHECK (lessons >= 0),
	CONSTRAINT decisions_spam CHECK (spam BETWEEN 0 AND 1),
	CONSTRAINT decisions_warm_bool CHECK (warm IN (0, 1))
) STRICT;
INSERT INTO decisions_new
SELECT site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state, to_state,
       before, undoes, restores, score, suggested, model_seq, lesson, decided_at, hash,
       kind, subject, lessons, spam, warm
FROM   decisions;

-- proof is the salted hash of a lesson that was erased for a person, by which the entry that
-- stored it with others still proves these.
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
	proof      BLOB,
	CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq, part),
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions_new (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4),
	CONSTRAINT lessons_standing_bool CHECK (standing IN (0, 1))
) STRICT;
INSERT INTO lessons_new
SELECT site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn, NULL
FROM   lessons;

DROP TABLE lessons;
DROP TABLE decisions;
ALTER TABLE decisions_new RENAME TO decisions;
ALTER TABLE lessons_new RENAME TO lessons;
-- What is taken back is taken back once.
CREATE UNIQUE INDEX decisions_undoes ON decisions (site_id, undoes) WHERE undoes > 0;
CREATE INDEX decisions_comment ON decisions (site_id, comment_id, seq);
CREATE INDEX decisions_batch ON decisions (site_id, batch, seq);
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;
-- How many lessons of a kind count.
CREATE INDEX lessons_label ON lessons (site_id, label, seq) WHERE standing AND withdrawn = 0;

-- What one entry took out of the model, and the entries that took lessons over.
CREATE INDEX lessons_withdrawn ON lessons (site_id, withdrawn, seq, part) WHERE withdrawn > 0;
CREATE INDEX decisions_copies ON decisions (site_id, seq) WHERE kind = 2;
