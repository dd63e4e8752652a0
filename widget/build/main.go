// Command build turns the TypeScript of the widget and of the desk into the files that the
// binary embeds, and the house's words into the TypeScript that the widget says them from. It is a
// module of its own so that the server does not depend on a bundler.
//
// Run it in its folder: `go run .` writes, `go run . -check` fails where what is committed
// differs from what the sources give. The same sources give the same bytes, without Node.
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
	widget = ".."
	desk   = "../../api/desk"
	words  = "../../internal/i18n"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail when a committed file is not what the sources give")
	flag.Parse()
	if err := run(*check); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(check bool) error {
	said, languages, err := speech()
	if err != nil {
		return err
	}
	if !check {
		if err := write(said); err != nil { // before they are bundled
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
	maps.Copy(files, said)
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

// scripts are the parts that embed.js loads when they are needed, besides languages. Their addresses carry a hash of
// all of them, so that an embed.js never meets a part of another release in a cache. headless is for pages that draw
// comments themselves.
var scripts = []string{"around", "counts", "form", "headless", "live", "mirror", "more", "prove", "rare", "report",
	"told", "vote", "who", "why"}

// build returns what belongs into the dist folders, by path.
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
	// Most of it is called at once: a browser need not read each function twice. Classes, which is nearly all of it, are
	// strict by themselves.
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

// pack adds each file compressed as well as Brotli can, which takes too long for a server that starts.
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

// bundle minifies entry and all it imports into one file. A .css that TypeScript imports
// becomes a minified string, for a constructed sheet.
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
		options.Target = api.ESNext // sheets are written for browsers as they are
	}
	result := api.Build(options)
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{}), ""))
	}
	return result.OutputFiles[0].Contents, nil
}

// spaces are those that esbuild leaves in custom properties, where they mean nothing to ours: after a name, after
// a comma, and at the end.
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

// compare reports every file that differs, is missing, or is left over from earlier sources.
func compare(files map[string][]byte) error {
	var stale []error
	for path, want := range files {
		got, err := os.ReadFile(path)
		if err != nil {
			stale = append(stale, err)
		} else if !bytes.Equal(got, want) {
			stale = append(stale, fmt.Errorf("%s is not what the sources give; run `go run .` in widget/build", path))
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
