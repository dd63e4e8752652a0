-- Readers by mail: codes that prove an address, who is to be told of a comment, and the mails that wait or went.
-- +goose Up

-- mailbox is a keyed hash of an address, the same on all sites. The code is not kept: it is made of the letter's id.
CREATE TABLE mail_codes (
	site_id   INTEGER NOT NULL,
	mailbox   BLOB NOT NULL,
	letter_id TEXT NOT NULL,
	tries     INTEGER NOT NULL,
	made_at   INTEGER NOT NULL,
	CONSTRAINT mail_codes_pk PRIMARY KEY (site_id, mailbox),
	CONSTRAINT mail_codes_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_codes_age ON mail_codes (made_at);

-- How many mails of a kind an address was to get since a time; site_id is 0 for those of all sites.
CREATE TABLE mail_counts (
	site_id INTEGER NOT NULL,
	mailbox BLOB NOT NULL,
	kind    TEXT NOT NULL,
	sent    INTEGER NOT NULL,
	since   INTEGER NOT NULL,
	CONSTRAINT mail_counts_pk PRIMARY KEY (site_id, mailbox, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_age ON mail_counts (since);

-- confirmed_at is 0 until whoever has the address said yes.
CREATE TABLE subscriptions (
	site_id      INTEGER NOT NULL,
	comment_id   TEXT NOT NULL,
	mailbox      BLOB NOT NULL,
	lang         TEXT NOT NULL,
	asked_at     INTEGER NOT NULL,
	confirmed_at INTEGER NOT NULL,
	CONSTRAINT subscriptions_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT subscriptions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX subscriptions_mailbox ON subscriptions (site_id, mailbox);

-- Who wants no mail from a site, and is not asked again.
CREATE TABLE mail_stops (
	site_id    INTEGER NOT NULL,
	mailbox    BLOB NOT NULL,
	stopped_at INTEGER NOT NULL,
	CONSTRAINT mail_stops_pk PRIMARY KEY (site_id, mailbox),
	CONSTRAINT mail_stops_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;

-- Mails to readers, as mails are those to accounts. address is '' once the mail has ended.
CREATE TABLE letters (
	site_id     INTEGER NOT NULL,
	id          TEXT NOT NULL,
	mailbox     BLOB NOT NULL,
	address     TEXT NOT NULL,
	lang        TEXT NOT NULL,
	kind        TEXT NOT NULL,
	comments    TEXT NOT NULL,
	more        INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	outcome     TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	due_at      INTEGER NOT NULL,
	taken_until INTEGER NOT NULL,
	handed_at   INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL,
	CONSTRAINT letters_pk PRIMARY KEY (site_id, id),
	CONSTRAINT letters_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE INDEX letters_due ON letters (due_at) WHERE ended_at = 0;
CREATE INDEX letters_mailbox ON letters (site_id, mailbox, kind, created_at);
CREATE INDEX letters_ended ON letters (ended_at) WHERE ended_at > 0;
