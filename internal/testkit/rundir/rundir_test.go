package rundir

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDir_CloseEndsEachProcess uses PID files with and without a final newline.
func TestDir_CloseEndsEachProcess(t *testing.T) {
	d, err := Temp()
	if err != nil {
		t.Fatal(err)
	}
	var running []*exec.Cmd
	for n := range 3 {
		cmd := exec.Command("sleep", "60")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		running = append(running, cmd)
		file := filepath.Join(d.Memory, fmt.Sprintf("server%d.pid", n))
		if err := os.WriteFile(file, fmt.Append(nil, cmd.Process.Pid), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	for n, cmd := range running {
		_ = cmd.Wait() // the test checks how it ended
		if cmd.ProcessState.Success() {
			t.Errorf("server %d ended by itself", n)
		}
	}
	for _, folder := range []string{d.Path, d.Memory} {
		if _, err := os.Stat(folder); !os.IsNotExist(err) {
			t.Errorf("%s is still there (%v)", folder, err)
		}
	}
}
