package main

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/aitys/aitys/moderation/auditlog"
)

type logCmd struct {
	Verify logVerifyCmd `cmd:"" help:"Verify a published log, and report what that proves."`
}

type logVerifyCmd struct {
	asJSON
	File string `arg:"" help:"The log, from /sites/KEY/log.jsonl; - for standard input." placeholder:"FILE"`
	Head string `help:"Hash of an entry that you kept: entries up to it must be unchanged." placeholder:"HASH"`
}

func (c logVerifyCmd) Run(a *env) error {
	kept, err := hex.DecodeString(c.Head)
	if err != nil || c.Head != "" && len(kept) != 32 {
		return errors.New("--head: want 64 hexadecimal digits")
	}
	from := a.in
	if c.File != "-" {
		file, err := os.Open(c.File)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s", c.File)
		}
		if err != nil {
			return fmt.Errorf("open the log: %w", err)
		}
		defer func() { _ = file.Close() }() // read only
		from = file
	}
	f, err := auditlog.VerifyPublic(from, kept)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", c.File, err)
	case f.Entries == 0:
		return fmt.Errorf("%s has no entries", c.File)
	case c.Head != "" && f.Kept == 0:
		return fmt.Errorf("%s: no entry has that head: the log was changed or cut since, "+
			"or is another site's", c.File)
	case c.JSON:
		return a.printJSON(f)
	}
	for _, l := range proofLines(f) {
		if err := a.printLine("%s", l); err != nil {
			return err
		}
	}
	return nil
}

// proofLines describes what a verified log proves and what it does not.
func proofLines(f auditlog.PublicVerification) []string {
	lines := []string{plural(f.Entries, "entry") + ": numbered without a gap, hash chain intact"}
	if f.Older > 0 {
		lines = append(lines, fmt.Sprintf("up to entry %d, the log is older than the public format: those hashes cannot "+
			"be recomputed", f.Older))
	}
	lines = append(lines, "head: "+f.Head)
	if f.Kept > 0 {
		lines = append(lines, fmt.Sprintf("the given head is entry %d: entries up to it are "+
			"unchanged", f.Kept))
	} else {
		lines = append(lines, "this proves nothing by itself: the log's owner can rewrite the whole log. Keep the head, and "+
			"pass it with --head next time")
	}
	return lines
}
