-- The log has a public side: what is private of an entry is bound by a salted hash.
-- +goose Up

-- salt is NULL in older entries; under is the key of the site that an entry was written on, of an older one that was
-- brought from elsewhere the number of the site there.
ALTER TABLE decisions ADD COLUMN salt BYTEA;
ALTER TABLE decisions ADD COLUMN under TEXT COLLATE "C" NOT NULL DEFAULT '';
