package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/aitys/aitys/internal/store"
	"github.com/aitys/aitys/internal/store/sqlite"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/txn"
)

type secretCmd struct {
	New secretNewCmd `cmd:"" help:"Replace the secret. All edit tokens, address hashes, site keys, webhooks and checker keys become invalid."`
}

type secretNewCmd struct {
	Yes bool `help:"Replace the secret even if it is valid."`
}

// Run replaces the secret in the database first. If it is interrupted after that, run it again.
func (c secretNewCmd) Run(a *env) (err error) {
	path, isSQLite := a.base.sqlitePath()
	if isSQLite && !exists(path) {
		return noDatabase(path)
	}
	db, err := a.openStore(a.ctx, accessRead)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if a.base.Secret != "" {
		return c.replaceByFlag(a, db)
	}
	if err := c.confirm(a, db); err != nil {
		return err
	}
	if err := a.makeDataFolder(a.base.SecretFile); err != nil {
		return err
	}
	temp, remove, err := writeSecret(filepath.Dir(a.base.SecretFile))
	if err != nil {
		return fmt.Errorf("create the secret: %w", err)
	}
	defer func() { _ = remove() }() // the secret was renamed to its place
	secret, err := readSecretFile(temp)
	if err != nil {
		return err
	}
	if err := txn.ReplaceSecret(a.ctx, store.Narrow[txn.MetaTx](db), secret); err != nil {
		return fmt.Errorf("replace the secret: %w", err)
	}
	if err := os.Rename(temp, a.base.SecretFile); err != nil {
		return fmt.Errorf("replace the secret: %w", err)
	}
	return a.printLine("wrote a new secret to %s: restart every server", a.base.SecretFile)
}

// replaceByFlag stores --secret as the secret of the database. It needs --yes, because it cannot know whether the old
// secret is lost.
func (c secretNewCmd) replaceByFlag(a *env, db *store.DB) error {
	own, err := a.base.readSecret()
	if err != nil {
		return err
	}
	meta := store.Narrow[txn.MetaTx](db)
	switch err := txn.CheckSecret(a.ctx, meta, own); {
	case err == nil:
		return errors.New("the database already has the secret in --secret; set it to a new one first")
	case !errors.Is(err, txn.ErrWrongSecret):
		return err
	case !c.Yes:
		return errors.New("the database has another secret. To replace it by --secret and make all edit tokens, " +
			"address hashes, site keys, webhooks and checker keys invalid, run `aitys secret new --yes`")
	}
	if err := txn.ReplaceSecret(a.ctx, meta, own); err != nil {
		return fmt.Errorf("replace the secret: %w", err)
	}
	return a.printLine("the database has the secret in --secret now: restart every server with it")
}

// confirm returns an error if the secret of the database is not lost and --yes is not given.
func (c secretNewCmd) confirm(a *env, db *store.DB) error {
	if c.Yes {
		return nil
	}
	path := a.base.SecretFile
	text, err := os.ReadFile(path)
	own := secret.Secret(strings.TrimSpace(string(text)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("read the secret: %w", err)
	case len(own) < secret.MinLength:
		return nil
	}
	switch err := txn.CheckSecret(a.ctx, store.Narrow[txn.MetaTx](db), own); {
	case errors.Is(err, txn.ErrWrongSecret):
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("the secret %s is valid. To replace it and make all edit tokens, address hashes, site keys, "+
		"webhooks and checker keys invalid, run `aitys secret new --yes`", path)
}

const maxSecret = 4096 // bytes

// readSecret returns --secret, or reads the file of --secret-file if --secret is not set.
func (b base) readSecret() (secret.Secret, error) {
	if b.Secret == "" {
		return readSecretFile(b.SecretFile)
	}
	own := secret.Secret(strings.TrimSpace(b.Secret))
	switch {
	case len(own) < secret.MinLength:
		return nil, fmt.Errorf("--secret (AITYS_SECRET): too short: want at least %d characters, for example of `openssl rand -hex 32`",
			secret.MinLength)
	case len(own) > maxSecret:
		return nil, fmt.Errorf("--secret (AITYS_SECRET): too long: want at most %d characters", maxSecret)
	}
	return own, nil
}

// secretName names the secret in messages: the path of its file, or the flag. It never contains the secret.
func (b base) secretName() string {
	if b.Secret != "" {
		return "the secret in --secret (AITYS_SECRET)"
	}
	return b.SecretFile
}

// readSecretFile reads the secret at path. It returns an error if all users of the machine can read the file, or if the
// secret is too short or too long.
func readSecretFile(path string) (secret.Secret, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no secret at %s; set --secret-file to the secret of the servers", path)
	case err != nil:
		return nil, fmt.Errorf("read the secret: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the secret %s is not a file", path)
	case info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows":
		return nil, fmt.Errorf("all users can read the secret %s; run chmod 600 on it", path)
	case info.Size() > maxSecret:
		return nil, fmt.Errorf("the secret %s is too long", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	own := secret.Secret(strings.TrimSpace(string(text)))
	if len(own) < secret.MinLength {
		return nil, fmt.Errorf("the secret %s is too short: want at least %d characters", path, secret.MinLength)
	}
	return own, nil
}

// makeSecret creates a secret at path unless it exists. It is atomic: of several concurrent processes one creates the
// file, and no process reads an incomplete secret.
func makeSecret(path string) (made bool, err error) {
	if _, err := os.Stat(path); err == nil {
		return false, nil
	}
	temp, remove, err := writeSecret(filepath.Dir(path))
	if err != nil {
		return false, fmt.Errorf("create the secret: %w", err)
	}
	defer func() { _ = remove() }() // the secret is linked at path
	switch err := os.Link(temp, path); {
	case errors.Is(err, os.ErrExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("create the secret: %w", err)
	}
	return true, nil
}

// writeSecret writes a new secret to a file in a temporary folder in dir. remove removes the folder.
func writeSecret(dir string) (path string, remove func() error, err error) {
	folder, remove, err := sqlite.TempFolder(dir, "")
	if err != nil {
		return "", nil, err
	}
	f, err := os.OpenFile(filepath.Join(folder, "secret"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	bytes := make([]byte, secret.MinLength)
	_, _ = rand.Read(bytes) // never fails
	_, err = f.WriteString(hex.EncodeToString(bytes) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return f.Name(), remove, nil
}
