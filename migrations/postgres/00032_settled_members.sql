-- A copy that comes is written to one index of its campaign's members instead of two: to those that wait.
-- +goose Up
CREATE INDEX campaign_members_settled ON campaign_members (site_id, campaign_id, joined)
	WHERE campaign_id <> '' AND state <> 0;
DROP INDEX campaign_members_joined;
