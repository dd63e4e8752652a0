// Package widget embeds the scripts that blogs load: the <aitys-comments> element and its parts.
//
// The scripts are built from src by the program in build and committed, so that building the server needs no Node
// and no bundler. The package does not serve HTTP; package api serves Files.
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

// A File is one script, served to any origin. A response to a request with ?v=Version may be cached forever. Version is
// a hash of embed.js, or of all other scripts together; embed.js requests those by it. Brotli is Body compressed (RFC
// 7932).
type File struct {
	Path    string // "/embed.js"
	Body    []byte
	Brotli  []byte
	Version string
}

// Files returns embed.js, which pages load, and the parts that it loads on demand, such as the form and the sentences
// of a language.
func Files() []File {
	paths, err := fs.Glob(dist, "dist/*.js")
	if err != nil {
		panic(err) // the pattern is invalid
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
