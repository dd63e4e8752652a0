-- Messages to a webhook are numbered.
-- +goose Up

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
