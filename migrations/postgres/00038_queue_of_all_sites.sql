-- The queue over all sites of an account, and daily digests.
-- +goose Up

-- One queue over all sites: by age and by risk, per state. Sites may have comments with the same ID.
CREATE INDEX comments_all_age ON comments (state, created_at, id, site_id);
CREATE INDEX comments_all_risk ON comments (state, score, id, site_id);

-- The daily digest is a fourth choice.
ALTER TABLE accounts
	DROP CONSTRAINT accounts_mail,
	ADD CONSTRAINT accounts_mail CHECK (mail BETWEEN 0 AND 3);
