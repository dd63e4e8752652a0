package store

import "net/url"

// SQLiteAddress is how the driver is told of a file.
func SQLiteAddress(path string) string {
	return "file://" + (&url.URL{Path: path}).EscapedPath() + "?_pragma=busy_timeout(5000)"
}
