package flags

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A Provider is an OpenID Connect provider of --oidc. Name is shown to users and is part of URLs.
type Provider struct{ Name, Issuer, ClientID, Secret string }

// Limits of --oidc.
const (
	maxProviders = 8
	maxSecret    = 4096 // bytes
)

// Providers parses the values of --oidc, NAME=ISSUER,CLIENT_ID,SECRET_FILE, which kong has split at the commas. It reads
// the secret files.
func Providers(pieces []string) (all []Provider, err error) {
	if len(pieces)%3 != 0 {
		return nil, errors.New("--oidc: want NAME=ISSUER,CLIENT_ID,SECRET_FILE")
	}
	if len(pieces)/3 > maxProviders {
		return nil, fmt.Errorf("--oidc: want at most %d providers", maxProviders)
	}
	for three := range slices.Chunk(pieces, 3) {
		name, issuer, ok := strings.Cut(strings.TrimSpace(three[0]), "=")
		p := Provider{Name: name, Issuer: issuer, ClientID: strings.TrimSpace(three[1])}
		switch {
		case !ok || issuer == "" || p.ClientID == "":
			return nil, errors.New("--oidc: want NAME=ISSUER,CLIENT_ID,SECRET_FILE")
		case name == "" || len(name) > 40 || strings.ContainsFunc(name, notNameRune):
			return nil, fmt.Errorf("--oidc: %q is not a name for URLs; use letters, digits and -", name)
		case slices.ContainsFunc(all, func(o Provider) bool { return strings.EqualFold(o.Name, name) }):
			return nil, fmt.Errorf("--oidc: two providers are named %s", name)
		}
		if p.Secret, err = clientSecret(strings.TrimSpace(three[2])); err != nil {
			return nil, fmt.Errorf("--oidc %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func notNameRune(r rune) bool { return !strings.ContainsRune(nameRunes, r) }

const nameRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

func clientSecret(path string) (string, error) {
	said, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return "", fmt.Errorf("there is no file %s", path)
	case err != nil:
		return "", fmt.Errorf("%s cannot be read", path)
	}
	secret := strings.TrimSpace(string(said))
	if secret == "" || len(secret) > maxSecret || strings.ContainsAny(secret, "\r\n\x00") {
		return "", fmt.Errorf("%s has no secret: want one line", path)
	}
	return secret, nil
}
