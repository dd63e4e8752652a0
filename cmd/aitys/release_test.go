package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/oasdiff/yaml3"
)

// readYAML parses a YAML file into v.
func readYAML(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

// A release contains only files that exist, of every system whose libraries licenses.txt lists.
func TestRelease_FilesExist(t *testing.T) {
	t.Parallel()
	var config struct {
		Before   struct{ Hooks []string }
		Builds   []struct{ Targets []string }
		Archives []struct{ Files []any }
		Nfpms    []struct {
			Scripts  map[string]string
			Contents []struct{ Src string }
		}
	}
	readYAML(t, "../../.goreleaser.yaml", &config)
	if len(config.Builds) != 1 || len(config.Archives) != 1 || len(config.Nfpms) != 1 {
		t.Fatalf("got %+v, want one of each", config)
	}
	var systems []string
	for _, target := range config.Builds[0].Targets {
		system, _, _ := strings.Cut(target, "_")
		systems = append(systems, system)
	}
	slices.Sort(systems)
	if systems = slices.Compact(systems); !slices.Equal(systems, slices.Sorted(slices.Values(releasedFor))) {
		t.Errorf("builds are for %v, licences for %v", systems, releasedFor)
	}
	sources := config.Before.Hooks
	for _, file := range config.Archives[0].Files {
		if entry, ok := file.(map[string]any); ok {
			file = entry["src"]
		}
		sources = append(sources, fmt.Sprint(file))
	}
	for _, script := range config.Nfpms[0].Scripts {
		sources = append(sources, script)
	}
	for _, content := range config.Nfpms[0].Contents {
		sources = append(sources, content.Src)
	}
	generate, err := os.ReadFile("../../packaging/generate.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if strings.HasPrefix(source, "bin/release/") { // written by generate.sh
			source = regexp.MustCompile(`aitys\.(bash|zsh|fish|\{bash,zsh,fish\})$`).ReplaceAllString(source, "aitys.$$shell")
			if !strings.Contains(string(generate), ">"+source) {
				t.Errorf("packaging/generate.sh does not write %s", source)
			}
			continue
		}
		found, err := filepath.Glob(filepath.Join("../..", source))
		if err != nil || len(found) == 0 {
			t.Errorf("%s does not exist: %v", source, err)
		}
	}
	if len(sources) < 15 {
		t.Errorf("only %d files were found: %q", len(sources), sources)
	}
}

// Every setting of the sample, also those in comments, is one that the program knows.
func TestRelease_SampleConfigIsValid(t *testing.T) {
	t.Parallel()
	sample, err := os.ReadFile("../../packaging/aitys.conf")
	if err != nil {
		t.Fatal(err)
	}
	set := regexp.MustCompile(`(?m)^#([a-z])`).ReplaceAllString(string(sample), "$1")
	if strings.Count(set, ": ") < 8 {
		t.Errorf("the sample has too few settings: %s", set)
	}
	s := newShell(t)
	for _, text := range []string{string(sample), set} {
		s.write("aitys.conf", text, 0o600)
		s.must("version", "--config", "aitys.conf")
	}
}

// The workflows do not repeat what .ci/run does.
func TestWorkflows_CallTheScripts(t *testing.T) {
	t.Parallel()
	type step struct{ Run, Uses string }
	type job struct {
		Steps  []step
		Uses   string
		Script []string
	}
	for file, want := range map[string][]string{
		"../../.github/workflows/ci.yml":      {".ci/run"},
		"../../.github/workflows/release.yml": {"./.github/workflows/ci.yml", "make release RELEASE="},
		"../../.gitlab-ci.yml":                {".ci/run"},
	} {
		var github struct{ Jobs map[string]job }
		var gitlab map[string]job
		jobs := &github.Jobs
		if filepath.Base(file) == ".gitlab-ci.yml" {
			jobs = &gitlab
			readYAML(t, file, jobs)
		} else {
			readYAML(t, file, &github)
		}
		var called []string
		for _, j := range *jobs {
			called = append(append(called, j.Script...), j.Uses)
			for _, s := range j.Steps {
				called = append(called, s.Run)
			}
		}
		for _, w := range want {
			if !slices.Contains(called, w) {
				t.Errorf("%s calls %q, want %s", file, called, w)
			}
		}
	}
	for _, script := range []string{"../../.ci/run", "../../packaging/generate.sh"} {
		if info, err := os.Stat(script); err != nil || info.Mode()&fs.FileMode(0o100) == 0 {
			t.Errorf("%s is not executable: %v", script, err)
		}
	}
}
