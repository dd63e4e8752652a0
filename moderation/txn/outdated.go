package txn

import (
	"context"
	"time"
)

// schemaInterval is the poll interval for a newer schema.
const schemaInterval = 2 * time.Second

// Outdated reports whether a newer program has migrated the database. Such a process still serves requests, because
// migrations keep what the previous release uses, but it is not ready and does no background work.
func (p *Process) Outdated() bool { return p.outdated.Load() }

// RunWhileCurrent calls run until ctx ends. The context of run also ends while the process is outdated: from the moment
// when a newer program migrates the database until the old schema is restored. It returns nil when ctx ends, and
// otherwise when run ends, what run returns.
func (p *Process) RunWhileCurrent(ctx context.Context, run func(context.Context) error) error {
	ticker := time.NewTicker(schemaInterval)
	defer ticker.Stop()
	for {
		working, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- run(working) }()
		for !p.Outdated() {
			select {
			case err := <-ended:
				stop()
				return err
			case <-ticker.C:
				p.checkSchema(ctx)
			}
		}
		stop()
		if err := <-ended; err != nil {
			return err
		}
		for p.Outdated() {
			select {
			case <-ctx.Done():
				return nil
			case <-ticker.C:
				p.checkSchema(ctx)
			}
		}
	}
}

// checkSchema sets outdated and logs a change. It keeps the state if the database does not answer.
func (p *Process) checkSchema(ctx context.Context) {
	ctx, end := context.WithTimeout(ctx, readTimeout)
	defer end()
	newer, err := p.isNewer(ctx)
	if err != nil || !p.outdated.CompareAndSwap(!newer, newer) {
		return
	}
	if newer {
		p.log.WarnContext(ctx, "the database is newer than this program: background work stops. Start the new version")
	} else {
		p.log.InfoContext(ctx, "the database has the schema of this program again: background work continues")
	}
}
