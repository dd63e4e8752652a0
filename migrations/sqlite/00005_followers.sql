-- Followers of the events that go on where they left off, in whatever process.
-- +goose Up

-- position is the last event that was read, as package store writes it. lost says that later ones
-- were removed before they were read, or that nothing was read yet.
CREATE TABLE followers (
	name     TEXT NOT NULL,
	position TEXT NOT NULL,
	lost     INTEGER NOT NULL,
	CONSTRAINT followers_pk PRIMARY KEY (name),
	CONSTRAINT followers_lost_bool CHECK (lost IN (0, 1))
) STRICT;
