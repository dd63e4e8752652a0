// Package demo holds the content of `aitys demo`: a blog of three invented articles, and a week of comments and
// moderation.
//
// It replays its script through the use cases of the service, and never writes to the database itself. The command runs
// the server.
package demo
