package i18n_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestDocuments_QuotedLabelsExist checks that each label in italics in the moderators' document is in the catalog.
func TestDocuments_QuotedLabelsExist(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/moderating.md")
	if err != nil {
		t.Fatal(err)
	}
	clean := func(s string) string { return strings.ToLower(strings.Trim(s, " .:…")) }
	labels := map[string]bool{}
	catalog, _ := readCatalog(t, "en")
	for _, sentence := range catalog {
		for _, text := range formTexts(sentence) {
			labels[clean(text)] = true
		}
	}
	quoted := regexp.MustCompile(`(?:^|[^*])\*([^*\n]{2,60})\*(?:[^*]|$)`).FindAllStringSubmatch(string(document), -1)
	if len(quoted) < 30 {
		t.Errorf("only %d labels were found", len(quoted))
	}
	for _, label := range quoted {
		if !labels[clean(label[1])] {
			t.Errorf("no text of the desk is %q", label[1])
		}
	}
}
