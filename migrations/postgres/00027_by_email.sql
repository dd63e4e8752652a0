-- Whoever reads an address's mail is told what is held about that address.
-- +goose Up

CREATE INDEX comments_email ON comments (site_id, lower(email), created_at, id) WHERE email <> '';
-- These letters no database folds as we do.
CREATE INDEX comments_wide_email ON comments (site_id, id) WHERE octet_length(email) <> length(email);
