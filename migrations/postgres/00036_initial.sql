-- The schema of Aitys when migrations were last squashed: sites, comments, decisions, people, mail and events.
-- +goose Up

-- Times are microseconds since 1970; 0 means unset. Enumerations have the values of the Go constants.
-- Text is compared bytewise, as SQLite does. "Sealed" means encrypted with the service's secret.

CREATE TABLE meta (
	name  TEXT COLLATE "C" NOT NULL,
	value BYTEA NOT NULL,
	CONSTRAINT meta_pk PRIMARY KEY (name)
);

-- The ID of a removed site is never assigned again. Edit tokens contain edit_epoch: raising it revokes them.
CREATE TABLE sites (
	id         BIGINT GENERATED ALWAYS AS IDENTITY,
	key        TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	origins    TEXT COLLATE "C" NOT NULL,
	settings   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	edit_epoch BIGINT NOT NULL DEFAULT 1,
	CONSTRAINT sites_pk PRIMARY KEY (id),
	CONSTRAINT sites_key_filled CHECK (key <> '')
);
CREATE UNIQUE INDEX sites_key ON sites (key);

-- titled_by is the ID of the comment that brought the title; '' if staff set it. withheld is the notice that
-- readers see, as JSON; NULL if the page is not withheld.
CREATE TABLE pages (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	url        TEXT COLLATE "C" NOT NULL,
	title      TEXT COLLATE "C" NOT NULL,
	open       BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	titled_by  TEXT COLLATE "C" NOT NULL DEFAULT '',
	withheld   TEXT COLLATE "C",
	CONSTRAINT pages_pk PRIMARY KEY (site_id, id),
	CONSTRAINT pages_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT pages_url_length CHECK (octet_length(url) BETWEEN 1 AND 2048)
);
CREATE UNIQUE INDEX pages_url ON pages (site_id, url);
CREATE INDEX pages_age ON pages (site_id, created_at, id);

-- same is the hash for duplicate detection. page_title waits with its comment until that is published. kept is a
-- JSON array of the texts before each redaction. votes, reports and appealed_at repeat what votes, reports and
-- appeals hold: total votes, open reports, time of the open appeal. withheld is the notice that readers see, as
-- JSON; NULL if the comment is not withheld.
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
	page_title       TEXT COLLATE "C" NOT NULL DEFAULT '',
	removed_at       BIGINT NOT NULL DEFAULT 0,
	redacted_at      BIGINT NOT NULL DEFAULT 0,
	redacted_why     TEXT COLLATE "C" NOT NULL DEFAULT '',
	kept             TEXT COLLATE "C" NOT NULL DEFAULT '[]',
	votes            INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_votes CHECK (votes >= 0),
	reports          INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_reports CHECK (reports >= 0),
	appealed_at      BIGINT NOT NULL DEFAULT 0,
	verified         BOOLEAN NOT NULL DEFAULT FALSE,
	withheld         TEXT COLLATE "C",
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
-- A duplicate is stored once.
CREATE UNIQUE INDEX comments_same ON comments (site_id, same) WHERE same IS NOT NULL;
-- The queue by age and by risk, per state.
CREATE INDEX comments_age ON comments (site_id, state, created_at, id);
CREATE INDEX comments_risk ON comments (site_id, state, score, id);
CREATE INDEX comments_parent ON comments (site_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX comments_writer ON comments (site_id, writer, state, created_at) WHERE writer IS NOT NULL;
CREATE INDEX comments_removed ON comments (site_id, removed_at) WHERE state = 4 AND source <> '';
CREATE INDEX comments_kept ON comments (site_id, redacted_at) WHERE kept <> '[]';
CREATE INDEX comments_top ON comments (site_id, page_id, votes DESC, path) WHERE shown AND depth = 0;
CREATE INDEX comments_reported ON comments (site_id, created_at, id) WHERE reports > 0;
CREATE INDEX comments_appealed ON comments (site_id, created_at, id) WHERE appealed_at > 0;
CREATE INDEX comments_withheld ON comments (site_id, page_id, state) WHERE withheld IS NOT NULL;
-- Transparency report: rejections by reason, suspected comments, comments published by policy.
CREATE INDEX comments_refused ON comments (site_id, reason, created_at) WHERE state = 2;
CREATE INDEX comments_suspected ON comments (site_id, created_at) WHERE suggested = 3;
CREATE INDEX comments_itself ON comments (site_id, created_at) WHERE shown AND standing = 0 AND badge = '';
-- Retention: rejected comments and spam (states 2 and 3), and e-mail and network addresses.
CREATE INDEX comments_decided ON comments (site_id, decided_at) WHERE state > 1 AND state < 4 AND appealed_at = 0;
CREATE INDEX comments_addressed ON comments (site_id, created_at) WHERE email <> '' OR address IS NOT NULL;
-- Rejected comments that retention removed still count as rejected.
CREATE INDEX comments_expired ON comments (site_id, reason, created_at) WHERE state = 4 AND removed_at = 0;
CREATE INDEX comments_email ON comments (site_id, lower(email), created_at, id) WHERE email <> '';
-- Addresses with letters outside ASCII: databases fold their case differently than the program.
CREATE INDEX comments_wide_email ON comments (site_id, id) WHERE octet_length(email) <> length(email);
-- A page's queue and feed, in their order.
CREATE INDEX comments_page ON comments (site_id, page_id, state, created_at, id);
-- The thread of a page, oldest or newest first.
CREATE INDEX comments_thread ON comments (site_id, page_id, root, path) WHERE shown;

-- The last entry of each site's audit log. Decisions take their seq under a lock on this row.
CREATE TABLE heads (
	site_id BIGINT NOT NULL,
	seq     BIGINT NOT NULL,
	hash    BYTEA,
	CONSTRAINT heads_pk PRIMARY KEY (site_id),
	CONSTRAINT heads_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT heads_seq CHECK (seq >= 0 AND (seq = 0) = (hash IS NULL))
);

-- The audit log. kind 0 is a decision on a comment. subject is the account whose lessons are withdrawn, the key of
-- the site that lessons are copied from, or the time before which lessons are retired. spam and warm are the
-- filter's verdict before the decision; the hashes of the oldest entries do not cover them. salt is NULL in old
-- entries, whose hashes cover every field as it is. under is the key of the site that the entry was written on; in
-- old entries that were imported it is the number of the site there.
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
	kind       SMALLINT NOT NULL DEFAULT 0,
	subject    TEXT COLLATE "C" NOT NULL DEFAULT '',
	lessons    INTEGER NOT NULL DEFAULT 0,
	spam       DOUBLE PRECISION NOT NULL DEFAULT 0,
	warm       BOOLEAN NOT NULL DEFAULT FALSE,
	salt       BYTEA,
	under      TEXT COLLATE "C" NOT NULL DEFAULT '',
	CONSTRAINT decisions_pk PRIMARY KEY (site_id, seq),
	CONSTRAINT decisions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT decisions_action CHECK (action BETWEEN 0 AND 3),
	CONSTRAINT decisions_reason CHECK (reason BETWEEN 0 AND 8),
	CONSTRAINT decisions_states CHECK (from_state BETWEEN 0 AND 4 AND to_state BETWEEN 0 AND 4),
	CONSTRAINT decisions_order CHECK (seq > 0 AND before < seq AND undoes < seq AND restores < seq),
	CONSTRAINT decisions_lessons CHECK (lessons >= 0),
	CONSTRAINT decisions_spam CHECK (spam BETWEEN 0 AND 1),
	CONSTRAINT decisions_kind CHECK (kind BETWEEN 0 AND 9)
);
-- An entry can be undone once.
CREATE UNIQUE INDEX decisions_undoes ON decisions (site_id, undoes) WHERE undoes > 0;
CREATE INDEX decisions_comment ON decisions (site_id, comment_id, seq);
CREATE INDEX decisions_batch ON decisions (site_id, batch, seq);
-- Entries that copied lessons.
CREATE INDEX decisions_copies ON decisions (site_id, seq) WHERE kind = 2;

-- An entry may store several lessons; part numbers them. withdrawn is the seq of the entry that withdrew the
-- lesson, or 0. proof is the salted hash of an erased lesson: with it, the hash of the entry that stored the
-- lesson can still be checked.
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
	part       INTEGER NOT NULL DEFAULT 0,
	withdrawn  BIGINT NOT NULL DEFAULT 0,
	proof      BYTEA,
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4),
	CONSTRAINT lessons_pk PRIMARY KEY (site_id, seq, part)
);
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;
-- Number of lessons per label.
CREATE INDEX lessons_label ON lessons (site_id, label, seq) WHERE standing AND withdrawn = 0;
-- Lessons that an entry withdrew.
CREATE INDEX lessons_withdrawn ON lessons (site_id, withdrawn, seq, part) WHERE withdrawn > 0;

-- Filter models at a position of the log. A snapshot is valid until an entry after as_of changes which lessons up
-- to seq count.
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

-- All pieces but the last of large snapshots: other writers can commit between two pieces. The last piece is in
-- model_snapshots.
CREATE TABLE model_pieces (
	site_id BIGINT NOT NULL,
	seq     BIGINT NOT NULL,
	as_of   BIGINT NOT NULL,
	piece   INTEGER NOT NULL,
	model   BYTEA NOT NULL,
	CONSTRAINT model_pieces_pk PRIMARY KEY (site_id, seq, as_of, piece),
	CONSTRAINT model_pieces_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT model_pieces_order CHECK (seq > 0 AND as_of >= seq AND piece >= 0)
);

-- Followers read by transaction: reading past the highest ID would miss events that commit late. added: the only
-- change is a new comment.
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
	added      BOOLEAN NOT NULL DEFAULT false CONSTRAINT events_added CHECK (NOT added OR shown),
	CONSTRAINT events_pk PRIMARY KEY (xid, id)
);

-- position is the last event that was read, in the format of package store. lost: later events were removed
-- unread, or no event was read yet.
CREATE TABLE followers (
	name     TEXT COLLATE "C" NOT NULL,
	position TEXT COLLATE "C" NOT NULL,
	lost     BOOLEAN NOT NULL,
	CONSTRAINT followers_pk PRIMARY KEY (name)
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

-- mail is 0 (none), 1 (each) or 2 (digest). mail_lang is '' until the account chooses a language. all_sites is the
-- role on every site.
CREATE TABLE accounts (
	id         TEXT COLLATE "C" NOT NULL,
	email      TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	password   TEXT COLLATE "C" NOT NULL,
	disabled   BOOLEAN NOT NULL,
	all_sites  SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	seen_at    BIGINT NOT NULL DEFAULT 0,
	mail       SMALLINT NOT NULL DEFAULT 0 CONSTRAINT accounts_mail CHECK (mail BETWEEN 0 AND 2),
	mail_from  DOUBLE PRECISION NOT NULL DEFAULT 0,
	mail_lang  TEXT COLLATE "C" NOT NULL DEFAULT '',
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

-- sites is a JSON array of site numbers and not a table: a token of a removed site must stay bound to it. [] means
-- all sites of the account.
CREATE TABLE tokens (
	id         TEXT COLLATE "C" NOT NULL,
	hash       BYTEA NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	name       TEXT COLLATE "C" NOT NULL,
	sites      TEXT COLLATE "C" NOT NULL,
	scope      SMALLINT NOT NULL,
	created_at BIGINT NOT NULL,
	used_at    BIGINT NOT NULL DEFAULT 0,
	expires_at BIGINT NOT NULL DEFAULT 0,
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

-- OpenID Connect sign-in. subject is the account's ID at the issuer; provider is the issuer's display name when
-- the account was linked.
CREATE TABLE account_proofs (
	issuer     TEXT COLLATE "C" NOT NULL,
	subject    TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	provider   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT account_proofs_pk PRIMARY KEY (issuer, subject),
	CONSTRAINT account_proofs_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX account_proofs_account ON account_proofs (account_id);

-- Names of moderators in the log of a site that was imported from another installation, where they had accounts.
CREATE TABLE former_staff (
	site_id BIGINT NOT NULL,
	id      TEXT COLLATE "C" NOT NULL,
	name    TEXT COLLATE "C" NOT NULL,
	CONSTRAINT former_staff_pk PRIMARY KEY (site_id, id),
	CONSTRAINT former_staff_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX former_staff_id ON former_staff (id);

-- Notes of moderators about a writer. comment_id is the comment that the note was written at. A note is deleted
-- with its writer's last comment.
CREATE TABLE writer_notes (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	writer     BYTEA NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	body       TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT writer_notes_pk PRIMARY KEY (site_id, id),
	CONSTRAINT writer_notes_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX writer_notes_writer ON writer_notes (site_id, writer);

-- words has one entry per line. bound is a number of links, or a percentage of letters. A removed rule can be
-- restored for a while.
CREATE TABLE rules (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	words      TEXT COLLATE "C" NOT NULL,
	bound      INTEGER NOT NULL,
	action     TEXT COLLATE "C" NOT NULL,
	ends_at    BIGINT NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT rules_pk PRIMARY KEY (site_id, id),
	CONSTRAINT rules_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT rules_action CHECK (action IN ('hold', 'suspect'))
);

-- Blocked and trusted writers. value is a keyed hash, or a domain name. comment_id is one of the writer's
-- comments, or ''.
CREATE TABLE blocks (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	kind       TEXT COLLATE "C" NOT NULL,
	value      TEXT COLLATE "C" NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	trust      BOOLEAN NOT NULL,
	ends_at    BIGINT NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	removed_at BIGINT NOT NULL,
	CONSTRAINT blocks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT blocks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Groups of comments with nearly the same text.
CREATE TABLE campaigns (
	site_id    BIGINT NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	joined     INTEGER NOT NULL,
	waiting    INTEGER NOT NULL,
	approved   INTEGER NOT NULL,
	refused    INTEGER NOT NULL,
	sample     TEXT COLLATE "C" NOT NULL,
	told       BOOLEAN NOT NULL,
	first_seen BIGINT NOT NULL,
	last_seen  BIGINT NOT NULL,
	CONSTRAINT campaigns_pk PRIMARY KEY (site_id, id),
	CONSTRAINT campaigns_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT campaigns_counts CHECK (waiting >= 0 AND approved >= 0 AND refused >= 0)
);
CREATE INDEX campaigns_latest ON campaigns (site_id, last_seen, id);

-- state is the state of the comment when it was last counted. campaign_id is '' for a comment without similar
-- ones.
CREATE TABLE campaign_members (
	site_id     BIGINT NOT NULL,
	comment_id  TEXT COLLATE "C" NOT NULL,
	number      BIGINT NOT NULL,
	campaign_id TEXT COLLATE "C" NOT NULL,
	joined      INTEGER NOT NULL,
	apart       BOOLEAN NOT NULL,
	state       SMALLINT NOT NULL,
	banded      BOOLEAN NOT NULL,
	print       BYTEA NOT NULL,
	created_at  BIGINT NOT NULL,
	edited_at   BIGINT NOT NULL,
	decided_at  BIGINT NOT NULL,
	CONSTRAINT campaign_members_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT campaign_members_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT campaign_members_alone CHECK ((campaign_id = '') = (joined = 0)),
	CONSTRAINT campaign_members_state CHECK (state BETWEEN 0 AND 4)
);
CREATE UNIQUE INDEX campaign_members_number ON campaign_members (site_id, number);
CREATE INDEX campaign_members_waiting ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state = 0;
CREATE INDEX campaign_members_decided ON campaign_members (site_id, decided_at) WHERE state <> 0;
CREATE INDEX campaign_members_settled ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state <> 0;

-- n is 1, or 0 after the vote was withdrawn. voter is a keyed hash. When voters are forgotten, their votes become
-- one row with an empty voter, and changed_at is 0.
CREATE TABLE votes (
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	voter      BYTEA NOT NULL,
	n          INTEGER NOT NULL,
	changed_at BIGINT NOT NULL,
	CONSTRAINT votes_pk PRIMARY KEY (site_id, comment_id, voter),
	CONSTRAINT votes_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT votes_n CHECK (n >= 0)
);
CREATE INDEX votes_changed ON votes (changed_at, site_id, comment_id);

-- settled is the seq of the decision that closed the report, 0 while it is open. reporter is a keyed hash; NULL
-- after it was forgotten.
CREATE TABLE reports (
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	id         TEXT COLLATE "C" NOT NULL,
	reporter   BYTEA,
	reason     INTEGER NOT NULL,
	detail     TEXT COLLATE "C" NOT NULL,
	settled    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT reports_pk PRIMARY KEY (site_id, comment_id, id),
	CONSTRAINT reports_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT reports_reason CHECK (reason BETWEEN 1 AND 8)
);
CREATE UNIQUE INDEX reports_reporter ON reports (site_id, comment_id, reporter) WHERE reporter IS NOT NULL;
CREATE INDEX reports_settled ON reports (site_id, settled) WHERE settled > 0;
CREATE INDEX reports_age ON reports (created_at);

-- refusal is the seq of the decision that the writer appeals.
CREATE TABLE appeals (
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	refusal    BIGINT NOT NULL,
	body       TEXT COLLATE "C" NOT NULL,
	settled    BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT appeals_pk PRIMARY KEY (site_id, comment_id, refusal),
	CONSTRAINT appeals_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
);
CREATE INDEX appeals_settled ON appeals (site_id, settled) WHERE settled > 0;
CREATE INDEX appeals_age ON appeals (site_id, created_at);

-- A reader signed out everywhere: tokens of subject, a keyed hash, that are older than at are invalid.
CREATE TABLE signouts (
	site_id BIGINT NOT NULL,
	subject BYTEA NOT NULL,
	at      BIGINT NOT NULL,
	CONSTRAINT signouts_pk PRIMARY KEY (site_id, subject),
	CONSTRAINT signouts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX signouts_age ON signouts (at);

-- The salt from which a site's single sign-on secret is derived.
CREATE TABLE sso_salts (
	site_id BIGINT NOT NULL,
	salt    BYTEA NOT NULL,
	set_at  BIGINT NOT NULL,
	CONSTRAINT sso_salts_pk PRIMARY KEY (site_id),
	CONSTRAINT sso_salts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Names that belong to verified readers. seen is a keyed hash of the name as displayed.
CREATE TABLE verified_names (
	site_id BIGINT NOT NULL,
	seen    BYTEA NOT NULL,
	seen_at BIGINT NOT NULL,
	CONSTRAINT verified_names_pk PRIMARY KEY (site_id, seen),
	CONSTRAINT verified_names_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX verified_names_age ON verified_names (seen_at);

-- Legal requests to withhold comments or a page. seq is the log entry of the request, end_seq the entry that ended
-- it, 0 while it is in force. until_at is 0 if the request has no end date.
CREATE TABLE takedowns (
	site_id     BIGINT NOT NULL,
	id          TEXT COLLATE "C" NOT NULL,
	seq         BIGINT NOT NULL,
	page_id     TEXT COLLATE "C",
	demanded_by TEXT COLLATE "C" NOT NULL,
	kind        TEXT COLLATE "C" NOT NULL,
	law         TEXT COLLATE "C" NOT NULL,
	country     TEXT COLLATE "C" NOT NULL,
	reference   TEXT COLLATE "C" NOT NULL,
	public      TEXT COLLATE "C" NOT NULL,
	received_at BIGINT NOT NULL,
	until_at    BIGINT NOT NULL,
	comments    INTEGER NOT NULL,
	salt        TEXT COLLATE "C" NOT NULL,
	account_id  TEXT COLLATE "C" NOT NULL,
	created_at  BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL,
	end_seq     BIGINT NOT NULL,
	ended_by    TEXT COLLATE "C" NOT NULL,
	why         TEXT COLLATE "C" NOT NULL,
	CONSTRAINT takedowns_pk PRIMARY KEY (site_id, id),
	CONSTRAINT takedowns_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT takedowns_page_fk FOREIGN KEY (site_id, page_id) REFERENCES pages (site_id, id),
	CONSTRAINT takedowns_kind CHECK (kind IN ('court', 'authority', 'company', 'person', 'other')),
	CONSTRAINT takedowns_public CHECK (public IN ('full', 'unnamed', 'sealed') AND (kind <> 'person' OR public <> 'full'))
);
CREATE UNIQUE INDEX takedowns_order ON takedowns (site_id, seq);
CREATE INDEX takedowns_page ON takedowns (site_id, page_id) WHERE page_id IS NOT NULL;
CREATE INDEX takedowns_until ON takedowns (until_at) WHERE until_at > 0 AND ended_at = 0;

CREATE TABLE takedown_comments (
	site_id     BIGINT NOT NULL,
	takedown_id TEXT COLLATE "C" NOT NULL,
	comment_id  TEXT COLLATE "C" NOT NULL,
	CONSTRAINT takedown_comments_pk PRIMARY KEY (site_id, takedown_id, comment_id),
	CONSTRAINT takedown_comments_takedown_fk FOREIGN KEY (site_id, takedown_id) REFERENCES takedowns (site_id, id),
	CONSTRAINT takedown_comments_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
);
CREATE INDEX takedown_comments_comment ON takedown_comments (site_id, comment_id);

-- Signing keys. sealed is the seed of the private key, sealed.
CREATE TABLE signets (
	site_id BIGINT NOT NULL,
	public  BYTEA NOT NULL,
	sealed  BYTEA NOT NULL,
	made_at BIGINT NOT NULL,
	CONSTRAINT signets_pk PRIMARY KEY (site_id),
	CONSTRAINT signets_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- When static copies of a site were made: they may contain comments that were withheld later.
CREATE TABLE site_copies (
	site_id BIGINT NOT NULL,
	made_at BIGINT NOT NULL,
	CONSTRAINT site_copies_pk PRIMARY KEY (site_id, made_at),
	CONSTRAINT site_copies_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Mail to moderators. comments is a JSON array of IDs; more counts comments beyond them. A sender holds the mail
-- until taken_until. handed_at is when the text began to leave, ended_at when sending ended.
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

-- Links in mail to moderators. A link without a comment only changes mail settings.
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

-- mailbox is a keyed hash of the address, the same on all sites. The code is derived from letter_id and not
-- stored.
CREATE TABLE mail_codes (
	site_id   BIGINT NOT NULL,
	mailbox   BYTEA NOT NULL,
	letter_id TEXT NOT NULL,
	tries     INTEGER NOT NULL,
	made_at   BIGINT NOT NULL,
	CONSTRAINT mail_codes_pk PRIMARY KEY (site_id, mailbox),
	CONSTRAINT mail_codes_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX mail_codes_age ON mail_codes (made_at);

-- Counters for mail limits. site_id is 0 for limits across all sites.
CREATE TABLE mail_counts (
	site_id BIGINT NOT NULL,
	mailbox BYTEA NOT NULL,
	kind    TEXT NOT NULL,
	sent    INTEGER NOT NULL,
	since   BIGINT NOT NULL,
	CONSTRAINT mail_counts_pk PRIMARY KEY (site_id, mailbox, kind)
);
CREATE INDEX mail_counts_age ON mail_counts (since);

-- confirmed_at is 0 until the owner of the address confirms.
CREATE TABLE subscriptions (
	site_id      BIGINT NOT NULL,
	comment_id   TEXT NOT NULL,
	mailbox      BYTEA NOT NULL,
	lang         TEXT NOT NULL,
	asked_at     BIGINT NOT NULL,
	confirmed_at BIGINT NOT NULL,
	CONSTRAINT subscriptions_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT subscriptions_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX subscriptions_mailbox ON subscriptions (site_id, mailbox);

-- Addresses that unsubscribed from all mail of a site.
CREATE TABLE mail_stops (
	site_id    BIGINT NOT NULL,
	mailbox    BYTEA NOT NULL,
	stopped_at BIGINT NOT NULL,
	CONSTRAINT mail_stops_pk PRIMARY KEY (site_id, mailbox),
	CONSTRAINT mail_stops_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Mail to readers, with the columns of mails. address is emptied when sending ends.
CREATE TABLE letters (
	site_id     BIGINT NOT NULL,
	id          TEXT NOT NULL,
	mailbox     BYTEA NOT NULL,
	address     TEXT NOT NULL,
	lang        TEXT NOT NULL,
	kind        TEXT NOT NULL,
	comments    TEXT NOT NULL,
	more        INTEGER NOT NULL,
	tries       INTEGER NOT NULL,
	outcome     TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	due_at      BIGINT NOT NULL,
	taken_until BIGINT NOT NULL,
	handed_at   BIGINT NOT NULL,
	ended_at    BIGINT NOT NULL,
	CONSTRAINT letters_pk PRIMARY KEY (site_id, id),
	CONSTRAINT letters_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX letters_due ON letters (due_at) WHERE ended_at = 0;
CREATE INDEX letters_mailbox ON letters (site_id, mailbox, kind, created_at);
CREATE INDEX letters_ended ON letters (ended_at) WHERE ended_at > 0;

-- Spam checks by other programs: a keyed hash and a fingerprint of the text. label is 0, or what the program
-- taught: 1 ham, 2 spam.
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

-- url is sealed; events is a JSON array. After failures in a row, delivery is retried at retry_at.
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

-- A sender holds the delivery until taken_until. ended_at is when it was accepted or given up.
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

-- State of each site's external checker. secret is sealed; NULL: the checker needs none.
CREATE TABLE checkers (
	site_id     BIGINT NOT NULL,
	secret      BYTEA,
	failures    INTEGER NOT NULL,
	failed_at   BIGINT NOT NULL,
	failure     TEXT COLLATE "C" NOT NULL,
	retry_at    BIGINT NOT NULL,
	answered_at BIGINT NOT NULL,
	CONSTRAINT checkers_pk PRIMARY KEY (site_id),
	CONSTRAINT checkers_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);

-- Comments that wait for the external checker.
CREATE TABLE checks (
	site_id    BIGINT NOT NULL,
	comment_id TEXT COLLATE "C" NOT NULL,
	asked_at   BIGINT NOT NULL,
	CONSTRAINT checks_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT checks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE INDEX checks_age ON checks (site_id, asked_at);

-- Shared spam lists that a site reads. generated_at to taken_at describe the last list taken, tried_at and failure
-- the last attempt.
CREATE TABLE neighbours (
	site_id      BIGINT NOT NULL,
	id           TEXT COLLATE "C" NOT NULL,
	url          TEXT COLLATE "C" NOT NULL,
	public_key   TEXT COLLATE "C" NOT NULL,
	weight       DOUBLE PRECISION NOT NULL,
	account_id   TEXT COLLATE "C" NOT NULL,
	created_at   BIGINT NOT NULL,
	theirs       TEXT COLLATE "C" NOT NULL,
	generated_at BIGINT NOT NULL,
	campaigns    INTEGER NOT NULL,
	hosts        INTEGER NOT NULL,
	taken_at     BIGINT NOT NULL,
	tried_at     BIGINT NOT NULL,
	failure      TEXT COLLATE "C" NOT NULL,
	CONSTRAINT neighbours_pk PRIMARY KEY (site_id, id),
	CONSTRAINT neighbours_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
CREATE UNIQUE INDEX neighbours_url ON neighbours (site_id, url);

-- neighbour_id is '' for the list that the site publishes.
CREATE TABLE neighbour_lists (
	site_id      BIGINT NOT NULL,
	neighbour_id TEXT COLLATE "C" NOT NULL,
	generated_at BIGINT NOT NULL,
	body         BYTEA NOT NULL,
	CONSTRAINT neighbour_lists_pk PRIMARY KEY (site_id, neighbour_id),
	CONSTRAINT neighbour_lists_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
);
