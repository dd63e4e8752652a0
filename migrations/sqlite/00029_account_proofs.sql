-- By which providers of OpenID Connect accounts sign in: whoever comes from one is its issuer and their subject there.
-- +goose Up

-- provider is what it was called when the account was linked, for people to read.
CREATE TABLE account_proofs (
	issuer     TEXT NOT NULL,
	subject    TEXT NOT NULL,
	account_id TEXT NOT NULL,
	provider   TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	CONSTRAINT account_proofs_pk PRIMARY KEY (issuer, subject),
	CONSTRAINT account_proofs_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX account_proofs_account ON account_proofs (account_id);
