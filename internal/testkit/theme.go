package testkit

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

var themes = regexp.MustCompile("(?ms)^```css\n/\\* (\\w+):.*?^```$")

// Theme returns the style sheet with a name from a document.
func Theme(document, name string) (sheet string, err error) {
	all, err := Themes(document)
	if err != nil {
		return "", err
	}
	if sheet = all[name]; sheet == "" {
		return "", fmt.Errorf("%s has no theme %s", document, name)
	}
	return sheet, nil
}

// Themes returns the style sheets of a Markdown document by name: CSS blocks that begin with the comment "Name: …".
func Themes(document string) (map[string]string, error) {
	text, err := os.ReadFile(document)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, block := range themes.FindAllStringSubmatch(string(text), -1) {
		all[block[1]] = block[0][len("```css\n") : len(block[0])-len("```")]
	}
	return all, nil
}

// AddStyleSheet adds a style sheet to the page.
func (t *Tab) AddStyleSheet(sheet string) error {
	_, err := Eval[bool](t, `(dress => (dress.replaceSync(`+strconv.Quote(sheet)+`),
		document.adoptedStyleSheets.push(dress), true))(new CSSStyleSheet())`)
	return err
}
