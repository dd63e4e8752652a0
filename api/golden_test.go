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

// wantGolden compares the problems of one code with their golden file. One test per code calls it, with all responses
// of that code.
func wantGolden(t *testing.T, code string, got ...reply) {
	t.Helper()
	var b bytes.Buffer
	for _, r := range got {
		if err := json.Indent(&b, r.raw, "", "  "); err != nil {
			t.Fatalf("%v is no JSON: %v", r, err)
		}
		b.WriteByte('\n')
	}
	update := flag.Lookup("update").Value.String() == "true" // defined in package api
	testkit.Golden(t, filepath.Join(problems, code+".txt"), b.String(), update)
}

func TestProblems_EachCodeHasGoldenFile(t *testing.T) {
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
