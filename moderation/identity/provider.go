package identity

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/authz"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/secret"
	"github.com/aitys/aitys/moderation/site"
	"github.com/aitys/aitys/moderation/txn"
)

// wayLife is how long somebody may be at a provider, and how long what they proved there is good.
const wayLife = 10 * time.Minute

// A Provider is where people show who they are, by OpenID Connect. Its errors are for the log; one that is ErrSilent
// says that it did not answer, any other that what it said is not believed.
type Provider interface {
	Name() string
	// Ask returns the address at which somebody is asked who they are.
	Ask(ctx context.Context, q Question) (address string, err error)
	// Prove returns who they are, for what they came back with.
	Prove(ctx context.Context, q Question, a Answer) (authz.Proof, error)
}

// ErrSilent says that a provider did not answer as one.
var ErrSilent = errors.New("the provider does not answer")

// A Question is what one try to sign in is known by: random texts, of which the provider repeats the state in an
// address and the nonce in what it signs, and is shown the verifier with the code (RFC 7636).
type Question struct {
	State    string `json:"q"`
	Nonce    string `json:"n"`
	Verifier string `json:"v"`
}

// An Answer is what somebody comes back with. Issuer is "" where the provider does not name itself (RFC 9207).
type Answer struct{ State, Code, Issuer string }

// Providers are those of a service. The zero value and nil have none; it is safe for concurrent use.
type Providers struct {
	process *txn.Process
	secret  secret.Secret
	list    []Provider
}

// NewProviders returns those of a process.
func NewProviders(p *txn.Process, own secret.Secret, list ...Provider) *Providers {
	return &Providers{process: p, secret: own, list: list}
}

// Names lists them as people are shown them.
func (p *Providers) Names() (names []string) {
	if p == nil {
		return nil
	}
	for _, one := range p.list {
		names = append(names, one.Name())
	}
	return names
}

func (p *Providers) provider(name string) (Provider, error) {
	at := slices.Index(p.Names(), name)
	if at < 0 {
		return nil, problem.Query("provider", "No provider of this service is called so.")
	}
	return p.list[at], nil
}

// A Way is to a provider: at which address somebody shows who they are, and what their browser keeps until they are
// back with the state.
type Way struct{ Address, State, Kept string }

// way is what is kept of one.
type way struct {
	Provider string   `json:"p"`
	Question Question `json:"q"`
	Errand   string   `json:"e"`
	Ends     int64    `json:"x"` // seconds
}

// Lead returns the way to a provider. Errand comes back with who takes it: nobody but this service can have made it.
func (p *Providers) Lead(ctx context.Context, name, errand string) (Way, error) {
	one, err := p.provider(name)
	if err != nil {
		return Way{}, err
	}
	q := Question{State: random(), Nonce: random(), Verifier: random()}
	address, err := one.Ask(ctx, q)
	if err != nil {
		return Way{}, p.refuse(ctx, name, err)
	}
	kept := p.seal("way", way{name, q, errand, p.process.Now().Add(wayLife).Unix()})
	return Way{Address: address, State: q.State, Kept: kept}, nil
}

// Receive returns who came back from a provider, and their errand: identity.refused for who did not leave from here,
// and for what is not believed.
func (p *Providers) Receive(ctx context.Context, name, kept string, a Answer) (authz.Proof, string, error) {
	one, err := p.provider(name)
	if err != nil {
		return authz.Proof{}, "", err
	}
	var w way
	if !p.open("way", kept, &w) || !p.process.Now().Before(time.Unix(w.Ends, 0)) ||
		!hmac.Equal([]byte(w.Question.State), []byte(a.State)) {
		return authz.Proof{}, "", errWay()
	}
	if w.Provider != name || a.Code == "" {
		return authz.Proof{}, w.Errand, errWay()
	}
	proof, err := one.Prove(ctx, w.Question, a)
	if err != nil {
		return authz.Proof{}, w.Errand, p.refuse(ctx, name, err)
	}
	return proof, w.Errand, nil
}

// refuse tells the log why, and nobody else.
func (p *Providers) refuse(ctx context.Context, name string, err error) error {
	p.process.Logger().WarnContext(ctx, "nobody was signed in by a provider", "provider", name, "err", err)
	if errors.Is(err, ErrSilent) {
		return problem.TryAgain(err)
	}
	return errWay()
}

// held is a proof that a browser keeps until a button is pressed.
type held struct {
	Proof authz.Proof `json:"p"`
	Site  int64       `json:"w"`
	Ends  int64       `json:"x"`
}

// Hold has a browser keep who somebody is, for writing on one site, until the returned time.
func (p *Providers) Hold(site site.Site, proof authz.Proof) (value string, until time.Time) {
	until = p.process.Now().Add(wayLife)
	return p.seal("held", held{proof, site.ID, until.Unix()}), until
}

// Held returns who it is that a browser keeps, if that is still good on a site.
func (p *Providers) Held(site site.Site, value string) (authz.Proof, bool) {
	var h held
	if p == nil || !p.open("held", value, &h) || h.Site != site.ID || !p.process.Now().Before(time.Unix(h.Ends, 0)) {
		return authz.Proof{}, false
	}
	return h.Proof, true
}

// seal makes a text that only open reads: anybody can see what it says, and nobody change it.
func (p *Providers) seal(purpose string, v any) string {
	said, _ := json.Marshal(v) // strings and numbers always can be
	text := base64.RawURLEncoding.EncodeToString(said)
	return text + "." + p.proof(purpose, text)
}

func (p *Providers) proof(purpose, text string) string {
	return base64.RawURLEncoding.EncodeToString(p.secret.Mac("provider", purpose, text))
}

func (p *Providers) open(purpose, sealed string, v any) bool {
	text, proof, _ := strings.Cut(sealed, ".")
	if !hmac.Equal([]byte(proof), []byte(p.proof(purpose, text))) {
		return false
	}
	said, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(said, v) == nil
}

// random is what nobody guesses: 256 bits, in letters that stand in any address.
func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return base64.RawURLEncoding.EncodeToString(b)
}

func errWay() error {
	return problem.Unproven("identity.refused", "Nobody was signed in: begin again, in the browser that you are to "+
		"be signed in with.")
}
