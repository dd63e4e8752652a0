-- Mails to moderators: what each account wants to be told, the mails that wait or went, and what their links stand for.
-- +goose Up

-- mail is 0 none, 1 each, 2 digest; mail_lang is '' until one was chosen.
ALTER TABLE accounts ADD COLUMN mail SMALLINT NOT NULL DEFAULT 0 CONSTRAINT accounts_mail CHECK (mail BETWEEN 0 AND 2);
ALTER TABLE accounts ADD COLUMN mail_from DOUBLE PRECISION NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN mail_lang TEXT COLLATE "C" NOT NULL DEFAULT '';

-- comments is a JSON array of ids, more counts those that are not in it. Whoever sends has the mail until taken_until;
-- handed_at is when its text began to leave, ended_at when nothing is left to do.
CREATE TABLE mails (
	site_id     BIGINT NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	account_id  TEXT COLLATE "C" NOT NULL,
	kind        TEXT COLLATE "C" NOT NULL,
	comments    TEXT COLLATE "C" NOT NULL,
	more        INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	outcome     TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT NOT NULL,
	due_at      BIGINT NOT NULL,
	taken_until BIGINT NOT NULL,
	handed_at   BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL,
	CONSTRAINT mails_pk PRIMARY KEY (site_id, id),
	CONSTRAINT mails_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT mails_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX mails_due ON mails (due_at) WHERE ended_at = 0;
CREATE INDEX mails_account ON mails (account_id, site_id, kind, created_at);
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at > 0;

-- A link without a comment is for one's choice of mail alone.
CREATE TABLE mail_links (
	hash       BYTEA NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	version    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL,
	CONSTRAINT mail_links_pk PRIMARY KEY (hash),
	CONSTRAINT mail_links_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT mail_links_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX mail_links_account ON mail_links (account_id);
CREATE INDEX mail_links_expiry ON mail_links (expires_at);
