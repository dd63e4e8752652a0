#!/bin/sh
# Runs before the package is removed or upgraded. dpkg passes "remove" and rpm 0 for a removal. The comments in
# /var/lib/aitys and the backups stay.
set -eu

case "${1:-}" in
remove | 0)
	if [ -d /run/systemd/system ]; then
		systemctl disable --now aitys.socket aitys.service aitys-backup.timer || true # also if one was never enabled
	fi
	;;
esac
