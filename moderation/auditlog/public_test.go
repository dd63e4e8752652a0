package auditlog_test

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aitys/aitys/moderation/auditlog"
	"github.com/aitys/aitys/moderation/comment"
	"github.com/aitys/aitys/moderation/site"
)

// published returns a log of older entries in the legacy format and newer ones in the current format, as lines and
// hashes.
func published(older, newer int) (lines []string, hashes [][]byte) {
	var before []byte
	author := auditlog.NewAuthor(site.Site{ID: 1, Key: "blog"}, "somebody", began)
	for i := range older + newer {
		d := auditlog.Entry{Seq: uint64(i + 1), Site: 1, By: author.By, At: began.Add(time.Duration(i) * time.Second),
			Ruling: auditlog.Ruling{Comment: "a comment", Action: comment.Reject, Reason: comment.ReasonOffTopic, Note: "a note"}}
		if i%3 == 2 {
			d.Kind, d.Ruling = auditlog.Withdrawal, auditlog.Ruling{}
		}
		if i >= older {
			d.Salt, d.Under = append(author.Salt, byte(i)), "blog"
		}
		d.Hash = auditlog.Hash(before, d)
		before = d.Hash
		lines, hashes = append(lines, string(d.Public().Line())), append(hashes, d.Hash)
	}
	return lines, hashes
}

func TestVerifyPublic_AcceptsValidLog(t *testing.T) {
	lines, hashes := published(3, 5)
	f, err := auditlog.VerifyPublic(strings.NewReader(strings.Join(lines, "")), hashes[4])
	if err != nil || f != (auditlog.PublicVerification{Entries: 8, Older: 3, Head: hex.EncodeToString(hashes[7]), Kept: 5}) {
		t.Errorf("followed %+v, %v", f, err)
	}
	if none, err := auditlog.VerifyPublic(strings.NewReader(""), nil); err != nil || none.Entries != 0 {
		t.Errorf("an empty log is %+v, %v", none, err)
	}
	for _, private := range []string{"somebody", "a comment", "a note"} {
		if strings.Contains(strings.Join(lines, ""), private) {
			t.Errorf("the log tells %q", private)
		}
	}
}

var private = regexp.MustCompile(`"open":"[0-9a-f]*"`)

func TestVerifyPublic_FindsTampering(t *testing.T) {
	lines, hashes := published(2, 6)
	others, _ := published(2, 6)
	join := func(parts ...[]string) string {
		var all []string
		for _, p := range parts {
			all = append(all, p...)
		}
		return strings.Join(all, "")
	}
	with := func(i int, line string) string {
		return join(lines[:i], []string{line}, lines[i+1:])
	}
	for name, tt := range map[string]struct{ log, at string }{
		"a dropped entry":     {join(lines[:4], lines[5:]), "line 5: "},
		"the first dropped":   {join(lines[1:]), "line 1: "},
		"two exchanged":       {join(lines[:4], lines[5:6], lines[4:5], lines[6:]), "line 5: "},
		"one twice":           {join(lines[:5], lines[4:]), "line 6: "},
		"another action":      {with(4, strings.Replace(lines[4], `"reject"`, `"approve"`, 1)), "line 5: "},
		"another reason":      {with(4, strings.Replace(lines[4], `"off_topic"`, `"spam"`, 1)), "line 5: "},
		"another time":        {with(4, strings.Replace(lines[4], "12:00:04", "12:00:03", 1)), "line 5: "},
		"another's entry":     {with(4, others[4]), "line 5: "},
		"another's end":       {join(lines[:5], others[5:]), "line 6: "},
		"an old one put in":   {with(4, strings.Replace(lines[4], `"open":"`, `"open":null,"x":"`, 1)), "line 5: "},
		"without the private": {with(4, private.ReplaceAllString(lines[4], `"open":null`)), "line 5: "},
		"a field more":        {with(4, strings.Replace(lines[4], `"seq"`, `"note":"x","seq"`, 1)), "line 5: "},
		"cut in a line":       {join(lines)[:len(join(lines))-20], "line 8: "},
		"no log":              {"<html>", "line 1: "},
		"a line without end":  {strings.Repeat("a", 1<<20), "line 1: "},
	} {
		if tt.log == join(lines) {
			t.Fatalf("%s: nothing was touched", name)
		}
		if _, err := auditlog.VerifyPublic(strings.NewReader(tt.log), nil); err == nil || !strings.HasPrefix(err.Error(), tt.at) {
			t.Errorf("%s: %v, want it found at %s", name, err, tt.at)
		}
	}
	for i := range lines[4] { // each byte counts
		changed := []byte(lines[4])
		changed[i] ^= 1
		if f, err := auditlog.VerifyPublic(strings.NewReader(with(4, string(changed))), hashes[7]); err == nil && f.Kept == 8 &&
			!bytes.Equal(changed, []byte(lines[4])) {
			t.Errorf("byte %d of %q was changed unseen", i, lines[4])
		}
	}
	// A truncated log is valid by itself. An auditor who stored the head notices it.
	if f, err := auditlog.VerifyPublic(strings.NewReader(join(lines[:6])), hashes[7]); err != nil || f.Kept != 0 {
		t.Errorf("a log that was cut off has the head that was kept: %+v, %v", f, err)
	}
}
