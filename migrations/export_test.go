package migrations

// For tests of single migrations.
var (
	Provider = provider
	Up       = up
	State    = status
)
