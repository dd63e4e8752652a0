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

// A File is one script as it is served, to any origin. A request whose query v is its Version may cache it for good: it
// is a hash of embed.js, or of all other scripts together, which embed.js names by it. Brotli is Body compressed by
// RFC 7932.
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
	files := make([]File, len(paths))
	parts := sha256.New()
	for i, path := range paths {
		body, err := dist.ReadFile(path)
		if err != nil {
			panic(err) // it was listed above
		}
		brotli, err := dist.ReadFile(path + ".br")
		if err != nil {
			panic(err) // each script is built with it
		}
		sum := sha256.Sum256(body)
		files[i] = File{Path: strings.TrimPrefix(path, "dist"), Body: body, Brotli: brotli, Version: version(sum[:])}
		if strings.HasPrefix(files[i].Path, "/embed-") {
			parts.Write(body)
		}
	}
	for i, f := range files {
		if strings.HasPrefix(f.Path, "/embed-") {
			files[i].Version = version(parts.Sum(nil))
		}
	}
	return files
}

func version(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:4]) }
