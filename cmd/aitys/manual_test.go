package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/aitys/aitys/internal/testkit"
)

func TestMan_NamesEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	groff := exec.CommandContext(t.Context(), testkit.Program(t, "groff"), "-k", "-man", "-Tutf8", "-P-cbou", "-rLL=10000n", "-ww")
	groff.Stdin = strings.NewReader(newShell(t).must("man"))
	var warnings strings.Builder
	groff.Stderr = &warnings
	out, err := groff.Output()
	if err != nil || warnings.Len() > 0 {
		t.Fatalf("groff: %v: %s", err, warnings.String())
	}
	page := string(out)
	for _, want := range []string{"\nCOMMANDS\n", "\nENVIRONMENT\n", "AITYS_DATA", "AITYS_PUBLIC_URL", "\nEXIT STATUS\n", "\nFILES\n"} {
		if !strings.Contains(page, want) {
			t.Errorf("the manual has no %q", want)
		}
	}
	_ = kong.Visit(kong.Must(&cli{}, helpVars(), kong.Name("aitys")).Model, func(n kong.Visitable, next kong.Next) error { // returns what we return
		switch n := n.(type) {
		case *kong.Flag:
			if !strings.Contains(page, "--"+n.Name) {
				t.Errorf("the manual does not name --%s", n.Name)
			}
		case *kong.Command:
			if !strings.Contains(page, strings.TrimPrefix(n.FullPath(), "aitys ")) {
				t.Errorf("the manual does not name %s", n.FullPath())
			}
		}
		return next(nil)
	})
}
