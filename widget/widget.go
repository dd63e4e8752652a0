// Package widget holds the files that blogs embed: the <aitys-comments> element and its form.
//
// They are built from src by the program in build and committed, so that the server needs no
// Node and no bundler. The package knows no HTTP; package api serves what Files returns.
package widget

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"strings"
)

//go:embed dist/*.js dist/*.js.br
var dist embed.FS

// A File is one script as it is served, to any origin. Version is a hash of Body: an ETag,
// and, where a request's query v equals it, leave to cache for good. Brotli is Body compressed by RFC 7932.
type File struct {
	Path    string // "/embed.js"
	Body    []byte
	Brotli  []byte
	Version string
}

// Files returns embed.js, the script a page names, and the parts that it loads when they are
// needed: the form, and a language's words.
func Files() []File {
	paths, err := fs.Glob(dist, "dist/*.js")
	if err != nil {
		panic(err) // the pattern is bad
	}
	var files []File
	for _, path := range paths {
		body, err := dist.ReadFile(path)
		if err != nil {
			panic(err) // it was listed above
		}
		brotli, err := dist.ReadFile(path + ".br")
		if err != nil {
			panic(err) // each script is built with it
		}
		sum := sha256.Sum256(body)
		files = append(files, File{Path: strings.TrimPrefix(path, "dist"), Body: body, Brotli: brotli,
			Version: base64.RawURLEncoding.EncodeToString(sum[:4])})
	}
	return files
}
