-- Addresses are compared exactly, tokens end with the token that added them, and webhook messages are numbered.
-- +goose Up

-- The hash that replaces the erased texts of an entry.
ALTER TABLE decisions ADD COLUMN proof BYTEA;

-- Notes were kept on erased comments. The program erases those in the log.
UPDATE comments SET note = '' WHERE state = 4 AND source = '' AND note <> '';

-- A mailbox was the hash of a folded address, which several people may share. Codes must be
-- requested again. The address of a sent letter is unknown.
DELETE FROM mail_codes;
DELETE FROM letters WHERE ended_at > 0 OR octet_length(address) <> length(address);

-- A token that another token added is deleted with it. NULL: a session or the operator added it.
ALTER TABLE tokens ADD COLUMN parent_id TEXT COLLATE "C" CONSTRAINT tokens_parent_fk REFERENCES tokens (id) ON DELETE CASCADE;
CREATE INDEX tokens_parent ON tokens (parent_id) WHERE parent_id IS NOT NULL;

-- messages counts the deliveries of a webhook; number is the place of a delivery among them, 0 for those that had
-- ended before.
ALTER TABLE webhooks ADD COLUMN messages BIGINT NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
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
