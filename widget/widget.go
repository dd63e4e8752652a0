// Package widget holds the files that blogs embed: the <aitys-comments> element and its form.
//
// They are built from src by the program in build and committed, so that the server needs no
// Node and no bundler. The package knows no HTTP; package api serves what Files returns.
package widget

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
)

//go:embed dist/embed.js dist/embed-form.js
var dist embed.FS

// A File is one script as it is served, to any origin. Version is a hash of Body: an ETag,
// and, where a request's query v equals it, leave to cache for good.
type File struct {
	Path    string // "/embed.js"
	Body    []byte
	Version string
}

// Files returns the script a page names, and the form it loads when it is needed.
func Files() []File {
	var files []File
	for _, name := range []string{"embed.js", "embed-form.js"} {
		body, err := dist.ReadFile("dist/" + name)
		if err != nil {
			panic(err) // embedded at build time
		}
		sum := sha256.Sum256(body)
		files = append(files, File{Path: "/" + name, Body: body, Version: hex.EncodeToString(sum[:6])})
	}
	return files
}
