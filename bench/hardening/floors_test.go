package hardening

import (
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lowest maps libraries to the first version without known vulnerabilities.
var lowest = map[string]string{
	"golang.org/x/net":                   "v0.55.0",
	"golang.org/x/text":                  "v0.39.0",
	"github.com/yuin/goldmark":           "v1.7.17",
	"github.com/microcosm-cc/bluemonday": "v1.0.27",
	"github.com/jackc/pgx/v5":            "v5.9.2",
	"github.com/redis/go-redis/v9":       "v9.7.3",
	"github.com/labstack/echo/v4":        "v4.9.0",
	"github.com/golang-jwt/jwt/v5":       "v5.2.2",
}

// floors checks go.mod, with indirect requirements. A library that is not used passes.
func floors(t testing.TB, _ bench) result {
	cmd := exec.Command("go", "mod", "edit", "-json")
	cmd.Dir = top
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct{ Path, Version string }
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	if !below("v0.54.9", "v0.55.0") || below("v1.10.0", "v1.9.9") {
		t.Fatal("versions are not compared as numbers")
	}
	var short, used []string
	for _, r := range mod.Require {
		if floor, known := lowest[r.Path]; known {
			used = append(used, r.Path)
			if below(r.Version, floor) {
				short = append(short, fmt.Sprintf("%s %s is below %s", r.Path, r.Version, floor))
			}
		}
	}
	if len(used) == 0 {
		t.Fatalf("go.mod names none of %v", slices.Sorted(maps.Keys(lowest)))
	}
	return count(t, fmt.Sprintf("%d libraries, %d unused", len(used), len(lowest)-len(used)), short, "")
}

// below reports whether version is lower than floor. It ignores suffixes after a hyphen.
func below(version, floor string) bool {
	numbers := func(v string) (n []int) {
		v, _, _ = strings.Cut(strings.TrimPrefix(v, "v"), "-")
		for s := range strings.SplitSeq(v, ".") {
			i, err := strconv.Atoi(s)
			if err != nil {
				return nil // not a version: lower than every version
			}
			n = append(n, i)
		}
		return n
	}
	return slices.Compare(numbers(version), numbers(floor)) < 0
}
