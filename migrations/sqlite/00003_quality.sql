-- What the filter said of a comment before a decision on it was learned.
-- +goose Up

-- spam is the classifier's own probability. Both are 0 in the entries made before this
-- migration, whose hashes do not cover them.
ALTER TABLE decisions ADD COLUMN spam REAL NOT NULL DEFAULT 0
	CONSTRAINT decisions_spam CHECK (spam BETWEEN 0 AND 1);
ALTER TABLE decisions ADD COLUMN warm INTEGER NOT NULL DEFAULT 0
	CONSTRAINT decisions_warm_bool CHECK (warm IN (0, 1));

-- How many lessons of a kind count.
CREATE INDEX lessons_label ON lessons (site_id, label, seq) WHERE standing AND withdrawn = 0;
