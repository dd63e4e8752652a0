package kit

import (
	"os/exec"
	"syscall"
)

// own gives cmd a process group of its own, so that a terminal's interrupt does not reach it
// before the tests have ended.
func own(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
