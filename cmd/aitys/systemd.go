package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notifySystemd sends a state to systemd, or to another service manager that sets NOTIFY_SOCKET.
func notifySystemd(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("the service manager was not notified", "state", state, "error", err)
	}
}

// keepWatchdog sends WATCHDOG=1 while hung returns nil, until ctx ends. It sends twice per interval that systemd has
// set, and nothing without an interval.
func keepWatchdog(ctx context.Context, log *slog.Logger, hung func() error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("the watchdog of the service manager is off", "error", err)
	}
	if interval <= 0 {
		return
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		if err := hung(); err == nil {
			notifySystemd(log, daemon.SdNotifyWatchdog)
		} else {
			log.Error("the server hangs; the watchdog of the service manager restarts it", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// ignoreHangups logs SIGHUP, which is sent when a terminal closes or a log rotates. By default it ends a process.
func ignoreHangups(log *slog.Logger) {
	if signal.Ignored(syscall.SIGHUP) { // by nohup
		return
	}
	signal.Ignore(syscall.SIGHUP) // no longer ends the context of the command
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for range hangups {
			log.Info("SIGHUP is ignored; restart the server to read its configuration again")
		}
	}()
}
