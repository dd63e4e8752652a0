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
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/evanw/esbuild/pkg/api"
)

const (
	widget = ".."
	desk   = "../../api/desk"
	words  = "../../words"
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

// build returns what belongs into the dist folders, by path.
func build(languages []string) (map[string][]byte, error) {
	files := map[string][]byte{}
	// Addresses carry a hash of the content, so that an embed.js never meets a part of
	// another release in a cache.
	part := func(name string, known ...string) (string, error) {
		source := widget + "/src/" + name + ".ts"
		if _, err := os.Stat(source); errors.Is(err, fs.ErrNotExist) {
			source = widget + "/src/words/" + name + ".ts"
		}
		addresses := map[string]string{}
		for i := 0; i < len(known); i += 2 {
			addresses[known[i]] = known[i+1]
		}
		body, err := bundle(source, api.FormatESModule, addresses)
		if err != nil {
			return "", err
		}
		files[widget+"/dist/embed-"+name+".js"] = body
		sum := sha256.Sum256(body)
		return fmt.Sprintf("%q", "embed-"+name+".js?v="+base64.RawURLEncoding.EncodeToString(sum[:4])), nil
	}
	who, errWho := part("who")
	report, errReport := part("report")
	prove, errProve := part("prove")
	told, errTold := part("told")
	form, errForm := part("form", "WHO_ADDRESS", who, "REPORT_ADDRESS", report, "PROVE_ADDRESS", prove,
		"TOLD_ADDRESS", told)
	counts, errCounts := part("counts")
	why, errWhy := part("why")
	around, errAround := part("around")
	rare, errRare := part("rare")
	more, errMore := part("more", "RARE_ADDRESS", rare)
	live, errLive := part("live", "RARE_ADDRESS", rare)
	mirror, errMirror := part("mirror", "RARE_ADDRESS", rare)
	vote, errVote := part("vote", "REPORT_ADDRESS", report)
	_, errHeadless := part("headless") // for pages that draw comments themselves: no other part loads it
	if err := errors.Join(errWho, errForm, errCounts, errWhy, errAround, errRare, errMore, errLive, errVote,
		errReport, errProve, errTold, errMirror, errHeadless); err != nil {
		return nil, err
	}
	var addresses []string
	for _, lang := range languages {
		address, err := part(lang)
		if err != nil {
			return nil, err
		}
		addresses = append(addresses, fmt.Sprintf("%q:%s", lang, address))
	}
	embed, err := bundle(widget+"/src/embed.ts", api.FormatIIFE, map[string]string{
		"FORM_ADDRESS":       form,
		"COUNTS_ADDRESS":     counts,
		"WHY_ADDRESS":        why,
		"AROUND_ADDRESS":     around,
		"RARE_ADDRESS":       rare,
		"MORE_ADDRESS":       more,
		"LIVE_ADDRESS":       live,
		"MIRROR_ADDRESS":     mirror,
		"VOTE_ADDRESS":       vote,
		"LANGUAGE_ADDRESSES": "{" + strings.Join(addresses, ",") + "}",
	})
	if err != nil {
		return nil, err
	}
	files[widget+"/dist/embed.js"] = embed
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
