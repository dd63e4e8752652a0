package e2e

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fences   = regexp.MustCompile("(?ms)^```.*?^```$")
	inline   = regexp.MustCompile("`[^`\n]*`")
	links    = regexp.MustCompile(`!?\]\(([^()\s]+)\)|<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"`)
	headings = regexp.MustCompile(`(?m)^#+ (.+)$`)
	notASlug = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// documents are the texts for people, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			text, err := os.ReadFile(path)
			texts[path] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// slugs are what a link may name behind # in a document, as forges make them of its headings.
func slugs(text string) map[string]bool {
	all := map[string]bool{}
	for _, h := range headings.FindAllStringSubmatch(fences.ReplaceAllString(text, ""), -1) {
		slug := strings.ReplaceAll(notASlug.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
		all[slug] = true
	}
	return all
}

func TestDocuments_LinksWork(t *testing.T) {
	texts := documents(t)
	pictures, looked := map[string]bool{}, 0
	for path, text := range texts {
		plain := inline.ReplaceAllString(fences.ReplaceAllString(text, ""), "")
		for _, found := range links.FindAllStringSubmatch(plain, -1) {
			to, err := url.Parse(found[1] + found[2])
			if err != nil {
				t.Errorf("%s: %v", path, err)
				continue
			}
			if to.IsAbs() {
				continue // another's page: a test does not depend on who is not here
			}
			looked++
			at := path
			if to.Path != "" {
				at = filepath.Join(filepath.Dir(path), to.Path)
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s: nothing is at %s", path, to)
				continue
			}
			if to.Fragment != "" && !slugs(texts[at])[to.Fragment] {
				t.Errorf("%s: %s has no heading for #%s", path, at, to.Fragment)
			}
			if filepath.Ext(at) == ".png" {
				pictures[at] = true
			}
		}
	}
	if looked < 40 {
		t.Errorf("only %d links were found", looked)
	}
	if len(pictures) < 6 {
		t.Errorf("the documents show %d pictures, want 6 or more: %v", len(pictures), pictures)
	}
	for _, path := range []string{"../README.md", "../docs/embedding.md", "../docs/moderating.md", "../docs/operating.md"} {
		if !strings.Contains(texts[path], ".png") {
			t.Errorf("%s has no picture", path)
		}
	}
}

// TestDocuments_QuotedFilesExist checks the paths of source files that documents quote.
func TestDocuments_QuotedFilesExist(t *testing.T) {
	quoted := regexp.MustCompile("`((?:api|bench|classifier|cmd|e2e|integrations|internal|migrations|moderation|widget|docs)/[^` *]*)`")
	checked := 0
	for path, text := range documents(t) {
		for _, found := range quoted.FindAllStringSubmatch(text, -1) {
			checked++
			if _, err := os.Stat(filepath.Join("..", found[1])); err != nil {
				t.Errorf("%s: there is no %s", path, found[1])
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d paths were found", checked)
	}
}
