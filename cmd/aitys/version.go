package main

import (
	"runtime"
	"runtime/debug"
)

type versionCmd struct{ asJSON }

// versionLine is what a bug report wants to know.
type versionLine struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	System  string `json:"system"`
}

func (c versionCmd) Run(a *app) error {
	v := versionLine{Version: "unknown", Commit: "unknown", Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		v.Version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if c.JSON {
		return a.json(v)
	}
	return a.line("aitys %s, commit %s, %s, %s", v.Version, v.Commit, v.Go, v.System)
}
