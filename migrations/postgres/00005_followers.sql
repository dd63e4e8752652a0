-- Followers of the events that go on where they left off, in whatever process.
-- +goose Up

-- position is the last event that was read, as package store writes it. lost says that later ones
-- were removed before they were read, or that nothing was read yet.
CREATE TABLE followers (
	name     TEXT COLLATE "C" NOT NULL,
	position TEXT COLLATE "C" NOT NULL,
	lost     BOOLEAN NOT NULL,
	CONSTRAINT followers_pk PRIMARY KEY (name)
);
