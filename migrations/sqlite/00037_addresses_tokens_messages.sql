-- Addresses are compared exactly, tokens end with the token that added them, and webhook messages are numbered.
-- +goose Up

-- The hash that replaces the erased texts of an entry.
ALTER TABLE decisions ADD COLUMN proof BLOB;

-- Notes were kept on erased comments. The program erases those in the log.
UPDATE comments SET note = '' WHERE state = 4 AND source = '' AND note <> '';

-- A mailbox was the hash of a folded address, which several people may share. Codes must be
-- requested again. The address of a sent letter is unknown.
DELETE FROM mail_codes;
DELETE FROM letters WHERE ended_at > 0 OR octet_length(address) <> length(address);

-- A token that another token added is deleted with it. NULL: a session or the operator added it.
ALTER TABLE tokens ADD COLUMN parent_id TEXT CONSTRAINT tokens_parent_fk REFERENCES tokens (id) ON DELETE CASCADE;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('tokens', 'tokens_parent', '500 5');
ANALYZE sqlite_schema;

-- messages counts the deliveries of a webhook; number is the place of a delivery among them, 0 for those that had
-- ended before.
ALTER TABLE webhooks ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
UPDATE deliveries SET number = waiting.number
FROM (
	SELECT site_id, webhook_id, id,
	       row_number() OVER (PARTITION BY site_id, webhook_id ORDER BY happened_at, seq, id) AS number
	FROM   deliveries
	WHERE  ended_at = 0
) AS waiting
WHERE deliveries.site_id = waiting.site_id AND deliveries.webhook_id = waiting.webhook_id AND deliveries.id = waiting.id;
UPDATE webhooks SET messages = (
	SELECT COUNT(*) FROM deliveries AS d
	WHERE  d.site_id = webhooks.site_id AND d.webhook_id = webhooks.id AND d.number > 0);

-- octet_length came with SQLite 3.43: an older sqlite3 refuses to read a schema that calls it.
DROP INDEX comments_wide_email;
CREATE INDEX comments_wide_email ON comments (site_id, id) WHERE length(CAST(email AS BLOB)) <> length(email);
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('comments', 'comments_wide_email', '20 10 1');
ANALYZE sqlite_schema;
-- The check means the same; what is stored does not change (see ALTER TABLE in SQLite's manual).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql, 'octet_length(url)', 'length(CAST(url AS BLOB))')
WHERE type = 'table' AND name = 'pages';
PRAGMA writable_schema = RESET;
