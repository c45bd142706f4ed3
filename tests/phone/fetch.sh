#!/bin/sh
# Fetch what an emulated ARM64 phone consists of, into one folder: Debian's adbd with its libraries, and qemu-user.
# usage: fetch.sh DEST      needs apt, dpkg and Debian's archive keyring; no root, nothing is installed on this machine
#
# qemu-user of Debian 12 (7.2) crashes in the runtimes' libraries; 10.0 of Debian 13 does not.
set -eu
[ $# = 1 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
dest=$1 suite=trixie
packages='adbd android-libbase android-libboringssl android-libcutils android-liblog libbrotli1 libc6 libcap2 libfmt10
libgcc-s1 liblz4-1 libprotobuf32t64 libstdc++6 libsystemd0 libzstd1 zlib1g qemu-user'
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
case $mirror in */debian | */debian/) ;; *) mirror=http://deb.debian.org/debian ;; esac

mkdir -p "$dest"
apt=$(cd "$dest" && pwd)/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/state" "$apt/parts"
: > "$apt/status"
printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$suite" > "$apt/sources.list"
cat > "$apt/apt.conf" <<CONF
APT::Architecture "amd64";
APT::Architectures "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "$apt/parts";
Dir::State "$apt/state";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
CONF
export APT_CONFIG="$apt/apt.conf"
apt-get -qq update
(
    cd "$apt/cache"
    # shellcheck disable=SC2086  # the list is meant to be split
    apt-get -qq download $packages
    for package in *.deb; do dpkg-deb -x "$package" ../../root; done
)
rm -rf "$apt"
touch "$dest/complete"
