-- Comments that say nearly the same are found by bands of their fingerprints, and kept together.
-- +goose Up

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

-- state is the comment's as it was last counted; campaign_id is '' while it is alone.
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
CREATE INDEX campaign_members_joined ON campaign_members (site_id, campaign_id, joined) WHERE campaign_id <> '';
CREATE INDEX campaign_members_waiting ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state = 0;
CREATE INDEX campaign_members_decided ON campaign_members (site_id, decided_at) WHERE state <> 0;

-- Which members are found under a band, by their numbers.
CREATE TABLE campaign_bands (
	site_id BIGINT NOT NULL,
	band    BIGINT NOT NULL,
	number  BIGINT NOT NULL,
	CONSTRAINT campaign_bands_pk PRIMARY KEY (site_id, band, number)
);
