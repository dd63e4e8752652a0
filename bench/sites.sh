#!/bin/sh
# Measures what sites cost: how long it takes to add 1,000 sites, to list them, and to start a server with them.
# Usage: bench/sites.sh [BINARY [NUMBER]]. It needs curl, and keeps nothing.
set -eu
bin=$(realpath "${1:-bin/aitys}")
number=${2:-1000}
dir=$(mktemp -d)
server=
trap 'test -z "$server" || kill "$server"; rm -rf "$dir"' EXIT
cd "$dir"

# seconds COMMAND… prints how long a command takes.
seconds() {
	began=$(date +%s%N)
	"$@" >out 2>&1 || { cat out >&2; exit 1; }
	echo "$(($(date +%s%N) - began))" | awk '{ printf "%.2f s", $1 / 1e9 }'
}

add() { "$bin" site add --key "site-$1" --name "Site $1" --origin "https://site-$1.example"; }

# add_to N adds sites until there are N.
added=0
add_to() {
	while [ "$added" -lt "$1" ]; do
		added=$((added + 1))
		add "$added"
	done
}

ready() {
	: >log
	"$bin" serve --listen 127.0.0.1:0 >log 2>&1 &
	server=$!
	until grep -q '^listening on' log; do
		kill -0 "$server" || { cat log >&2; exit 1; }
		sleep 0.01
	done
	curl --fail --silent "$(sed -n 's/^listening on //p' log)/readyz" >/dev/null
}

echo '| sites | `site add` | `site list` | `site stats` | start until ready | memory |'
echo '| --- | --- | --- | --- | --- | --- |'
for n in 1 $((number / 10)) "$number"; do
	add_to "$n" >/dev/null
	one=$(seconds add "more-$n")
	list=$(seconds "$bin" site list)
	stats=$(seconds "$bin" site stats)
	began=$(date +%s%N)
	ready
	start=$(($(date +%s%N) - began))
	memory=$(awk '/VmRSS/ { printf "%d MiB", $2 / 1024 }' "/proc/$server/status")
	kill "$server"
	wait "$server" || true
	server=
	echo "| $n | $one | $list | $stats | $(echo "$start" | awk '{ printf "%.2f s", $1 / 1e9 }') | $memory |"
done
