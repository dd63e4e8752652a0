-- By which providers of OpenID Connect accounts sign in: whoever comes from one is its issuer and their subject there.
-- +goose Up

-- provider is what it was called when the account was linked, for people to read.
CREATE TABLE account_proofs (
	issuer     TEXT COLLATE "C" NOT NULL,
	subject    TEXT COLLATE "C" NOT NULL,
	account_id TEXT COLLATE "C" NOT NULL,
	provider   TEXT COLLATE "C" NOT NULL,
	created_at BIGINT NOT NULL,
	CONSTRAINT account_proofs_pk PRIMARY KEY (issuer, subject),
	CONSTRAINT account_proofs_account_fk FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX account_proofs_account ON account_proofs (account_id);
