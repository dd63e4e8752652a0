package figures

import (
	"fmt"

	"github.com/aitys/aitys/moderation/auditlog"
)

// Log says, in lines, what following a published log proves, and what it does not.
func Log(f auditlog.Followed) []string {
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
