-- Other programs ask what comments are, teach, and are told what happens.
-- +goose Up

-- What another program asked, as a keyed hash and a fingerprint; label is 0, or what it taught: 1 ham, 2 spam.
CREATE TABLE inquiries (
	site_id  INTEGER NOT NULL,
	hash     BLOB NOT NULL,
	print    BLOB NOT NULL,
	times    INTEGER NOT NULL,
	label    INTEGER NOT NULL,
	asked_at INTEGER NOT NULL,
	CONSTRAINT inquiries_pk PRIMARY KEY (site_id, hash),
	CONSTRAINT inquiries_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT inquiries_label CHECK (label BETWEEN 0 AND 2)
) STRICT;
CREATE INDEX inquiries_label ON inquiries (site_id, label, asked_at) WHERE label > 0;
CREATE INDEX inquiries_age ON inquiries (asked_at);

-- url is sealed; events is a JSON array. A receiver that failed so many times in a row is tried again at retry_at.
CREATE TABLE webhooks (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	url        BLOB NOT NULL,
	events     TEXT NOT NULL,
	account_id TEXT NOT NULL,
	failures   INTEGER NOT NULL,
	failed_at  INTEGER NOT NULL,
	failure    TEXT NOT NULL,
	retry_at   INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT webhooks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT webhooks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- Whoever sends has the delivery until taken_until; it has ended when it was taken, or given up.
CREATE TABLE deliveries (
	site_id     INTEGER NOT NULL,
	webhook_id  TEXT NOT NULL,
	id          TEXT NOT NULL,
	event       TEXT NOT NULL,
	comment_id  TEXT NOT NULL,
	seq         INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	outcome     TEXT NOT NULL,
	happened_at INTEGER NOT NULL,
	due_at      INTEGER NOT NULL,
	taken_until INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL,
	CONSTRAINT deliveries_pk PRIMARY KEY (site_id, webhook_id, id),
	CONSTRAINT deliveries_webhook_fk FOREIGN KEY (site_id, webhook_id) REFERENCES webhooks (site_id, id)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (site_id, webhook_id, due_at) WHERE ended_at = 0;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at > 0;

-- An entry may be a lesson that was sent. SQLite widens no CHECK in place: here it has room for more kinds. The
-- lessons go over first: they refer to decisions.
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
	CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 9),
	CONSTRAINT decisions_lessons CHECK (lessons >= 0),
	CONSTRAINT decisions_spam CHECK (spam BETWEEN 0 AND 1),
	CONSTRAINT decisions_warm_bool CHECK (warm IN (0, 1))
) STRICT;
INSERT INTO decisions_new
SELECT site_id, seq, batch, comment_id, version, account_id, action, reason, note, from_state,
       to_state, before, undoes, restores, score, suggested, model_seq, lesson, decided_at, hash,
       kind, subject, lessons, spam, warm
FROM   decisions;
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
SELECT site_id, seq, part, comment_id, label, body, author, email, url, salt, standing, withdrawn,
       proof
FROM   lessons;
DROP TABLE lessons;
DROP TABLE decisions;
ALTER TABLE decisions_new RENAME TO decisions;
ALTER TABLE lessons_new RENAME TO lessons;
CREATE UNIQUE INDEX decisions_undoes ON decisions (site_id, undoes) WHERE undoes > 0;
CREATE INDEX decisions_comment ON decisions (site_id, comment_id, seq);
CREATE INDEX decisions_batch ON decisions (site_id, batch, seq);
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;
CREATE INDEX lessons_label ON lessons (site_id, label, seq) WHERE standing AND withdrawn = 0;
CREATE INDEX lessons_withdrawn ON lessons (site_id, withdrawn, seq, part) WHERE withdrawn > 0;
CREATE INDEX decisions_copies ON decisions (site_id, seq) WHERE kind = 2;
