-- The queue over all sites of an account.
-- +goose Up

-- One queue over all sites: by age and by risk, per state. Sites may have comments with the same ID.
CREATE INDEX comments_all_age ON comments (state, created_at, id, site_id);
CREATE INDEX comments_all_risk ON comments (state, score, id, site_id);
