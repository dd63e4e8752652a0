-- The spine: sites, people, comments, their decisions and lessons, events, repeated POSTs.
-- +goose Up

-- Times are microseconds since 1970, 0 where there is none. Numbers of enumerations are those
-- of package moderation. Text is compared bytewise, as SQLite does.

CREATE TABLE meta (
	name  TEXT COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	CONSTRAINT meta_pk PRIMARY KEY (name)
);

-- The number of a removed site is never given again.
CREATE TABLE sites (
	id         BIGINT GENERATED ALWAYS AS IDENTITY,
	key        TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	origins    TEXT COLLATE "C" NOT NULL,
	settings   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT sites_pk PRIMARY KEY (id),
	CONSTRAINT sites_key_filled CHECK (key <> '')
);
CREATE UNIQUE INDEX sites_key ON sites (key);

CREATE TABLE pages (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	url        TEXT COLLATE "C" NOT NULL,
	title      TEXT COLLATE "C" NOT NULL,
	open       BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT pages_pk PRIMARY KEY (site_id, id),
	CONSTRAINT pages_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT pages_url_length CHECK (octet_length(url) BETWEEN 1 AND 2048)
);
CREATE UNIQUE INDEX pages_url ON pages (site_id, url);
CREATE INDEX pages_age ON pages (site_id, created_at, id);

CREATE TABLE comments (
	site_id          BIGINT NOT NULL,
	id               TEXT COLLATE "C" NOT NULL,
	page_id          TEXT COLLATE "C" NOT NULL,
	parent_id        TEXT COLLATE "C",
	depth            SMALLINT NOT NULL,
	path             TEXT COLLATE "C" NOT NULL,
	root             TEXT COLLATE "C" NOT NULL,
	state            SMALLINT NOT NULL,
	version          BIGINT NOT NULL,
	name             TEXT COLLATE "C" NOT NULL,
	email            TEXT COLLATE "C" NOT NULL,
	website          TEXT COLLATE "C" NOT NULL,
	account_id       TEXT COLLATE "C" NOT NULL,
	badge            TEXT COLLATE "C" NOT NULL,
	source           TEXT COLLATE "C" NOT NULL,
	html             TEXT COLLATE "C" NOT NULL,
	markup           SMALLINT NOT NULL,
	lang             TEXT COLLATE "C" NOT NULL,
	reason           SMALLINT NOT NULL,
	note             TEXT COLLATE "C" NOT NULL,
	writer           BYTEA,
	address          BYTEA,
	same             BYTEA,
	submissions      INTEGER NOT NULL,
	score            DOUBLE PRECISION NOT NULL,
	suggested        SMALLINT NOT NULL,
	suggested_reason SMALLINT NOT NULL,
	signals          TEXT COLLATE "C" NOT NULL,
	spam             DOUBLE PRECISION NOT NULL,
	warm             BOOLEAN NOT NULL,
	model_seq        BIGINT NOT NULL,
	standing         BIGINT NOT NULL,
	shown_replies    INTEGER NOT NULL,
	shown            BOOLEAN NOT NULL,
	trap             BOOLEAN NOT NULL,
	form_age         INTEGER NOT NULL,
	search           TEXT COLLATE "C" NOT NULL,
	created_at       BIGINT NOT NULL,
	edited_at        BIGINT NOT NULL,
	decided_at       BIGINT NOT NULL,
	edit_until       BIGINT NOT NULL,
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
	CONSTRAINT comments_shown_replies CHECK (shown_replies >= 0)
);
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
	site_id BIGINT NOT NULL,
	seq     BIGINT NOT NULL,
	hash    BYTEA,
	CONSTRAINT heads_pk PRIMARY KEY (site_id),
	CONSTRAINT heads_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT heads_seq CHECK (seq >= 0 AND (seq = 0) = (hash IS NULL))
);

CREATE TABLE decisions (
	site_id    BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	batch      TEXT COLLATE "C" NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	version    BIGINT NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	action     SMALLINT NOT NULL,
	reason     SMALLINT NOT NULL,
	note       TEXT COLLATE "C" NOT NULL,
	from_state SMALLINT NOT NULL,
	to_state   SMALLINT NOT NULL,
	before     BIGINT NOT NULL,
	undoes     BIGINT NOT NULL,
	restores   BIGINT NOT NULL,
	score      DOUBLE PRECISION NOT NULL,
	suggested  SMALLINT NOT NULL,
	model_seq  BIGINT NOT NULL,
	lesson     BYTEA,
	decided_at BIGINT NOT NULL,
	hash       BYTEA NOT NULL,
	CONSTRAINT decisions_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT decisions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT decisions_action CHECK (action BETWEEN 0 AND 3),
	CONSTRAINT decisions_reason CHECK (reason BETWEEN 0 AND 8),
	CONSTRAINT decisions_states CHECK (from_state BETWEEN 0 AND 4 AND to_state BETWEEN 0 AND 4),
	CONSTRAINT decisions_order CHECK (seq > 0 AND before < seq AND undoes < seq AND restores < seq)
);
-- What is taken back is taken back once.
CREATE UNIQUE INDEX decisions_undoes ON decisions (site_id, undoes) WHERE undoes > 0;
CREATE INDEX decisions_comment ON decisions (site_id, comment_id, seq);
CREATE INDEX decisions_batch ON decisions (site_id, batch, seq);

CREATE TABLE lessons (
	site_id    BIGINT NOT NULL,
	seq        BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	label      SMALLINT NOT NULL,
	body       TEXT COLLATE "C" NOT NULL,
	author     TEXT COLLATE "C" NOT NULL,
	email      TEXT COLLATE "C" NOT NULL,
	url        TEXT COLLATE "C" NOT NULL,
	salt       BYTEA NOT NULL,
	standing   BOOLEAN NOT NULL,
	CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4)
);
CREATE INDEX lessons_standing ON lessons (site_id, seq) WHERE standing;

-- What followers read, transaction by transaction: one that reads past the last id would miss what
-- commits late.
CREATE TABLE events (
	id         BIGINT GENERATED ALWAYS AS IDENTITY,
	xid        BIGINT NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
	site_id    BIGINT NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	page_id    TEXT COLLATE "C" NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	shown      BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT events_pk PRIMARY KEY (xid, id)
);

CREATE TABLE idempotency_keys (
	site_id    BIGINT NOT NULL,
	route      TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	value      TEXT COLLATE "C" NOT NULL,
	body       BYTEA NOT NULL,
	data       BYTEA,
	created_at BIGINT NOT NULL,
	CONSTRAINT idempotency_keys_pk PRIMARY KEY (site_id, route, account_id, value)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE accounts (
	id         TEXT COLLATE "C" NOT NULL,
	email      TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	password   TEXT COLLATE "C" NOT NULL,
	disabled   BOOLEAN NOT NULL,
	all_sites  SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT accounts_pk PRIMARY KEY (id),
	CONSTRAINT accounts_role CHECK (all_sites BETWEEN 0 AND 3)
);
CREATE UNIQUE INDEX accounts_email ON accounts (email);

CREATE TABLE grants (
	account_id TEXT COLLATE "C" NOT NULL,
	site_id    BIGINT NOT NULL,
	role       SMALLINT NOT NULL,
	CONSTRAINT grants_pk PRIMARY KEY (account_id, site_id),
	CONSTRAINT grants_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT grants_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT grants_role CHECK (role BETWEEN 1 AND 3)
);
CREATE INDEX grants_site ON grants (site_id);

CREATE TABLE sessions (
	hash       BYTEA NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	agent      TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	CONSTRAINT sessions_pk PRIMARY KEY (hash),
	CONSTRAINT sessions_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX sessions_account ON sessions (account_id, created_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- sites is a JSON array of numbers, not a table below sites: a token bound to a site that is
-- removed stays bound, and [] means all of its account's.
CREATE TABLE tokens (
	id         TEXT COLLATE "C" NOT NULL,
	hash       BYTEA NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	sites      TEXT COLLATE "C" NOT NULL,
	scope      SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT tokens_pk PRIMARY KEY (id),
	CONSTRAINT tokens_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
	CONSTRAINT tokens_scope CHECK (scope BETWEEN 1 AND 3)
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
CREATE INDEX tokens_account ON tokens (account_id, created_at);

CREATE TABLE links (
	hash       BYTEA NOT NULL,
	account_id TEXT COLLATE "C",
	expires_at BIGINT NOT NULL,
	CONSTRAINT links_pk PRIMARY KEY (hash),
	CONSTRAINT links_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX links_account ON links (account_id);
