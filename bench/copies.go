package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/aitys/aitys/internal/testkit"
)

const copied = 10_000 // comments, 1,000 per page

// copyCosts measures the duration and the memory of a static copy of a site.
func copyCosts() error {
	return withBinary(func(binary, dir string) error {
		return measure("copies", "`cd bench && go run . copies`, two cores", []func() ([]row, error){
			func() ([]row, error) { return copying(binary, dir) },
		})
	})
}

func copying(binary, dir string) ([]row, error) {
	data := filepath.Join(dir, "copied")
	token, serve, err := addSite(binary, data)
	if err != nil {
		return nil, err
	}
	s, err := testkit.Start(binary, serve...)
	if err != nil {
		return nil, err
	}
	defer s.Kill()
	client := &testkit.Client{URL: s.URL, Site: "bench", Token: token, HTTP: pool(8)}
	for first := 0; first < copied; first += 1000 {
		if err := post(client, 8, first, first+1000); err != nil {
			return nil, err
		}
		if err := approve(client); err != nil {
			return nil, err
		}
	}
	if err := s.Stop(); err != nil {
		return nil, err
	}
	var memory int64 // KiB, the maximum of all runs
	took, err := median(3, func() (time.Duration, error) {
		cmd := exec.Command(binary, "export", "--site", "bench", "--format", "static", "--out", filepath.Join(dir, "copy"),
			"--data", data)
		cmd.Stderr = os.Stderr
		began := time.Now()
		err := cmd.Run()
		if used, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
			memory = max(memory, used.Maxrss)
		}
		return time.Since(began), err
	})
	if err != nil {
		return nil, err
	}
	return []row{{fmt.Sprintf("signed static copy of %d comments on %d pages", copied, copied/1000), "", "≤ 5 s", fmt.Sprintf("%.1f s, %d MiB", took.Seconds(), memory>>10)}}, nil
}
