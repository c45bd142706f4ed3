#!/bin/sh
# Build qemu-aarch64 with plugins and its instruction counter; no distribution's qemu-user has them.
# usage: qemu_plugins.sh DEST      about 10 CPU minutes; DEST/qemu-aarch64 and DEST/libinsn.so
# Needs: a C compiler, ninja, pkg-config, glib (libglib2.0-dev), python3 with venv, curl, xz, and the network.
set -eu
[ $# = 1 ] || { sed -n '2,5p' "$0" >&2; exit 2; }
version=10.0.3
mkdir -p "$1"
dest=$(cd "$1" && pwd)
[ -x "$dest/qemu-aarch64" ] && [ -e "$dest/libinsn.so" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsSL "https://download.qemu.org/qemu-$version.tar.xz" | tar -xJ -C "$work" --strip-components=1
mkdir "$work/out"
cd "$work/out"
../configure --target-list=aarch64-linux-user --enable-plugins --disable-docs --disable-system --disable-tools \
    --disable-werror
ninja qemu-aarch64 contrib-plugins test-plugins 2>/dev/null || ninja
cp qemu-aarch64 "$dest/"
cp "$(find . -name libinsn.so | head -n 1)" "$dest/"
