#!/bin/sh
# Fetch Swift for Linux into one folder: Debian 13's swiftlang (6.0) with all it needs, as a tree to change root into.
# usage: fetch.sh DEST      needs apt, dpkg and Debian's archive keyring; no root, nothing is installed on this machine
set -eu
[ $# = 1 ] || { sed -n '2,3p' "$0" >&2; exit 2; }
dest=$1 suite=trixie
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
case $mirror in */debian | */debian/) ;; *) mirror=http://deb.debian.org/debian ;; esac

rm -rf "$dest"
mkdir -p "$dest/root"
apt=$(cd "$dest" && pwd)/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/state" "$apt/parts"
: > "$apt/status"
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" > "$apt/sources.list"
cat > "$apt/apt.conf" <<CONF
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
APT::Install-Recommends "false";
Acquire::Languages "none";
Debug::NoLocking "true";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::State "$apt/state";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
CONF
export APT_CONFIG="$apt/apt.conf"
apt-get -qq update
apt-get -qq --yes --download-only install base-files swiftlang libc6-dev libstdc++-14-dev g++ git dash coreutils
# base-files first: it brings the links /bin -> usr/bin and so on.
dpkg-deb -x "$apt"/cache/archives/base-files_*.deb "$dest/root"
for package in "$apt"/cache/archives/*.deb; do dpkg-deb -x "$package" "$dest/root"; done
rm -rf "$apt"
touch "$dest/complete"
