package api

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

var update = flag.Bool("update", false, "write openapi.json, docs.html and testdata")

func TestSpecification_GeneratedFilesAreCurrent(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatalf("openapi.yaml is not OpenAPI: %v", err)
	}
	for file, render := range map[string]func() ([]byte, error){
		"openapi.json": doc.MarshalJSON,
		"docs.html":    func() ([]byte, error) { return docsFor(doc) },
	} {
		want, err := render()
		if err != nil {
			t.Fatalf("make %s: %v", file, err)
		}
		if *update {
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s does not match openapi.yaml (%v): "+
				"run go test ./api -run TestSpecification_GeneratedFilesAreCurrent -update", file, err)
		}
	}
}
