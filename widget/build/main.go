// Command build bundles the TypeScript of the widget and the desk into the files that the binary embeds. It also
// generates the widget's sentences from internal/i18n. It is a module of its own, so that the server does not depend
// on a bundler.
//
// Run it in its folder: `go run .` writes the files, `go run . -check` fails if a committed file differs from the
// sources. The output is reproducible and needs no Node.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const (
	widget   = ".."
	desk     = "../../api/desk"
	catalogs = "../../internal/i18n"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if a committed file differs from the sources")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	sentences, languages, err := generateSentences()
	if err != nil {
		return err
	}
	if !check {
		if err := write(sentences); err != nil { // before bundling them
			return err
		}
	}
	files, err := build(languages)
	if err != nil {
		return err
	}
	if !check {
		return write(files)
	}
	maps.Copy(files, sentences)
	return compare(files)
}

func write(files map[string][]byte) error {
	for path, body := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// scripts are the parts that embed.js loads on demand, without the languages. Their addresses have a hash of all parts,
// so that embed.js does not load a cached part of another release. headless is for pages that draw comments themselves.
var scripts = []string{"around", "counts", "form", "headless", "live", "mirror", "more", "prove", "rare", "report",
	"told", "vote", "who", "why"}

// build returns the files of the dist folders by path.
func build(languages []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	version := sha256.New()
	for _, name := range slices.Concat(scripts, languages) {
		source := widget + "/src/" + name + ".ts"
		if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
			source = widget + "/src/words/" + name + ".ts"
		}
		body, err := bundle(source, api.FormatESModule, nil)
		if err != nil {
			return nil, err
		}
		files[widget+"/dist/embed-"+name+".js"] = body
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		version.Write(files[path])
	}
	list, err := json.Marshal(languages)
	if err != nil {
		return nil, err
	}
	embed, err := bundle(widget+"/src/embed.ts", api.FormatIIFE, map[string]string{
		"VERSION":   fmt.Sprintf("%q", base64.RawURLEncoding.EncodeToString(version.Sum(nil)[:4])),
		"LANGUAGES": string(list),
	})
	if err != nil {
		return nil, err
	}
	// Most functions run at once, so browsers should compile them eagerly. "use strict" is not needed: nearly all code
	// is in classes, which are strict.
	embed = bytes.TrimPrefix(embed, []byte("\"use strict\";"))
	files[widget+"/dist/embed.js"] = append([]byte("//# allFunctionsCalledOnLoad\n"), embed...)
	for _, name := range []string{"desk.ts", "desk.css", "reference.ts"} {
		source := desk + "/src/" + name
		if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		body, err := bundle(source, api.FormatIIFE, nil)
		if err != nil {
			return nil, err
		}
		files[desk+"/dist/"+strings.Replace(name, ".ts", ".js", 1)] = body
	}
	return files, pack(files)
}

// pack adds a compressed copy of each file. The best Brotli level is too slow for a server's start.
func pack(files map[string][]byte) error {
	for path, body := range maps.Clone(files) {
		var b bytes.Buffer
		w := brotli.NewWriterLevel(&b, brotli.BestCompression)
		if _, err := w.Write(body); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		files[path+".br"] = b.Bytes()
	}
	return nil
}

// bundle minifies entry and its imports into one file. An imported .css file becomes a minified string, for a
// constructed style sheet.
func bundle(entry string, format api.Format, define map[string]string) ([]byte, error) {
	options := api.BuildOptions{
		EntryPoints:       []string{entry},
		Bundle:            true,
		Format:            format,
		Target:            api.ES2022,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Define:            define,
	}
	if filepath.Ext(entry) == ".ts" {
		options.Plugins = []api.Plugin{sheets}
	} else {
		options.Target = api.ESNext // the style sheets are not transpiled
	}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), ""))
	}
	return result.OutputFiles[0].Contents, nil
}

// spaces matches spaces that esbuild keeps in custom properties: after a name, after a comma, and at the end. Ours do
// not need them.
var spaces = regexp.MustCompile(`(--\w+:|,) | (\})`)

var sheets = api.Plugin{Name: "sheets", Setup: func(b api.PluginBuild) {
	b.OnLoad(api.OnLoadOptions{Filter: `\.css$`}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
		source, err := os.ReadFile(args.Path)
		if err != nil {
			return api.OnLoadResult{}, err
		}
		result := api.Transform(string(source), api.TransformOptions{
			Loader:           api.LoaderCSS,
			Charset:          api.CharsetUTF8,
			MinifyWhitespace: true,
			MinifySyntax:     true,
		})
		sheet := spaces.ReplaceAllString(strings.TrimSpace(string(result.Code)), "$1$2")
		return api.OnLoadResult{Contents: &sheet, Loader: api.LoaderText, Errors: result.Errors}, nil
	})
}}

// compare returns an error for each file that differs, is missing or has no source.
func compare(files map[string][]byte) error {
	var stale []error
	for path, want := range files {
		got, err := os.ReadFile(path)
		if err != nil {
			stale = append(stale, err)
		} else if !bytes.Equal(got, want) {
			stale = append(stale, fmt.Errorf("%s differs from its sources; run `go run .` in widget/build", path))
		}
	}
	for _, dir := range []string{widget + "/dist", widget + "/src/words", desk + "/dist"} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if path := dir + "/" + e.Name(); files[path] == nil {
				stale = append(stale, fmt.Errorf("%s has no source", path))
			}
		}
	}
	return errors.Join(stale...)
}
