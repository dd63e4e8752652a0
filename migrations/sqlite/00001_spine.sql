-- The spine: sites, people, comments, their decisions and lessons, events, repeated POSTs.
-- +goose Up

-- Times are microseconds since 1970, 0 where there is none. Numbers of enumerations are those
-- of package moderation.

CREATE TABLE meta (
	name  TEXT NOT NULL,
	value BLOB NOT NULL,
	CONSTRAINT meta_pk PRIMARY KEY (name)
) STRICT;

-- AUTOINCREMENT: the number of a removed site is never given again.
CREATE TABLE sites (
	id         INTEGER NOT NULL CONSTRAINT sites_pk PRIMARY KEY AUTOINCREMENT,
	key        TEXT NOT NULL,
	name       TEXT NOT NULL,
	origins    TEXT NOT NULL,
	settings   TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT sites_key_filled CHECK (key <> '')
) STRICT;
CREATE UNIQUE INDEX sites_key ON sites (key);

CREATE TABLE pages (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	url        TEXT NOT NULL,
	title      TEXT NOT NULL,
	open       INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT pages_pk PRIMARY KEY (site_id, id),
	CONSTRAINT pages_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT pages_open_bool CHECK (open IN (0, 1)),
	CONSTRAINT pages_url_length CHECK (octet_length(url) BETWEEN 1 AND 2048)
) STRICT;
CREATE UNIQUE INDEX pages_url ON pages (site_id, url);
CREATE INDEX pages_age ON pages (site_id, created_at, id);

CREATE TABLE comments (
	site_id          INTEGER NOT NULL,
	id               TEXT NOT NULL,
	page_id          TEXT NOT NULL,
	parent_id        TEXT,
	depth            INTEGER NOT NULL,
	path             TEXT NOT NULL,
	root             TEXT NOT NULL,
	state            INTEGER NOT NULL,
	version          INTEGER NOT NULL,
	name             TEXT NOT NULL,
	email            TEXT NOT NULL,
	website          TEXT NOT NULL,
	account_id       TEXT NOT NULL,
	badge            TEXT NOT NULL,
	source           TEXT NOT NULL,
	html             TEXT NOT NULL,
	markup           INTEGER NOT NULL,
	lang             TEXT NOT NULL,
	reason           INTEGER NOT NULL,
	note             TEXT NOT NULL,
	writer           BLOB,
	address          BLOB,
	same             BLOB,
	submissions      INTEGER NOT NULL,
	score            REAL NOT NULL,
	suggested        INTEGER NOT NULL,
	suggested_reason INTEGER NOT NULL,
	signals          TEXT NOT NULL,
	spam             REAL NOT NULL,
	warm             INTEGER NOT NULL,
	model_seq        INTEGER NOT NULL,
	standing         INTEGER NOT NULL,
	shown_replies    INTEGER NOT NULL,
	shown            INTEGER NOT NULL,
	trap             INTEGER NOT NULL,
	form_age         INTEGER NOT NULL,
	search           TEXT NOT NULL,
	created_at       INTEGER NOT NULL,
	edited_at        INTEGER NOT NULL,
	decided_at       INTEGER NOT NULL,
	edit_until       INTEGER NOT NULL,
	CONSTRAINT comments_pk PRIMARY KEY (site_id, id),
	CONSTRAINT comments_page_fk FOREIGN KEY (site_id, page_id) REFERENCES pages (site_id, id),
	CONSTRAINT comments_parent_fk FOREIGN KEY (site_id, parent_id) REFERENCES comments (site_id, id),
	CONSTRAINT comments_depth CHECK ((depth = 0) = (parent_id IS NULL)),
	CONSTRAINT comments_root CHECK (length(root) = 16 AND root = substr(path, 1, 16)),
	CONSTRAINT comments_state CHECK (state BETWEEN 0 AND 4),
	CONSTRAINT comments_version CHECK (version > 0),
	CONSTRAINT comments_reason CHECK (reason BETWEEN 0 AND 8),
	CONSTRAINT comments_suggested CHECK (suggested BETWEEN 0 AND 3),
	CONSTRAINT comments_submissions CHECK (submissions > 0),
	CONSTRAINT comments_score CHECK (score BETWEEN 0 AND 1),
	CONSTRAINT comments_shown_replies CHECK (shown_replies >= 0),
	CONSTRAINT comments_bool CHECK (warm IN (0, 1) AND shown IN (0, 1) AND trap IN (0, 1))
) STRICT;
-- The same again: exactly one first.
CREATE UNIQUE INDEX comments_same ON comments (site_id, same) WHERE same IS NOT NULL;
-- The queue by age and by risk; a state's rows stand together.
CREATE INDEX comments_age ON comments (site_id, state, created_at, id);
CREATE INDEX comments_risk ON comments (site_id, state, score, id);
-- What readers see of a page, by both orders of its roots.
CREATE INDEX comments_thread ON comments (site_id, page_id, path) WHERE shown;
CREATE INDEX comments_newest ON comments (site_id, page_id, root DESC, path) WHERE shown;
CREATE INDEX comments_page ON comments (site_id, page_id, state);
CREATE INDEX comments_parent ON comments (site_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_writer ON comments (site_id, writer, state, created_at) WHERE writer IS NOT NULL;

-- The end of each site's log; its row is the lock under which decisions are numbered.
CREATE TABLE heads (
	site_id INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	hash    BLOB,
	CONSTRAINT heads_pk PRIMARY KEY (site_id),
	CONSTRAINT heads_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT heads_seq CHECK (seq >= 0 AND (seq = 0) = (hash IS NULL))
) STRICT;

CREATE TABLE decisions (
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
	CONSTRAINT decisions_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT decisions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT decisions_action CHECK (action BETWEEN 0 AND 3),
	CONSTRAINT decisions_reason CHECK (reason BETWEEN 0 AND 8),
	CONSTRAINT decisions_states CHECK (from_state BETWEEN 0 AND 4 AND to_state BETWEEN 0 AND 4),
	CONSTRAINT decisions_order CHECK (seq > 0 AND before < seq AND undoes < seq AND restores < seq)
) STRICT;
-- What is taken back is taken back once.
CREATE UNIQUE INDEX decisions_undoes ON decisions (site_id, undoes) WHERE undoes > 0;
CREATE INDEX decisions_comment ON decisions (site_id, comment_id, seq);
CREATE INDEX decisions_batch ON decisions (site_id, batch, seq);

CREATE TABLE lessons (
	site_id    INTEGER NOT NULL,
	seq        INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	label      INTEGER NOT NULL,
	body       TEXT NOT NULL,
	author     TEXT NOT NULL,
	email      TEXT NOT NULL,
	url        TEXT NOT NULL,
	salt       BLOB NOT NULL,
	standing   INTEGER NOT NULL,
	CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4),
	CONSTRAINT lessons_standing_bool CHECK (standing IN (0, 1))
) STRICT;
CREATE INDEX lessons_standing ON lessons (site_id, seq) WHERE standing;

-- What followers read. SQLite has one writer, so its numbers come in the order of commits;
-- xid is Postgres's.
CREATE TABLE events (
	id         INTEGER NOT NULL CONSTRAINT events_pk PRIMARY KEY AUTOINCREMENT,
	xid        INTEGER NOT NULL DEFAULT 0,
	site_id    INTEGER NOT NULL,
	kind       TEXT NOT NULL,
	page_id    TEXT NOT NULL,
	comment_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	shown      INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT events_shown_bool CHECK (shown IN (0, 1))
) STRICT;

CREATE TABLE idempotency_keys (
	site_id    INTEGER NOT NULL,
	route      TEXT NOT NULL,
	account_id TEXT NOT NULL,
	value      TEXT NOT NULL,
	body       BLOB NOT NULL,
	data       BLOB,
	created_at INTEGER NOT NULL,
	CONSTRAINT idempotency_keys_pk PRIMARY KEY (site_id, route, account_id, value)
) STRICT;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE accounts (
	id         TEXT NOT NULL,
	email      TEXT NOT NULL,
	name       TEXT NOT NULL,
	password   TEXT NOT NULL,
	disabled   INTEGER NOT NULL,
	all_sites  INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT accounts_pk PRIMARY KEY (id),
	CONSTRAINT accounts_role CHECK (all_sites BETWEEN 0 AND 3),
	CONSTRAINT accounts_disabled_bool CHECK (disabled IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX accounts_email ON accounts (email);

CREATE TABLE grants (
	account_id TEXT NOT NULL,
	site_id    INTEGER NOT NULL,
	role       INTEGER NOT NULL,
	CONSTRAINT grants_pk PRIMARY KEY (account_id, site_id),
	CONSTRAINT grants_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT grants_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT grants_role CHECK (role BETWEEN 1 AND 3)
) STRICT;
CREATE INDEX grants_site ON grants (site_id);

CREATE TABLE sessions (
	hash       BLOB NOT NULL,
	id         TEXT NOT NULL,
	account_id TEXT NOT NULL,
	agent      TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	CONSTRAINT sessions_pk PRIMARY KEY (hash),
	CONSTRAINT sessions_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX sessions_account ON sessions (account_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- sites is a JSON array of numbers, not a table below sites: a token bound to a site that is
-- removed stays bound, and [] means all of its account's.
CREATE TABLE tokens (
	id         TEXT NOT NULL,
	hash       BLOB NOT NULL,
	account_id TEXT NOT NULL,
	name       TEXT NOT NULL,
	sites      TEXT NOT NULL,
	scope      INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT tokens_pk PRIMARY KEY (id),
	CONSTRAINT tokens_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT tokens_scope CHECK (scope BETWEEN 1 AND 3)
) STRICT;
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_account ON tokens (account_id, created_at);

CREATE TABLE links (
	hash       BLOB NOT NULL,
	account_id TEXT,
	expires_at INTEGER NOT NULL,
	CONSTRAINT links_pk PRIMARY KEY (hash),
	CONSTRAINT links_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX links_account ON links (account_id);
