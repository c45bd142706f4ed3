#!/bin/sh
# Fetch Swift for Linux into one folder: Debian 13's swiftlang (6.0) with all it needs, as a tree to change root into.
# usage: fetch.sh DEST      needs apt, dpkg and Debian's archive keyring; no root, nothing is installed on this machine
set -eu
[ $# = 1 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
# shellcheck source=tools/apt.sh
. "$(dirname "$0")/../../tools/apt.sh"
dest=$1

rm -rf "$dest"
mkdir -p "$dest/root"
apt=$(cd "$dest" && pwd)/apt
apt_of "$apt" trixie
apt-get -qq --yes --download-only install base-files swiftlang libc6-dev libstdc++-14-dev g++ git dash coreutils
# base-files first: it brings the links /bin -> usr/bin and so on.
dpkg-deb -x "$apt"/cache/archives/base-files_*.deb "$dest/root"
for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$dest/root"; done
rm -rf "$apt"
touch "$dest/complete"
