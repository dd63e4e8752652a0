#!/bin/sh
# Runs after the package is installed or upgraded.
set -eu

if ! id aitys >/dev/null 2>&1; then
	useradd --system --user-group --home-dir /var/lib/aitys --no-create-home --shell /usr/sbin/nologin aitys
	echo 'aitys: set public-url in /etc/aitys.conf, then run: systemctl enable --now aitys'
fi
install -d -m 700 -o aitys -g aitys /var/lib/aitys /var/backups/aitys
if [ -e /etc/aitys.conf ]; then # an upgrade does not restore a deleted file
	chgrp aitys /etc/aitys.conf
	chmod 640 /etc/aitys.conf
fi

if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
	systemctl try-restart --no-block aitys.service aitys-backup.timer || true # the package is installed all the same
fi
