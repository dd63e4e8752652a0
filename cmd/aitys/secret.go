package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/aitys/aitys/moderation"
)

const (
	minSecret = 32
	maxSecret = 4096
)

// readSecret reads the secret that is kept at path. A file that everybody on the machine can
// read keeps nothing.
func readSecret(path string) (moderation.Secret, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the secret: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("the secret %s is not a file", path)
	case info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows":
		return nil, fmt.Errorf("everybody can read the secret %s: chmod 600 it", path)
	case info.Size() > maxSecret:
		return nil, fmt.Errorf("the secret %s is too long to be one", path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if len(secret) < minSecret {
		return nil, fmt.Errorf("the secret %s is too short: it wants %d characters", path, minSecret)
	}
	return moderation.Secret(secret), nil
}

// makeSecret makes a secret at path unless there is one. Of several processes that try at once
// one makes it, and nobody ever reads half of it.
func makeSecret(path string) (made bool, err error) {
	if _, err := os.Stat(path); err == nil {
		return false, nil
	}
	temp, err := writeSecret(filepath.Dir(path))
	if err != nil {
		return false, fmt.Errorf("make the secret: %w", err)
	}
	defer func() { _ = os.Remove(temp) }() // a name more for the same file, or nobody's
	switch err := os.Link(temp, path); {
	case errors.Is(err, os.ErrExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("make the secret: %w", err)
	}
	return true, nil
}

// writeSecret writes a new secret into a file of its own in dir.
func writeSecret(dir string) (path string, err error) {
	f, err := os.CreateTemp(dir, ".secret-*") // mode 0600
	if err != nil {
		return "", err
	}
	bytes := make([]byte, minSecret)
	_, _ = rand.Read(bytes) // never fails
	_, err = f.WriteString(hex.EncodeToString(bytes) + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
