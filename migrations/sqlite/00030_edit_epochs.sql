-- An owner ends the edit tokens that readers of a site have.
-- +goose Up

-- Each token is made with the epoch of its site. The tokens of before were made with 1.
ALTER TABLE sites ADD COLUMN edit_epoch INTEGER NOT NULL DEFAULT 1;
