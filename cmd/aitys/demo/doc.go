// Package demo is what `aitys demo` shows: a blog of three invented articles, and a week of comments
// that readers, spammers and a moderator left there.
//
// It plays its script through the use cases, as people would, and touches no database itself, so
// that everything a comment passes in the service it passes here. Running the server is the
// command's.
package demo
