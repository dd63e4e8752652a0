package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

const problems = "testdata/problems"

// golden holds the problems of one code, whole as a program gets them, against their file.
// Each code has one test that calls it, with every way in which that test provokes the code.
func golden(t *testing.T, code string, got ...reply) {
	t.Helper()
	var b bytes.Buffer
	for _, r := range got {
		if err := json.Indent(&b, r.raw, "", "  "); err != nil {
			t.Fatalf("%v is no JSON: %v", r, err)
		}
		b.WriteByte('\n')
	}
	update := flag.Lookup("update").Value.String() == "true" // of the tests inside the package
	testkit.Golden(t, filepath.Join(problems, code+".txt"), b.String(), update)
}

func TestEachCodeOfTheSpecificationHasItsGoldenFile(t *testing.T) {
	files, err := os.ReadDir(problems)
	fatal(t, err)
	var have, want []string
	for _, f := range files {
		have = append(have, strings.TrimSuffix(f.Name(), ".txt"))
	}
	for _, code := range spec().Components.Schemas["Code"].Value.Enum {
		want = append(want, code.(string))
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("%s has %v, the specification %v", problems, have, want)
	}
}
