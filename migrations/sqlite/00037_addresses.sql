-- Addresses are compared exactly, and what moderators typed about a comment is erased with it.
-- +goose Up

-- The hash that stands for the texts of an entry that were erased.
ALTER TABLE decisions ADD COLUMN proof BLOB;

-- A note outlived the comment that it is about. Those of the log are erased by the program.
UPDATE comments SET note = '' WHERE state = 4 AND source = '' AND note <> '';

-- A mailbox was the hash of a folded address, which several people may share. Codes are asked for again; of a letter
-- that was sent nobody knows the address any more.
DELETE FROM mail_codes;
DELETE FROM letters WHERE ended_at > 0 OR octet_length(address) <> length(address);
