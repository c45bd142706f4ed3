#!/bin/sh
# Fetch what an emulated ARM64 phone consists of, into one folder: Debian's adbd with its libraries, and qemu-user.
# usage: fetch.sh DEST      needs apt, dpkg and Debian's archive keyring; no root, nothing is installed on this machine
#
# qemu-user of Debian 12 (7.2) crashes in the runtimes' libraries; 10.0 of Debian 13 does not.
set -eu
[ $# = 1 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
# shellcheck source=tools/apt.sh
. "$(dirname "$0")/../../tools/apt.sh"
dest=$1
packages='adbd android-libbase android-libboringssl android-libcutils android-liblog libbrotli1 libc6 libcap2 libfmt10
libgcc-s1 liblz4-1 libprotobuf32t64 libstdc++6 libsystemd0 libzstd1 zlib1g qemu-user'

mkdir -p "$dest"
apt=$(cd "$dest" && pwd)/apt
apt_of "$apt" trixie
(
    cd "$apt/cache"
    # shellcheck disable=SC2086  # the list is meant to be split
    apt-get -qq download $packages
    for package in *.deb; do dpkg-deb -x "$package" ../../root; done
)
rm -rf "$apt"
touch "$dest/complete"
