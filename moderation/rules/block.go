package rules

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/problem"
	"github.com/aitys/aitys/moderation/text"
	"github.com/aitys/aitys/moderation/txn"
)

// A BlockKind is what a block is of.
type BlockKind string

// The kinds of blocks.
const (
	BlockWriter  BlockKind = "writer"       // who says to be somebody: name and e-mail, or name and address
	BlockAddress BlockKind = "address"      // what one subscriber has: an IPv4 address, an IPv6 /64
	BlockDomain  BlockKind = "email_domain" // and what is below it
	BlockHost    BlockKind = "host"         // of a link or the writer's website, and what is below it
)

// A Block is of whoever a site suspects beforehand, or trusts. Value is what is compared: of a writer and an
// address a keyed hash in hexadecimal, else a name as it is looked up. Comment is one of theirs, by which a
// person knows whose it is; "" where that is not needed. Until zero: it has no end.
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
	RemovedAt time.Time // zero: it stands
}

// A mark is what a comment is known by.
type mark struct {
	kind  BlockKind
	value string
}

func (b Block) mark() mark { return mark{b.Kind, b.Value} }

// name is the id of a block: the same one twice, up to the same day, or again after it was removed, is one.
func (b Block) name() string {
	until := b.Until.UTC().Truncate(24 * time.Hour)
	return txn.IDOf(string(b.Kind), b.Value, strconv.FormatBool(b.Trust), until.String())
}

// Check says what is wrong with a block that was made elsewhere; nil: it could have been made here.
func (b Block) Check() error {
	switch b.Kind {
	case BlockWriter, BlockAddress:
		if hash, err := hex.DecodeString(b.Value); err != nil || len(hash) == 0 {
			return problem.Field("/value", "Who is blocked is not said.")
		}
		return nil
	case BlockDomain, BlockHost:
		d := BlockDraft{Host: b.Value, Trust: b.Trust}
		if made, err := d.name(); err != nil || made.Value != b.Value || b.Trust {
			return problem.Field("/value", "This names no host that could be blocked.")
		}
		return nil
	}
	return problem.Field("/kind", "There is no block of this kind.")
}

// maxBlocks is how many a site may have.
const maxBlocks = 5_000

// moderatorsBlock is for how long a moderator may block; owners may for longer, and without an end.
const moderatorsBlock = 30 * 24 * time.Hour

// A BlockDraft is a block as somebody asks for it: exactly one of the first four is filled. AddressOf is the
// id of a comment that was written from the address.
type BlockDraft struct {
	Writer, AddressOf, EmailDomain, Host string
	Trust                                bool
	Until                                time.Time
}

// check refuses a draft that is not one block.
func (d BlockDraft) check(now time.Time) error {
	empty := func(s string) bool { return s == "" }
	if len(slices.DeleteFunc([]string{d.Writer, d.AddressOf, d.EmailDomain, d.Host}, empty)) != 1 {
		return problem.Field("/writer", "Say one of writer, address_of, email_domain and host.")
	}
	if d.Trust && (d.EmailDomain != "" || d.Host != "") {
		return problem.Field("/trust", "A writer or an address can be trusted: anybody can borrow a domain's name.")
	}
	return checkUntil(d.Until, now)
}

// name is the block of a domain or a host, as it is looked up.
func (d BlockDraft) name() (b Block, err error) {
	b.Kind, b.Value = BlockHost, d.Host
	if d.EmailDomain != "" {
		b.Kind, b.Value = BlockDomain, strings.TrimPrefix(d.EmailDomain, "@")
	}
	web, ok := text.ParseWeb("https://" + b.Value)
	if !ok || strings.ContainsAny(b.Value, "/?#@:") {
		return b, problem.Field("/"+string(b.Kind), "Name a host such as shop.example, without https:// and path.")
	}
	if b.Value, _ = web.Host(); !strings.Contains(strings.Trim(b.Value, "."), ".") {
		return b, problem.Field("/"+string(b.Kind), "This would be everybody there. Name a host such as shop.example.")
	}
	return b, nil
}

// wider reports whether a block takes more than a moderator may do.
func wider(until, made time.Time) bool { return until.IsZero() || until.Sub(made) > moderatorsBlock }

// Wide reports whether a block takes an owner.
func (b Block) Wide() bool { return wider(b.Until, b.CreatedAt) }

// blocked are the blocks that a comment meets at a time; of several of one kind the nearest.
func (s *Set) blocked(c comment.Comment, links []string, now time.Time) (all []Block) {
	meet := func(kind BlockKind, value string) bool {
		b, known := s.blocks[mark{kind, value}]
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
		if web, ok := text.ParseWeb("https://" + domain); ok {
			name, _ := web.Host()
			within(name, func(name string) bool { return meet(BlockDomain, name) })
		}
	}
	if !s.hosts {
		return all
	}
	for _, link := range append(links, c.Website) {
		if web, ok := text.ParseWeb(link); ok {
			name, _ := web.Host()
			if within(name, func(name string) bool { return meet(BlockHost, name) }) {
				break
			}
		}
	}
	return all
}

// within tries a name and those that it is below, until one is met.
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

// signal is what a block says of a comment that meets it. Trust weighs nothing: nobody has to prove a name, and who
// borrows a trusted one must come no nearer to being published.
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
