#!/bin/sh
# Writes the manual and the completions of a release into bin/release. -trimpath shares the cache with the release build.
set -eu
cd "$(dirname "$0")/.."
mkdir -p bin/release
go build -trimpath -o bin/release/aitys ./cmd/aitys
bin/release/aitys man | gzip -9n >bin/release/aitys.1.gz
for shell in bash zsh fish; do
	bin/release/aitys completion $shell >bin/release/aitys.$shell
done
gzip -9n <CHANGELOG.md >bin/release/changelog.gz
rm bin/release/aitys
