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
	Date    string `json:"date"` // of the commit: YYYY-MM-DD, or "unknown"
	Go      string `json:"go"`
	System  string `json:"system"`
}

// The linker sets version in releases, and commit and date in `make build`. Otherwise Go's build information has them.
var version, commit, date string

func (c versionCmd) Run(a *env) error {
	v := newVersionLine()
	if c.JSON {
		return a.printJSON(v)
	}
	return a.printLine("aitys %s, commit %s of %s, %s, %s", v.Version, v.Commit, v.Date, v.Go, v.System)
}

// newVersionLine takes what the linker did not set from Go's build information: from the version control system or from
// the module's pseudo-version.
func newVersionLine() versionLine {
	v := versionLine{Commit: commit, Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	v.Version = cmp.Or(version, strings.TrimSuffix(info.Main.Version, "(devel)"), "unreleased")
	noted := map[string]string{}
	for _, s := range info.Settings {
		noted[s.Key] = s.Value
	}
	if v.Commit == "" && noted["vcs.modified"] == "true" {
		v.Commit = noted["vcs.revision"] + "-dirty"
	}
	v.Date, _, _ = strings.Cut(cmp.Or(date, noted["vcs.time"], "unknown"), "T")
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
