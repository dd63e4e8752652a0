// Package e2e tests the built binary from the outside: in Chromium, over HTTP, with hostile input, and through kills.
// What a package can test alone stays beside it. The product does not import this package.
package e2e
