package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"

	"github.com/aitys/aitys/internal/testkit"
)

// SIGHUP is sent when a terminal closes or a log rotates.
func TestServe_IgnoresSIGHUP(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	i := s.serve()
	for range 3 {
		if err := syscall.Kill(i.PID(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Until(t, "the log has a line", func() bool { return strings.Contains(i.Log(), "SIGHUP is ignored") })
	if body, status := get(t, i.URL+"/readyz"); status != http.StatusOK {
		t.Errorf("after a hangup it answers %d, %s", status, body)
	}
	if err := i.Stop(); err != nil {
		t.Errorf("after a hangup SIGTERM ends it with %v", err)
	}
}

// A command stops on SIGHUP as on SIGTERM.
func TestDemo_StopsOnSIGHUP(t *testing.T) {
	t.Parallel()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // so that the demo does not inherit an ignored SIGHUP from nohup
	t.Cleanup(func() { signal.Stop(hangups) })
	s := newShell(t)
	i := s.start("demo", "--listen", "127.0.0.1:0")
	if err := i.StopWith(syscall.SIGHUP); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestDoctor_TakesTheFlagsOfServe(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.write("secret.txt", "x", 0o600)
	args := []string{"--listen", "127.0.0.1:21290", "--public-url", "http://127.0.0.1:21290", "--trusted-proxy",
		"10.0.0.0/8", "--log-level", "debug", "--smtp", "smtp://127.0.0.1:1", "--mail-from", "My Blog <a@blog.example>",
		"--reach", "10.0.0.0/8", "--oidc", "x=https://id.example,me,secret.txt", "--limits", "off",
		"--metrics-listen", "127.0.0.1:21291"}
	if n := reflect.TypeFor[serveFlags]().NumField(); n != len(args)/2 { // listenFlag is one field
		t.Errorf("serve has %d flags, and %d are tried", n, len(args)/2)
	}
	r := s.doctor(append(args, "--data", "data")...)
	if r.state("database") != "ok" || r.state("proxy") != "ok" || r.state("mail") != "fail" {
		t.Errorf("the doctor says %+v", r)
	}
}

// Each command runs as a user with read permission only.
func TestPermission_ErrorNamesTheFile(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.must("backup", "good", "--data", "data")
	dir, err := os.MkdirTemp("", "aitys-rights-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = exec.Command("chmod", "-R", "u+w", dir).Run(); _ = os.RemoveAll(dir) })
	steps := `set -e
		cp "$1" aitys; chmod 755 . aitys; mkdir empty away; cp -r "$2/data" whole; cp -r "$2/data" files; cp "$2/good" .
		chmod 644 good; chmod 444 whole/aitys.db; chmod 666 files/aitys.db; cp files/secret secret; chmod 600 secret
		if [ "$(id -u)" = 0 ]; then chown 65534 secret; fi
		cp -r "$2/data" wal; touch wal/aitys.db-wal; chmod 777 wal; chmod 666 wal/aitys.db; chmod 0 wal/aitys.db-wal
		chmod 555 empty whole files; chmod 700 away`
	setup := exec.Command("sh", "-c", steps, "sh", s.bin, s.dir)
	setup.Dir = dir
	if out, err := setup.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, tt := range []struct {
		want string
		args []string
	}{
		{"/empty/aitys.db: permission denied. Give " + dir + "/empty to the user",
			[]string{"serve", "--data", "empty"}},
		{"/whole/aitys.db: permission denied. Give " + dir + "/whole/aitys.db to the user",
			[]string{"serve", "--data", "whole"}},
		{"/whole/aitys.db: permission denied. Give", []string{"doctor", "--data", "whole"}},
		{"/files: permission denied. Give " + dir + "/files to", []string{"serve", "--data", "files"}},
		{"/wal/aitys.db-wal: permission denied. Give " + dir + "/wal/aitys.db-wal to", []string{"serve", "--data", "wal"}},
		{"/made: permission denied. Give " + dir + " to", []string{"serve", "--data", "made/data"}},
		{": permission denied. Give " + dir, []string{"serve", "--data", "away/data"}},
		{": permission denied. Give " + dir, []string{"site", "list", "--data", "away"}},
		{": permission denied. Give " + dir + "/empty to", []string{"restore", "good", "--data", "empty"}},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			for i, a := range tt.args {
				if i > 0 && tt.args[i-1] == "--data" {
					tt.args[i] = filepath.Join(dir, a)
				}
			}
			if tt.args[0] == "serve" {
				tt.args = append(tt.args, "--listen", "127.0.0.1:0", "--secret-file", filepath.Join(dir, "secret"))
			}
			cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "aitys"), tt.args...)
			cmd.Dir = dir
			if os.Geteuid() == 0 {
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			out, err := cmd.CombinedOutput()
			if _, failed := errors.AsType[*exec.ExitError](err); !failed {
				t.Fatalf("it ended with %v: %s", err, out)
			}
			if !strings.Contains(string(out), tt.want) || strings.Contains(string(out), "busy") {
				t.Errorf("it says %q, want %q", out, tt.want)
			}
		})
	}
}

// A start on a full or read-only disk fails with one line that says so.
func TestServe_DiskErrorsNameTheCause(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	mount := func(options string) error {
		out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", options, "tmpfs", s.dir).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	if err := mount("size=64k"); err != nil {
		t.Skipf("only root may mount a small disk: %v", err)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", s.dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %s", out)
		}
	})
	s.refused("the disk of data/aitys.db is full: free space and start again", "serve", "--listen", "127.0.0.1:0")
	if err := mount("remount,ro"); err != nil {
		t.Fatal(err)
	}
	s.refused("/data/aitys.db: its file system is read-only", "serve", "--listen", "127.0.0.1:0")
	s.refused("other: its file system is read-only", "serve", "--listen", "127.0.0.1:0", "--data", "other")
}

// killWhileCopying kills a command when it has created a path that matches the pattern. It returns false if the command
// ended first.
func (s *shell) killWhileCopying(pattern string, args ...string) bool {
	s.t.Helper()
	matches := func() int {
		list, err := filepath.Glob(filepath.Join(s.dir, pattern))
		if err != nil {
			s.t.Fatal(err)
		}
		return len(list)
	}
	before := matches()
	cmd := exec.CommandContext(s.t.Context(), s.bin, args...)
	cmd.Dir = s.dir
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case <-ended:
			return false
		default:
		}
		if matches() > before {
			_ = cmd.Process.Kill() // it may have ended
			return <-ended != nil
		}
	}
}

func temporaries(t *testing.T, folder string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, ".*-*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestServe_RemovesAbandonedCopies(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.addBlog("--data", "data")
	s.write("export.xml", wordPress(60, 20), 0o600)
	s.run("", "import", "wordpress", "export.xml", "--site", "blog", "--url-map", "*,https://blog.example/*", "--data", "data")
	s.must("backup", "good", "--data", "data")
	for _, folder := range []string{"elsewhere", "next"} {
		if err := os.Mkdir(filepath.Join(s.dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	own, err := os.ReadFile(filepath.Join(s.dir, "data", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("next/secret", string(own), 0o600)
	for _, c := range []struct {
		folder string
		args   func(try int) []string
	}{
		{"data", func(try int) []string { return []string{"backup", fmt.Sprint("data/copy", try), "--data", "data"} }},
		{"elsewhere", func(try int) []string { return []string{"backup", fmt.Sprint("elsewhere/copy", try), "--data", "data"} }},
		{"elsewhere", func(try int) []string {
			return []string{"export", "--site", "blog", "--out", fmt.Sprint("elsewhere/site", try), "--data", "data"}
		}},
		{"next", func(int) []string { return []string{"restore", "good", "--data", "next"} }},
		{"elsewhere", func(int) []string {
			return []string{"export", "--site", "blog", "--format", "static", "--out", "elsewhere/static", "--data", "data"}
		}},
	} {
		try := 0
		for _, moment := range []string{".*-*", ".*-*/*"} { // an empty folder, and one with a file
			for !s.killWhileCopying(filepath.Join(c.folder, moment), c.args(try)...) {
				if try++; try == 50 {
					t.Fatalf("%q always ended before it was killed", c.args(try))
				}
			}
			try++
		}
	}
	left := func() (all []string) {
		for _, folder := range []string{"data", "elsewhere", "next"} {
			all = append(all, temporaries(t, filepath.Join(s.dir, folder))...)
		}
		return all
	}
	if len(left()) == 0 {
		t.Fatal("the killed commands left nothing")
	}
	for _, data := range []string{"data", "next"} {
		want := ""
		for _, path := range temporaries(t, filepath.Join(s.dir, data)) {
			if exists(path) { // not a link to a missing folder
				want = "warn"
			}
		}
		if r := s.doctor("--data", data); r.state("temporary copies") != want {
			t.Errorf("of %s the doctor says %+v, want %q", data, r, want)
		}
	}
	for _, data := range []string{"data", "next"} {
		i := s.start("serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(s.dir, data))
		if err := i.Stop(); err != nil {
			t.Fatal(err)
		}
		if r := s.doctor("--data", data); r.state("temporary copies") != "" {
			t.Errorf("the doctor says %+v", r)
		}
	}
	s.must("export", "--site", "blog", "--format", "static", "--out", "elsewhere/static", "--data", "data")
	if all := left(); len(all) != 0 {
		t.Errorf("left: %q", all)
	}
}
