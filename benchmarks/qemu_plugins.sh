#!/bin/sh
# Build qemu-aarch64 with plugins and its instruction counter; no distribution's qemu-user has them.
# usage: qemu_plugins.sh DEST      about 10 CPU minutes; DEST/qemu-aarch64 and DEST/libinsn.so
# Needs: a C compiler, ninja, pkg-config, glib (libglib2.0-dev), python3 with venv, curl, xz, and the network.
# QEMU_SOURCE: another .tar.xz of qemu 10, such as file:// and what `apt-get source --download-only qemu` brings.
set -eu
[ $# = 1 ] || { sed -n '2,6p' "$0" >&2; exit 2; }
source=${QEMU_SOURCE:-https://download.qemu.org/qemu-10.0.3.tar.xz}
mkdir -p "$1"
dest=$(cd "$1" && pwd)
[ -x "$dest/qemu-aarch64" ] && [ -e "$dest/libinsn.so" ] && exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
curl -fsSL "$source" -o "$work/source.tar.xz"
mkdir "$work/source" "$work/out"
tar -xJf "$work/source.tar.xz" -C "$work/source" --strip-components=1
python3 -m venv "$work/venv" # Debian's source comes without qemu's own wheel of meson
"$work/venv/bin/python" -m pip install -q meson distlib tomli pycotap
cd "$work/out"
PATH="$work/venv/bin:$PATH" ../source/configure --python="$work/venv/bin/python" --target-list=aarch64-linux-user \
    --enable-plugins --disable-docs --disable-system --disable-tools --disable-werror --disable-download \
    --disable-install-blobs
ninja -j "${JOBS:-$(nproc)}" all
cp qemu-aarch64 "$dest/"
cp "$(find . -name libinsn.so | head -n 1)" "$dest/"
