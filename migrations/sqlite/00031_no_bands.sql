-- Members are found by their bands in memory, where these are made of the members' prints.
-- +goose Up
DROP TABLE campaign_bands;
