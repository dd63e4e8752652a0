package rules

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A BlockKind is what a block matches.
type BlockKind string

// The kinds of blocks.
const (
	BlockWriter  BlockKind = "writer"       // claimed identity: name and e-mail address, or name and network address
	BlockAddress BlockKind = "address"      // network of one subscriber: an IPv4 address, or an IPv6 /64
	BlockDomain  BlockKind = "email_domain" // domain of the e-mail address, or a parent domain
	BlockHost    BlockKind = "host"         // host of a link or of the website, or a parent domain
)

// A Block makes the comments of a commenter, network, domain or host suspected or, with Trust, trusts them. Value is
// what comments are compared with: a keyed hash in hexadecimal for writers and addresses, else a normalized host name.
// Comment is the ID of a comment that matches, so that people can identify the commenter; "" if not needed. A zero
// Until means no end.
type Block struct {
	ID        string
	Site      int64
	Kind      BlockKind
	Value     string
	Comment   string
	Trust     bool
	Until     time.Time
	By        string
	CreatedAt time.Time
	RemovedAt time.Time // zero: not removed
}

// A blockKey is what a comment is compared with.
type blockKey struct {
	kind  BlockKind
	value string
}

func (b Block) key() blockKey { return blockKey{b.Kind, b.Value} }

// contentID returns the ID of a block. Equal blocks with the same end day have the same ID, even if one was removed.
func (b Block) contentID() string {
	until := b.Until.UTC().Truncate(24 * time.Hour)
	return txn.StableID(string(b.Kind), b.Value, strconv.FormatBool(b.Trust), until.String())
}

// Check returns an error unless the block, which was created elsewhere, could have been created here.
func (b Block) Check() error {
	switch b.Kind {
	case BlockWriter, BlockAddress:
		if hash, err := hex.DecodeString(b.Value); err != nil || len(hash) == 0 {
			return problem.Field("/value", "The value is not a hash.")
		}
		return nil
	case BlockDomain, BlockHost:
		d := BlockDraft{Host: b.Value, Trust: b.Trust}
		if made, err := d.hostBlock(); err != nil || made.Value != b.Value || b.Trust {
			return problem.Field("/value", "This is not a host that can be blocked.")
		}
		return nil
	}
	return problem.Field("/kind", "There is no block of this kind.")
}

// maxBlocks limits the blocks of a site.
const maxBlocks = 5_000

// maxModeratorBlock limits the duration of blocks by moderators. Owners may block for longer, and forever.
const maxModeratorBlock = 30 * 24 * time.Hour

// A BlockDraft is a requested block. Exactly one of the first four fields is set. AddressOf is the ID of a comment from
// the network address.
type BlockDraft struct {
	Writer, AddressOf, EmailDomain, Host string
	Trust                                bool
	Until                                time.Time
}

// check returns an error unless the draft is valid.
func (d BlockDraft) check(now time.Time) error {
	empty := func(s string) bool { return s == "" }
	if len(slices.DeleteFunc([]string{d.Writer, d.AddressOf, d.EmailDomain, d.Host}, empty)) != 1 {
		return problem.Field("/writer", "Set exactly one of writer, address_of, email_domain and host.")
	}
	if d.Trust && (d.EmailDomain != "" || d.Host != "") {
		return problem.Field("/trust", "Only a writer or an address can be trusted: a domain name is easily forged.")
	}
	return checkUntil(d.Until, now)
}

// hostBlock returns the block of a domain or host, normalized.
func (d BlockDraft) hostBlock() (b Block, err error) {
	b.Kind, b.Value = BlockHost, d.Host
	if d.EmailDomain != "" {
		b.Kind, b.Value = BlockDomain, strings.TrimPrefix(d.EmailDomain, "@")
	}
	web, ok := text.ParseWebURL("https://" + b.Value)
	if !ok || strings.ContainsAny(b.Value, "/?#@:") {
		return b, problem.Field("/"+string(b.Kind), "Name a host such as shop.example, without https:// and path.")
	}
	b.Value, _ = web.Host()
	inHost := func(c rune) bool { return c == '-' || unicode.IsLetter(c) || unicode.IsDigit(c) }
	switch name := strings.Trim(b.Value, "."); {
	case strings.Contains(name, "."):
	case strings.ContainsFunc(name, func(c rune) bool { return !inHost(c) }):
		return b, problem.Field("/"+string(b.Kind), "This is not a host. Enter one such as shop.example.")
	default:
		return b, problem.Field("/"+string(b.Kind), "This is a top-level domain. Name a host such as shop.example.")
	}
	return b, nil
}

// needsOwner reports whether only an owner may create a block with this end.
func needsOwner(until, made time.Time) bool {
	return until.IsZero() || until.Sub(made) > maxModeratorBlock
}

// NeedsOwner reports whether only an owner may create or remove the block.
func (b Block) NeedsOwner() bool { return needsOwner(b.Until, b.CreatedAt) }

// blocked returns the active blocks that a comment matches. For domains and hosts, it returns only the most specific
// match.
func (s *Set) blocked(c comment.Comment, links []string, now time.Time) (all []Block) {
	meet := func(kind BlockKind, value string) bool {
		b, known := s.blocks[blockKey{kind, value}]
		if known = known && (b.Until.IsZero() || now.Before(b.Until)); known {
			all = append(all, b)
		}
		return known
	}
	if len(s.blocks) == 0 {
		return nil
	}
	if c.Writer != nil {
		meet(BlockWriter, hex.EncodeToString(c.Writer))
	}
	if c.Address != nil {
		meet(BlockAddress, hex.EncodeToString(c.Address))
	}
	if _, domain, ok := strings.Cut(c.Email, "@"); ok {
		if web, ok := text.ParseWebURL("https://" + domain); ok {
			name, _ := web.Host()
			within(name, func(name string) bool { return meet(BlockDomain, name) })
		}
	}
	if !s.hosts {
		return all
	}
	for _, link := range append(links, c.Website) {
		if web, ok := text.ParseWebURL(link); ok {
			name, _ := web.Host()
			if within(name, func(name string) bool { return meet(BlockHost, name) }) {
				break
			}
		}
	}
	return all
}

// within calls meet with name and its parent domains, until meet returns true.
func within(name string, meet func(string) bool) bool {
	for {
		if meet(name) {
			return true
		}
		_, rest, below := strings.Cut(name, ".")
		if !below {
			return false
		}
		name = rest
	}
}

// signal returns the signal for a comment that matches the block. Trust has weight 0: identities are unverified, so a
// comment under a trusted name must not get closer to publication.
func (b Block) signal() comment.Signal {
	s := comment.Signal{Name: "block", Code: "block." + string(b.Kind), Weight: suspectWeight, Args: map[string]any{}}
	switch {
	case b.Trust:
		s.Name, s.Code, s.Weight = "writer", comment.TrustedCode, 0
		s.Text = "A moderator trusts this writer."
	case b.Kind == BlockWriter:
		s.Text = "This writer is blocked."
	case b.Kind == BlockAddress:
		s.Text = "The address that it came from is blocked."
	case b.Kind == BlockDomain:
		s.Args["domain"], s.Text = b.Value, fmt.Sprintf("E-mail addresses of %s are blocked.", b.Value)
	case b.Kind == BlockHost:
		s.Args["host"], s.Text = b.Value, fmt.Sprintf("Links to %s are blocked.", b.Value)
	}
	return s
}
