-- Other programs ask what comments are, teach, and are told what happens.
-- +goose Up

-- What another program asked, as a keyed hash and a fingerprint; label is 0, or what it taught: 1 ham, 2 spam.
CREATE TABLE inquiries (
	site_id  BIGINT NOT NULL,
	hash     BYTEA NOT NULL,
	print    BYTEA NOT NULL,
	times    INTEGER NOT NULL,
	label    INTEGER NOT NULL,
	asked_at BIGINT NOT NULL,
	CONSTRAINT inquiries_pk PRIMARY KEY (site_id, hash),
	CONSTRAINT inquiries_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT inquiries_label CHECK (label BETWEEN 0 AND 2)
);
CREATE INDEX inquiries_label ON inquiries (site_id, label, asked_at) WHERE label > 0;
CREATE INDEX inquiries_age ON inquiries (asked_at);

-- url is sealed; events is a JSON array. A receiver that failed so many times in a row is tried again at retry_at.
CREATE TABLE webhooks (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	url        BYTEA NOT NULL,
	events     TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	failures   INTEGER NOT NULL,
	failed_at  BIGINT NOT NULL,
	failure    TEXT COLLATE "C" NOT NULL,
	retry_at   BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT webhooks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT webhooks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Whoever sends has the delivery until taken_until; it has ended when it was taken, or given up.
CREATE TABLE deliveries (
	site_id     BIGINT NOT NULL,
	webhook_id  TEXT COLLATE "C" NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	event       TEXT COLLATE "C" NOT NULL,
	comment_id  TEXT COLLATE "C" NOT NULL,
	seq         BIGINT NOT NULL,
	tries       INTEGER NOT NULL,
	outcome     TEXT COLLATE "C" NOT NULL,
	happened_at BIGINT NOT NULL,
	due_at      BIGINT NOT NULL,
	taken_until BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL,
	CONSTRAINT deliveries_pk PRIMARY KEY (site_id, webhook_id, id),
	CONSTRAINT deliveries_webhook_fk FOREIGN KEY (site_id, webhook_id) REFERENCES webhooks (site_id, id)
);
CREATE INDEX deliveries_due ON deliveries (site_id, webhook_id, due_at) WHERE ended_at = 0;
CREATE INDEX deliveries_ended ON deliveries (ended_at) WHERE ended_at > 0;

-- An entry may be a lesson that was sent. There is room for more kinds.
ALTER TABLE decisions
	DROP CONSTRAINT decisions_kind,
	ADD CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 9);
