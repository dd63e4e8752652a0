-- The schema of Aitys when migrations were last squashed: sites, comments, decisions, people, mail and events.
-- +goose Up

-- Times are microseconds since 1970; 0 means unset. Enumerations have the values of the Go constants.
-- Boolean columns hold 0 or 1. "Sealed" means encrypted with the service's secret.

CREATE TABLE meta (
	name  TEXT NOT NULL,
	value BLOB NOT NULL,
	CONSTRAINT meta_pk PRIMARY KEY (name)
) STRICT;

-- AUTOINCREMENT keeps the ID of a removed site from being assigned again. Edit tokens contain edit_epoch: raising
-- it revokes them.
CREATE TABLE sites (
	id         INTEGER NOT NULL CONSTRAINT sites_pk PRIMARY KEY AUTOINCREMENT,
	key        TEXT NOT NULL,
	name       TEXT NOT NULL,
	origins    TEXT NOT NULL,
	settings   TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	edit_epoch INTEGER NOT NULL DEFAULT 1,
	CONSTRAINT sites_key_filled CHECK (key <> '')
) STRICT;
CREATE UNIQUE INDEX sites_key ON sites (key);

-- titled_by is the ID of the comment that brought the title; '' if staff set it. withheld is the notice that
-- readers see, as JSON; NULL if the page is not withheld.
CREATE TABLE pages (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	url        TEXT NOT NULL,
	title      TEXT NOT NULL,
	open       INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	titled_by  TEXT NOT NULL DEFAULT '',
	withheld   TEXT,
	CONSTRAINT pages_pk PRIMARY KEY (site_id, id),
	CONSTRAINT pages_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT pages_open_bool CHECK (open IN (0, 1)),
	CONSTRAINT pages_url_length CHECK (octet_length(url) BETWEEN 1 AND 2048)
) STRICT;
CREATE UNIQUE INDEX pages_url ON pages (site_id, url);
CREATE INDEX pages_age ON pages (site_id, created_at, id);

-- same is the hash for duplicate detection. page_title waits with its comment until that is published. kept is a
-- JSON array of the texts before each redaction. votes, reports and appealed_at repeat what votes, reports and
-- appeals hold: total votes, open reports, time of the open appeal. withheld is the notice that readers see, as
-- JSON; NULL if the comment is not withheld.
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
	page_title       TEXT NOT NULL DEFAULT '',
	removed_at       INTEGER NOT NULL DEFAULT 0,
	redacted_at      INTEGER NOT NULL DEFAULT 0,
	redacted_why     TEXT NOT NULL DEFAULT '',
	kept             TEXT NOT NULL DEFAULT '[]',
	votes            INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_votes CHECK (votes >= 0),
	reports          INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_reports CHECK (reports >= 0),
	appealed_at      INTEGER NOT NULL DEFAULT 0,
	verified         INTEGER NOT NULL DEFAULT 0 CONSTRAINT comments_verified_bool CHECK (verified IN (0, 1)),
	withheld         TEXT,
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
	site_id INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	hash    BLOB,
	CONSTRAINT heads_pk PRIMARY KEY (site_id),
	CONSTRAINT heads_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT heads_seq CHECK (seq >= 0 AND (seq = 0) = (hash IS NULL))
) STRICT;

-- The audit log. kind 0 is a decision on a comment. subject is the account whose lessons are withdrawn, the key of
-- the site that lessons are copied from, or the time before which lessons are retired. spam and warm are the
-- filter's verdict before the decision; the hashes of the oldest entries do not cover them. salt is NULL in old
-- entries, whose hashes cover every field as it is. under is the key of the site that the entry was written on; in
-- old entries that were imported it is the number of the site there.
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
	kind       INTEGER NOT NULL DEFAULT 0,
	subject    TEXT NOT NULL DEFAULT '',
	lessons    INTEGER NOT NULL DEFAULT 0,
	spam       REAL NOT NULL DEFAULT 0,
	warm       INTEGER NOT NULL DEFAULT 0,
	salt       BLOB,
	under      TEXT NOT NULL DEFAULT '',
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
	CONSTRAINT lessons_decision_fk FOREIGN KEY (site_id, seq) REFERENCES decisions (site_id, seq),
	CONSTRAINT lessons_label CHECK (label BETWEEN 0 AND 4),
	CONSTRAINT lessons_standing_bool CHECK (standing IN (0, 1))
) STRICT;
CREATE INDEX lessons_standing ON lessons (site_id, seq, part) WHERE standing AND withdrawn = 0;
-- Number of lessons per label.
CREATE INDEX lessons_label ON lessons (site_id, label, seq) WHERE standing AND withdrawn = 0;
-- Lessons that an entry withdrew.
CREATE INDEX lessons_withdrawn ON lessons (site_id, withdrawn, seq, part) WHERE withdrawn > 0;

-- Filter models at a position of the log. A snapshot is valid until an entry after as_of changes which lessons up
-- to seq count.
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

-- All pieces but the last of large snapshots: other writers can commit between two pieces. The last piece is in
-- model_snapshots.
CREATE TABLE model_pieces (
	site_id INTEGER NOT NULL,
	seq     INTEGER NOT NULL,
	as_of   INTEGER NOT NULL,
	piece   INTEGER NOT NULL,
	model   BLOB NOT NULL,
	CONSTRAINT model_pieces_pk PRIMARY KEY (site_id, seq, as_of, piece),
	CONSTRAINT model_pieces_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT model_pieces_order CHECK (seq > 0 AND as_of >= seq AND piece >= 0)
) STRICT;

-- SQLite has one writer, so IDs follow the order of commits. xid is for Postgres. added: the only change is a new
-- comment.
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
	added      INTEGER NOT NULL DEFAULT 0 CONSTRAINT events_added CHECK (added IN (0, shown)),
	CONSTRAINT events_shown_bool CHECK (shown IN (0, 1))
) STRICT;

-- position is the last event that was read, in the format of package store. lost: later events were removed
-- unread, or no event was read yet.
CREATE TABLE followers (
	name     TEXT NOT NULL,
	position TEXT NOT NULL,
	lost     INTEGER NOT NULL,
	CONSTRAINT followers_pk PRIMARY KEY (name),
	CONSTRAINT followers_lost_bool CHECK (lost IN (0, 1))
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

-- mail is 0 (none), 1 (each) or 2 (digest). mail_lang is '' until the account chooses a language. all_sites is the
-- role on every site.
CREATE TABLE accounts (
	id         TEXT NOT NULL,
	email      TEXT NOT NULL,
	name       TEXT NOT NULL,
	password   TEXT NOT NULL,
	disabled   INTEGER NOT NULL,
	all_sites  INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	seen_at    INTEGER NOT NULL DEFAULT 0,
	mail       INTEGER NOT NULL DEFAULT 0 CONSTRAINT accounts_mail CHECK (mail BETWEEN 0 AND 2),
	mail_from  REAL NOT NULL DEFAULT 0,
	mail_lang  TEXT NOT NULL DEFAULT '',
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

-- sites is a JSON array of site numbers and not a table: a token of a removed site must stay bound to it. [] means
-- all sites of the account.
CREATE TABLE tokens (
	id         TEXT NOT NULL,
	hash       BLOB NOT NULL,
	account_id TEXT NOT NULL,
	name       TEXT NOT NULL,
	sites      TEXT NOT NULL,
	scope      INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL DEFAULT 0,
	expires_at INTEGER NOT NULL DEFAULT 0,
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

-- OpenID Connect sign-in. subject is the account's ID at the issuer; provider is the issuer's display name when
-- the account was linked.
CREATE TABLE account_proofs (
	issuer     TEXT NOT NULL,
	subject    TEXT NOT NULL,
	account_id TEXT NOT NULL,
	provider   TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT account_proofs_pk PRIMARY KEY (issuer, subject),
	CONSTRAINT account_proofs_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX account_proofs_account ON account_proofs (account_id);

-- Names of moderators in the log of a site that was imported from another installation, where they had accounts.
CREATE TABLE former_staff (
	site_id INTEGER NOT NULL,
	id      TEXT NOT NULL,
	name    TEXT NOT NULL,
	CONSTRAINT former_staff_pk PRIMARY KEY (site_id, id),
	CONSTRAINT former_staff_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX former_staff_id ON former_staff (id);

-- Notes of moderators about a writer. comment_id is the comment that the note was written at. A note is deleted
-- with its writer's last comment.
CREATE TABLE writer_notes (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	writer     BLOB NOT NULL,
	comment_id TEXT NOT NULL,
	body       TEXT NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT writer_notes_pk PRIMARY KEY (site_id, id),
	CONSTRAINT writer_notes_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE INDEX writer_notes_writer ON writer_notes (site_id, writer);

-- words has one entry per line. bound is a number of links, or a percentage of letters. A removed rule can be
-- restored for a while.
CREATE TABLE rules (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	words      TEXT NOT NULL,
	bound      INTEGER NOT NULL,
	action     TEXT NOT NULL,
	ends_at    INTEGER NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT rules_pk PRIMARY KEY (site_id, id),
	CONSTRAINT rules_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT rules_action CHECK (action IN ('hold', 'suspect'))
) STRICT;

-- Blocked and trusted writers. value is a keyed hash, or a domain name. comment_id is one of the writer's
-- comments, or ''.
CREATE TABLE blocks (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	value      TEXT NOT NULL,
	comment_id TEXT NOT NULL,
	trust      INTEGER NOT NULL,
	ends_at    INTEGER NOT NULL,
	account_id TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	removed_at INTEGER NOT NULL,
	CONSTRAINT blocks_pk PRIMARY KEY (site_id, id),
	CONSTRAINT blocks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT blocks_trust_bool CHECK (trust IN (0, 1))
) STRICT;

-- Groups of comments with nearly the same text.
CREATE TABLE campaigns (
	site_id    INTEGER NOT NULL,
	id         TEXT NOT NULL,
	joined     INTEGER NOT NULL,
	waiting    INTEGER NOT NULL,
	approved   INTEGER NOT NULL,
	refused    INTEGER NOT NULL,
	sample     TEXT NOT NULL,
	told       INTEGER NOT NULL,
	first_seen INTEGER NOT NULL,
	last_seen  INTEGER NOT NULL,
	CONSTRAINT campaigns_pk PRIMARY KEY (site_id, id),
	CONSTRAINT campaigns_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT campaigns_counts CHECK (waiting >= 0 AND approved >= 0 AND refused >= 0),
	CONSTRAINT campaigns_told_bool CHECK (told IN (0, 1))
) STRICT;
CREATE INDEX campaigns_latest ON campaigns (site_id, last_seen, id);

-- state is the state of the comment when it was last counted. campaign_id is '' for a comment without similar
-- ones.
CREATE TABLE campaign_members (
	site_id     INTEGER NOT NULL,
	comment_id  TEXT NOT NULL,
	number      INTEGER NOT NULL,
	campaign_id TEXT NOT NULL,
	joined      INTEGER NOT NULL,
	apart       INTEGER NOT NULL,
	state       INTEGER NOT NULL,
	banded      INTEGER NOT NULL,
	print       BLOB NOT NULL,
	created_at  INTEGER NOT NULL,
	edited_at   INTEGER NOT NULL,
	decided_at  INTEGER NOT NULL,
	CONSTRAINT campaign_members_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT campaign_members_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT campaign_members_alone CHECK ((campaign_id = '') = (joined = 0)),
	CONSTRAINT campaign_members_apart_bool CHECK (apart IN (0, 1)),
	CONSTRAINT campaign_members_state CHECK (state BETWEEN 0 AND 4),
	CONSTRAINT campaign_members_banded_bool CHECK (banded IN (0, 1))
) STRICT;
CREATE UNIQUE INDEX campaign_members_number ON campaign_members (site_id, number);
CREATE INDEX campaign_members_waiting ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state = 0;
CREATE INDEX campaign_members_decided ON campaign_members (site_id, decided_at) WHERE state <> 0;
CREATE INDEX campaign_members_settled ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state <> 0;

-- n is 1, or 0 after the vote was withdrawn. voter is a keyed hash. When voters are forgotten, their votes become
-- one row with an empty voter, and changed_at is 0.
CREATE TABLE votes (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	voter      BLOB NOT NULL,
	n          INTEGER NOT NULL,
	changed_at INTEGER NOT NULL,
	CONSTRAINT votes_pk PRIMARY KEY (site_id, comment_id, voter),
	CONSTRAINT votes_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT votes_n CHECK (n >= 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX votes_changed ON votes (changed_at, site_id, comment_id);

-- settled is the seq of the decision that closed the report, 0 while it is open. reporter is a keyed hash; NULL
-- after it was forgotten.
CREATE TABLE reports (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	id         TEXT NOT NULL,
	reporter   BLOB,
	reason     INTEGER NOT NULL,
	detail     TEXT NOT NULL,
	settled    INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT reports_pk PRIMARY KEY (site_id, comment_id, id),
	CONSTRAINT reports_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id),
	CONSTRAINT reports_reason CHECK (reason BETWEEN 1 AND 8)
) STRICT;
CREATE UNIQUE INDEX reports_reporter ON reports (site_id, comment_id, reporter) WHERE reporter IS NOT NULL;
CREATE INDEX reports_settled ON reports (site_id, settled) WHERE settled > 0;
CREATE INDEX reports_age ON reports (created_at);

-- refusal is the seq of the decision that the writer appeals.
CREATE TABLE appeals (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	refusal    INTEGER NOT NULL,
	body       TEXT NOT NULL,
	settled    INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT appeals_pk PRIMARY KEY (site_id, comment_id, refusal),
	CONSTRAINT appeals_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
) STRICT;
CREATE INDEX appeals_settled ON appeals (site_id, settled) WHERE settled > 0;
CREATE INDEX appeals_age ON appeals (site_id, created_at);

-- A reader signed out everywhere: tokens of subject, a keyed hash, that are older than at are invalid.
CREATE TABLE signouts (
	site_id INTEGER NOT NULL,
	subject BLOB NOT NULL,
	at      INTEGER NOT NULL,
	CONSTRAINT signouts_pk PRIMARY KEY (site_id, subject),
	CONSTRAINT signouts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX signouts_age ON signouts (at);

-- The salt from which a site's single sign-on secret is derived.
CREATE TABLE sso_salts (
	site_id INTEGER NOT NULL,
	salt    BLOB NOT NULL,
	set_at  INTEGER NOT NULL,
	CONSTRAINT sso_salts_pk PRIMARY KEY (site_id),
	CONSTRAINT sso_salts_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- Names that belong to verified readers. seen is a keyed hash of the name as displayed.
CREATE TABLE verified_names (
	site_id INTEGER NOT NULL,
	seen    BLOB NOT NULL,
	seen_at INTEGER NOT NULL,
	CONSTRAINT verified_names_pk PRIMARY KEY (site_id, seen),
	CONSTRAINT verified_names_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX verified_names_age ON verified_names (seen_at);

-- Legal requests to withhold comments or a page. seq is the log entry of the request, end_seq the entry that ended
-- it, 0 while it is in force. until_at is 0 if the request has no end date.
CREATE TABLE takedowns (
	site_id     INTEGER NOT NULL,
	id          TEXT NOT NULL,
	seq         INTEGER NOT NULL,
	page_id     TEXT,
	demanded_by TEXT NOT NULL,
	kind        TEXT NOT NULL,
	law         TEXT NOT NULL,
	country     TEXT NOT NULL,
	reference   TEXT NOT NULL,
	public      TEXT NOT NULL,
	received_at INTEGER NOT NULL,
	until_at    INTEGER NOT NULL,
	comments    INTEGER NOT NULL,
	salt        TEXT NOT NULL,
	account_id  TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL,
	end_seq     INTEGER NOT NULL,
	ended_by    TEXT NOT NULL,
	why         TEXT NOT NULL,
	CONSTRAINT takedowns_pk PRIMARY KEY (site_id, id),
	CONSTRAINT takedowns_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT takedowns_page_fk FOREIGN KEY (site_id, page_id) REFERENCES pages (site_id, id),
	CONSTRAINT takedowns_kind CHECK (kind IN ('court', 'authority', 'company', 'person', 'other')),
	CONSTRAINT takedowns_public CHECK (public IN ('full', 'unnamed', 'sealed') AND (kind <> 'person' OR public <> 'full'))
) STRICT;
CREATE UNIQUE INDEX takedowns_order ON takedowns (site_id, seq);
CREATE INDEX takedowns_page ON takedowns (site_id, page_id) WHERE page_id IS NOT NULL;
CREATE INDEX takedowns_until ON takedowns (until_at) WHERE until_at > 0 AND ended_at = 0;

CREATE TABLE takedown_comments (
	site_id     INTEGER NOT NULL,
	takedown_id TEXT NOT NULL,
	comment_id  TEXT NOT NULL,
	CONSTRAINT takedown_comments_pk PRIMARY KEY (site_id, takedown_id, comment_id),
	CONSTRAINT takedown_comments_takedown_fk FOREIGN KEY (site_id, takedown_id) REFERENCES takedowns (site_id, id),
	CONSTRAINT takedown_comments_comment_fk FOREIGN KEY (site_id, comment_id) REFERENCES comments (site_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX takedown_comments_comment ON takedown_comments (site_id, comment_id);

-- Signing keys. sealed is the seed of the private key, sealed.
CREATE TABLE signets (
	site_id INTEGER NOT NULL,
	public  BLOB NOT NULL,
	sealed  BLOB NOT NULL,
	made_at INTEGER NOT NULL,
	CONSTRAINT signets_pk PRIMARY KEY (site_id),
	CONSTRAINT signets_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- When static copies of a site were made: they may contain comments that were withheld later.
CREATE TABLE site_copies (
	site_id INTEGER NOT NULL,
	made_at INTEGER NOT NULL,
	CONSTRAINT site_copies_pk PRIMARY KEY (site_id, made_at),
	CONSTRAINT site_copies_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;

-- Mail to moderators. comments is a JSON array of IDs; more counts comments beyond them. A sender holds the mail
-- until taken_until. handed_at is when the text began to leave, ended_at when sending ended.
CREATE TABLE mails (
	site_id     INTEGER NOT NULL,
	id          TEXT NOT NULL,
	account_id  TEXT NOT NULL,
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
	CONSTRAINT mails_pk PRIMARY KEY (site_id, id),
	CONSTRAINT mails_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT mails_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX mails_due ON mails (due_at) WHERE ended_at = 0;
CREATE INDEX mails_account ON mails (account_id, site_id, kind, created_at);
CREATE INDEX mails_ended ON mails (ended_at) WHERE ended_at > 0;

-- Links in mail to moderators. A link without a comment only changes mail settings.
CREATE TABLE mail_links (
	hash       BLOB NOT NULL,
	account_id TEXT NOT NULL,
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	version    INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER NOT NULL,
	CONSTRAINT mail_links_pk PRIMARY KEY (hash),
	CONSTRAINT mail_links_site_fk FOREIGN KEY (site_id) REFERENCES sites (id),
	CONSTRAINT mail_links_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX mail_links_account ON mail_links (account_id);
CREATE INDEX mail_links_expiry ON mail_links (expires_at);

-- mailbox is a keyed hash of the address, the same on all sites. The code is derived from letter_id and not
-- stored.
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

-- Counters for mail limits. site_id is 0 for limits across all sites.
CREATE TABLE mail_counts (
	site_id INTEGER NOT NULL,
	mailbox BLOB NOT NULL,
	kind    TEXT NOT NULL,
	sent    INTEGER NOT NULL,
	since   INTEGER NOT NULL,
	CONSTRAINT mail_counts_pk PRIMARY KEY (site_id, mailbox, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_counts_age ON mail_counts (since);

-- confirmed_at is 0 until the owner of the address confirms.
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

-- Addresses that unsubscribed from all mail of a site.
CREATE TABLE mail_stops (
	site_id    INTEGER NOT NULL,
	mailbox    BLOB NOT NULL,
	stopped_at INTEGER NOT NULL,
	CONSTRAINT mail_stops_pk PRIMARY KEY (site_id, mailbox),
	CONSTRAINT mail_stops_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT, WITHOUT ROWID;

-- Mail to readers, with the columns of mails. address is emptied when sending ends.
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

-- Spam checks by other programs: a keyed hash and a fingerprint of the text. label is 0, or what the program
-- taught: 1 ham, 2 spam.
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

-- url is sealed; events is a JSON array. After failures in a row, delivery is retried at retry_at.
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

-- A sender holds the delivery until taken_until. ended_at is when it was accepted or given up.
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

-- State of each site's external checker. secret is sealed; NULL: the checker needs none.
CREATE TABLE checkers (
	site_id     INTEGER NOT NULL,
	secret      BLOB,
	failures    INTEGER NOT NULL,
	failed_at   INTEGER NOT NULL,
	failure     TEXT NOT NULL,
	retry_at    INTEGER NOT NULL,
	answered_at INTEGER NOT NULL,
	CONSTRAINT checkers_pk PRIMARY KEY (site_id),
	CONSTRAINT checkers_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- Comments that wait for the external checker.
CREATE TABLE checks (
	site_id    INTEGER NOT NULL,
	comment_id TEXT NOT NULL,
	asked_at   INTEGER NOT NULL,
	CONSTRAINT checks_pk PRIMARY KEY (site_id, comment_id),
	CONSTRAINT checks_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE INDEX checks_age ON checks (site_id, asked_at);

-- Shared spam lists that a site reads. generated_at to taken_at describe the last list taken, tried_at and failure
-- the last attempt.
CREATE TABLE neighbours (
	site_id      INTEGER NOT NULL,
	id           TEXT NOT NULL,
	url          TEXT NOT NULL,
	public_key   TEXT NOT NULL,
	weight       REAL NOT NULL,
	account_id   TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	theirs       TEXT NOT NULL,
	generated_at INTEGER NOT NULL,
	campaigns    INTEGER NOT NULL,
	hosts        INTEGER NOT NULL,
	taken_at     INTEGER NOT NULL,
	tried_at     INTEGER NOT NULL,
	failure      TEXT NOT NULL,
	CONSTRAINT neighbours_pk PRIMARY KEY (site_id, id),
	CONSTRAINT neighbours_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;
CREATE UNIQUE INDEX neighbours_url ON neighbours (site_id, url);

-- neighbour_id is '' for the list that the site publishes.
CREATE TABLE neighbour_lists (
	site_id      INTEGER NOT NULL,
	neighbour_id TEXT NOT NULL,
	generated_at INTEGER NOT NULL,
	body         BLOB NOT NULL,
	CONSTRAINT neighbour_lists_pk PRIMARY KEY (site_id, neighbour_id),
	CONSTRAINT neighbour_lists_site_fk FOREIGN KEY (site_id) REFERENCES sites (id)
) STRICT;

-- Without statistics SQLite assumes ten rows per site and scans the whole site where a comment is named. These
-- statistics are fixed, so every installation has the plans that the tests check: two sites with ten thousand
-- comments each. Per index: its rows, then the average number of rows with the same first column, first two
-- columns, and so on. See "fixed results of ANALYZE" in https://www.sqlite.org/lang_analyze.html.
ANALYZE sqlite_schema;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
	('account_proofs', 'account_proofs_account', '5000 1'),
	('account_proofs', 'sqlite_autoindex_account_proofs_1', '5000 1667 1'),
	('accounts', 'accounts_email', '5000 1'),
	('accounts', 'sqlite_autoindex_accounts_1', '5000 1'),
	('appeals', 'appeals_age', '20000 10000 1'),
	('appeals', 'appeals_settled', '19999 10000 1'),
	('appeals', 'sqlite_autoindex_appeals_1', '20000 10000 1 1'),
	('blocks', 'sqlite_autoindex_blocks_1', '200 100 1'),
	('campaign_members', 'campaign_members_decided', '15996 7998 1'),
	('campaign_members', 'campaign_members_number', '20000 10000 1'),
	('campaign_members', 'campaign_members_settled', '10665 5333 3 1'),
	('campaign_members', 'campaign_members_waiting', '2669 1335 3 1'),
	('campaign_members', 'sqlite_autoindex_campaign_members_1', '20000 10000 1'),
	('campaigns', 'campaigns_latest', '5000 2500 1 1'),
	('campaigns', 'sqlite_autoindex_campaigns_1', '5000 2500 1'),
	('checks', 'checks_age', '20000 10000 1'),
	('checks', 'sqlite_autoindex_checks_1', '20000 10000 1'),
	('comments', 'comments_addressed', '10000 5000 1'),
	('comments', 'comments_age', '20000 10000 2000 1 1'),
	('comments', 'comments_appealed', '199 100 1 1'),
	('comments', 'comments_decided', '8000 4000 1'),
	('comments', 'comments_email', '5000 2500 5 1 1'),
	('comments', 'comments_expired', '400 200 50 1'),
	('comments', 'comments_itself', '4004 2002 1'),
	('comments', 'comments_kept', '100 50 1'),
	('comments', 'comments_page', '20000 10000 100 50 1 1'),
	('comments', 'comments_parent', '8000 4000 2'),
	('comments', 'comments_refused', '3998 1999 1999 1'),
	('comments', 'comments_removed', '400 200 1'),
	('comments', 'comments_reported', '200 100 1 1'),
	('comments', 'comments_risk', '20000 10000 2000 40 1'),
	('comments', 'comments_same', '20000 10000 1'),
	('comments', 'comments_suspected', '2000 1000 1'),
	('comments', 'comments_thread', '4004 2002 21 1 1'),
	('comments', 'comments_top', '4004 2002 21 21 1'),
	('comments', 'comments_wide_email', '20 10 1'),
	('comments', 'comments_withheld', '200 100 34 7'),
	('comments', 'comments_writer', '20000 10000 50 20 1'),
	('comments', 'sqlite_autoindex_comments_1', '20000 10000 1'),
	('decisions', 'decisions_batch', '20000 10000 10 1'),
	('decisions', 'decisions_comment', '20000 10000 1 1'),
	('decisions', 'decisions_copies', '200 100 1'),
	('decisions', 'decisions_undoes', '500 250 1'),
	('decisions', 'sqlite_autoindex_decisions_1', '20000 10000 1'),
	('deliveries', 'deliveries_due', '2223 1112 2 1'),
	('deliveries', 'deliveries_ended', '17777 1'),
	('deliveries', 'sqlite_autoindex_deliveries_1', '20000 10000 10 1'),
	('events', NULL, '20000'),
	('followers', 'sqlite_autoindex_followers_1', '10 1'),
	('former_staff', 'former_staff', '20000 10000 1'),
	('former_staff', 'former_staff_id', '20000 2'),
	('grants', 'grants_site', '200 100'),
	('grants', 'sqlite_autoindex_grants_1', '200 1 1'),
	('idempotency_keys', 'idempotency_keys_age', '5000 1'),
	('idempotency_keys', 'sqlite_autoindex_idempotency_keys_1', '5000 2500 1000 1'),
	('inquiries', 'inquiries_age', '20000 1'),
	('inquiries', 'inquiries_label', '13333 6667 3334 1'),
	('inquiries', 'sqlite_autoindex_inquiries_1', '20000 10000 1'),
	('lessons', 'lessons_label', '17777 8889 1778 1'),
	('lessons', 'lessons_standing', '17777 8889 1 1'),
	('lessons', 'lessons_withdrawn', '500 250 100 1 1'),
	('lessons', 'sqlite_autoindex_lessons_1', '20000 10000 1 1'),
	('letters', 'letters_due', '556 1'),
	('letters', 'letters_ended', '4444 1'),
	('letters', 'letters_mailbox', '5000 2500 1 1 1'),
	('letters', 'sqlite_autoindex_letters_1', '5000 2500 1'),
	('links', 'links_account', '100 1'),
	('links', 'sqlite_autoindex_links_1', '100 1'),
	('mail_codes', 'mail_codes', '5000 2500 1'),
	('mail_codes', 'mail_codes_age', '5000 1'),
	('mail_counts', 'mail_counts_age', '500 1'),
	('mail_links', 'mail_links_account', '5000 50'),
	('mail_links', 'mail_links_expiry', '5000 1'),
	('mail_links', 'sqlite_autoindex_mail_links_1', '5000 1'),
	('mail_stops', 'mail_stops', '5000 2500 1'),
	('mails', 'mails_account', '5000 1 1 1 1'),
	('mails', 'mails_due', '556 1'),
	('mails', 'mails_ended', '4444 1'),
	('mails', 'sqlite_autoindex_mails_1', '5000 2500 1'),
	('meta', 'sqlite_autoindex_meta_1', '10 1'),
	('model_pieces', 'sqlite_autoindex_model_pieces_1', '600 300 20 20 1'),
	('model_snapshots', 'sqlite_autoindex_model_snapshots_1', '20 10 1'),
	('neighbour_lists', 'sqlite_autoindex_neighbour_lists_1', '20 10 1'),
	('neighbours', 'neighbours_url', '20 10 1'),
	('neighbours', 'sqlite_autoindex_neighbours_1', '20 10 1'),
	('pages', 'pages_age', '4000 2000 1 1'),
	('pages', 'pages_url', '4000 2000 1'),
	('pages', 'sqlite_autoindex_pages_1', '4000 2000 1'),
	('reports', 'reports_age', '20000 1'),
	('reports', 'reports_reporter', '20000 10000 1 1'),
	('reports', 'reports_settled', '19999 10000 1'),
	('reports', 'sqlite_autoindex_reports_1', '20000 10000 1 1'),
	('rules', 'sqlite_autoindex_rules_1', '200 100 1'),
	('sessions', 'sessions_account', '5000 1 1'),
	('sessions', 'sessions_expiry', '5000 1'),
	('sessions', 'sqlite_autoindex_sessions_1', '5000 1'),
	('signouts', 'signouts_age', '500 1'),
	('sites', 'sites_key', '20 1'),
	('subscriptions', 'subscriptions', '5000 2500 1'),
	('subscriptions', 'subscriptions_mailbox', '5000 2500 1'),
	('takedown_comments', 'takedown_comments', '20000 10000 1 1'),
	('takedown_comments', 'takedown_comments_comment', '20000 10000 1'),
	('takedowns', 'sqlite_autoindex_takedowns_1', '20000 10000 1'),
	('takedowns', 'takedowns_order', '20000 10000 1'),
	('takedowns', 'takedowns_page', '2223 1112 12'),
	('takedowns', 'takedowns_until', '2223 1'),
	('tokens', 'sqlite_autoindex_tokens_1', '5000 1'),
	('tokens', 'tokens_account', '5000 1 1'),
	('tokens', 'tokens_hash', '5000 1'),
	('verified_names', 'verified_names', '20000 10000 1'),
	('verified_names', 'verified_names_age', '20000 1'),
	('votes', 'votes', '20000 10000 1 1'),
	('votes', 'votes_changed', '20000 1 1 1'),
	('webhooks', 'sqlite_autoindex_webhooks_1', '20 10 1'),
	('writer_notes', 'sqlite_autoindex_writer_notes_1', '500 250 1'),
	('writer_notes', 'writer_notes_writer', '500 250 2');
ANALYZE sqlite_schema;
