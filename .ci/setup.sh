#!/bin/sh
# Installs the missing programs that the tests need, with root and apt: gcc for the race detector, Postgres, PgBouncer, Redis,
# Chromium, fonts with Kazakh letters and emoji, strace to count fsyncs, systemd to check its units, sqlite3, curl and
# Python for the commands in the documents, groff to read the manual, npm for axe-core, the accessibility checker, buildah for the
# container image, Caddy for the compose files, promtool for alerts. Without root or apt it reports what is missing and
# exits with 0; tests that need it are skipped.
set -eu
cd "$(dirname "$0")/.."

missing=''
want() { # want PACKAGE COMMAND...
	package=$1
	shift
	for command; do
		if command -v "$command" >/dev/null 2>&1; then return; fi
	done
	missing="$missing $package"
}

want gcc gcc cc
want libc6-dev gcc
want redis-server redis-server
want chromium-headless-shell chromium-headless-shell chromium google-chrome
want strace strace
want systemd systemd-analyze
want pgbouncer pgbouncer
want git git
want sqlite3 sqlite3
want curl curl
want python3 python3
want npm npm
want buildah buildah
want caddy caddy
want prometheus promtool
want groff-base groff
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || want postgresql initdb
if ! fc-list ':lang=kk' 2>/dev/null | grep -q .; then missing="$missing fonts-noto-core fontconfig"; fi
if ! fc-list 2>/dev/null | grep -qi emoji; then missing="$missing fonts-noto-color-emoji"; fi

install() {
	root=''
	if [ "$(id -u)" != 0 ]; then root='sudo -n'; fi
	if ! command -v apt-get >/dev/null 2>&1 || { [ -n "$root" ] && ! $root true 2>/dev/null; }; then
		echo "setup: not installed here:$missing. The tests that need them are skipped." >&2
		return
	fi
	echo "setup: installing$missing" >&2
	export DEBIAN_FRONTEND=noninteractive
	$root apt-get update -qq
	# The headless Chromium takes a quarter less time per page. Not every release of Debian has it.
	if ! apt-cache show chromium-headless-shell >/dev/null 2>&1; then
		missing=$(printf %s "$missing" | sed s/chromium-headless-shell/chromium/)
	fi
	case "$missing " in *' prometheus '*)
		# Installing the package would start a server on port 9090: take only promtool from it.
		missing=$(printf %s "$missing" | sed 's/ prometheus//')
		folder=$(mktemp -d)
		(cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root prometheus && dpkg -x prometheus_*.deb .)
		$root cp "$folder/usr/bin/promtool" /usr/local/bin/
		rm -r "$folder"
	esac
	# shellcheck disable=SC2086 # a list of packages
	$root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}
[ -z "$missing" ] || install

if ! [ -f widget/node_modules/axe-core/axe.min.js ] && command -v npm >/dev/null 2>&1; then
	echo 'setup: installing axe-core' >&2
	(cd widget && npm install --no-save --loglevel error --no-audit --no-fund >/dev/null)
fi
