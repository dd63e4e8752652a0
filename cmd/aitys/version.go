package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

type versionCmd struct{ asJSON }

// versionLine is the JSON form of the version, for bug reports.
type versionLine struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

// commit is set by `make build`, so that it is known even with -buildvcs=false.
var commit string

func (c versionCmd) Run(a *env) error {
	v := newVersionLine(commit)
	if c.JSON {
		return a.printJSON(v)
	}
	return a.printLine("aitys %s, commit %s, %s, %s", v.Version, v.Commit, v.Go, v.System)
}

// newVersionLine takes the commit from linked, else from Go's build information: from the version control system or
// from the module's pseudo-version.
func newVersionLine(linked string) versionLine {
	v := versionLine{Version: "unreleased", Commit: linked, Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if at := info.Main.Version; at != "" && at != "(devel)" {
		v.Version = at
	}
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	if v.Commit == "" && noted["vcs.modified"] == "true" {
		v.Commit = noted["vcs.revision"] + "-dirty"
	}
	v.Commit = cmp.Or(v.Commit, noted["vcs.revision"], pseudoVersionCommit(v.Version), "unknown")
	return v
}

// pseudoVersionCommit returns the commit of a pseudo-version such as v0.0.0-20261121203606-6267e95f0c1a, or "".
func pseudoVersionCommit(version string) string {
	parts := strings.Split(version, "-")
	if last := parts[len(parts)-1]; len(parts) > 2 && len(last) == 12 {
		return last
	}
	return ""
}
