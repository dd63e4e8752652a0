// Package kit is for tests.
package kit

// Now is what a test says the time is.
const Now = 0
