package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"github.com/aitys/aitys/moderation/auditlog"
)

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Follow a published log, and say what that proves."`
}

type logVerifyCmd struct {
	asJSON
	File string `arg:"" help:"What /sites/KEY/log.jsonl answered; - for standard input." placeholder:"FILE"`
	Head string `help:"The hash of an entry that somebody kept: what came up to it must be as it was." placeholder:"HASH"`
}

func (c logVerifyCmd) Run(a *env) error {
	kept, err := hex.DecodeString(c.Head)
	if err != nil || c.Head != "" && len(kept) != 32 {
		return errors.New("--head: a head is 64 of the digits 0-9 and a-f")
	}
	from := a.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
		defer func() { _ = file.Close() }() // it was only read
		from = file
	}
	f, err := auditlog.Follow(from, kept)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err)
	case f.Entries == 0:
		return fmt.Errorf("%s: there is no entry in it", c.File)
	case c.Head != "" && f.Kept == 0:
		return fmt.Errorf("%s: no entry has that head: what was there when it was kept was changed, dropped or cut off, "+
			"or it is another site's", c.File)
	case c.JSON:
		return a.json(f)
	}
	for _, l := range followedLines(f) {
		if err := a.line("%s", l); err != nil {
			return err
		}
	}
	return nil
}

// followedLines returns what following a published log proves, and what it does not, as lines.
func followedLines(f auditlog.Followed) []string {
	lines := []string{fmt.Sprintf("%d entries, numbered without a gap, each bound to the one before", f.Entries)}
	if f.Older > 0 {
		lines = append(lines, fmt.Sprintf("the first %d are older than the log's public side: their hashes are taken as "+
			"they stand", f.Older))
	}
	lines = append(lines, "head: "+f.Head)
	if f.Kept > 0 {
		lines = append(lines, fmt.Sprintf("the head that was kept is entry %d: nothing up to it was changed or dropped "+
			"since", f.Kept))
	} else {
		lines = append(lines, "this proves nothing by itself: whoever has the log can write it anew. Keep the head, and "+
			"give it with --head another time")
	}
	return lines
}
