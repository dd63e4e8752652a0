package flags

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// A Provider is what --oidc says of one: its name as people see it, its address, and what this service is known by
// there.
type Provider struct{ Name, Issuer, ClientID, Secret string }

// maxProviders are more than anybody wants to choose from; maxSecret is in bytes.
const (
	maxProviders = 8
	maxSecret    = 4096
)

// Providers reads --oidc: NAME=ISSUER,CLIENT_ID,SECRET_FILE, of which the commas have been taken away.
func Providers(pieces []string) (all []Provider, err error) {
	if len(pieces)%3 != 0 {
		return nil, errors.New("--oidc: want NAME=ISSUER,CLIENT_ID,SECRET_FILE")
	}
	if len(pieces)/3 > maxProviders {
		return nil, fmt.Errorf("--oidc: more than %d providers are too many to choose from", maxProviders)
	}
	for three := range slices.Chunk(pieces, 3) {
		name, issuer, ok := strings.Cut(strings.TrimSpace(three[0]), "=")
		p := Provider{Name: name, Issuer: issuer, ClientID: strings.TrimSpace(three[1])}
		switch {
		case !ok || issuer == "" || p.ClientID == "":
			return nil, errors.New("--oidc: want NAME=ISSUER,CLIENT_ID,SECRET_FILE")
		case name == "" || len(name) > 40 || strings.ContainsFunc(name, noLetter):
			return nil, fmt.Errorf("--oidc: %q is no name: use letters, digits and -, as it stands in an address", name)
		case slices.ContainsFunc(all, func(o Provider) bool { return strings.EqualFold(o.Name, name) }):
			return nil, fmt.Errorf("--oidc: two providers are called %s", name)
		}
		if p.Secret, err = clientSecret(strings.TrimSpace(three[2])); err != nil {
			return nil, fmt.Errorf("--oidc %s: %w", name, err)
		}
		all = append(all, p)
	}
	return all, nil
}

func noLetter(r rune) bool { return !strings.ContainsRune(letters, r) }

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

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
		return "", fmt.Errorf("%s holds no secret: want one line", path)
	}
	return secret, nil
}
