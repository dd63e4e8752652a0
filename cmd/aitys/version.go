package main

import (
	"cmp"
	"runtime"
	"runtime/debug"
	"strings"
)

type versionCmd struct{ asJSON }

// versionLine is what a bug report wants to know.
type versionLine struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

// commit is set by `make build`, which knows it also where Go was told not to look.
var commit string

func (c versionCmd) Run(a *env) error {
	v := newVersionLine(commit)
	if c.JSON {
		return a.json(v)
	}
	return a.line("aitys %s, commit %s, %s, %s", v.Version, v.Commit, v.Go, v.System)
}

// newVersionLine takes the commit from who linked the binary, else from what Go noted of the source: of a
// checkout, or of a module that was installed by its version.
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
	v.Commit = cmp.Or(v.Commit, noted["vcs.revision"], pseudo(v.Version), "unknown")
	return v
}

// pseudo is the commit in a version that Go made of one (v0.0.0-20261121203606-6267e95f0c1a), or "".
func pseudo(version string) string {
	parts := strings.Split(version, "-")
	if last := parts[len(parts)-1]; len(parts) > 2 && len(last) == 12 {
		return last
	}
	return ""
}
