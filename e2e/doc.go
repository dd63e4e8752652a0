// Package e2e tests the service from the outside: in Chromium, over HTTP, with hostile input and killed processes. Tests
// that need only one package are in that package. The product does not import e2e.
package e2e
