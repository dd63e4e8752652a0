package migrations

// Exported for tests of single migrations.
var (
	Provider = provider
	Up       = up
	State    = status
)
