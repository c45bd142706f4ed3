#!/bin/sh
# Fetch what builds and tests the Android app without Gradle and without an Android SDK, into one folder: Debian's aapt2,
# zipalign, apksigner, dx, android.jar (API 23) and JUnit, and the Kotlin compiler of npm.
# usage: fetch.sh DEST      needs apt, dpkg, Debian's archive keyring and npm; no root, nothing is installed here
#
# All from Debian 11, which does not change any more: toolchain.sha256 holds the hash of each file.
set -eu
[ $# = 1 ] || { sed -n '2,4p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tools/apt.sh
. "$here/../../tools/apt.sh"
mkdir -p "$1"
dest=$(cd "$1" && pwd)
packages='aapt android-libaapt android-libandroidfw android-libbacktrace android-libbase android-libcutils android-liblog
android-libunwind android-libutils android-libziparchive apksigner dalvik-exchange dexdump android-libart
android-libnativebridge android-libnativeloader libandroid-23-java libandroid-json-java libapksig-java libbsd0 libexpat1
libhamcrest-java libmd0 libpng16-16 libprotobuf-lite23 libzopfli1 junit4 p7zip-full zipalign'
kotlin=kotlin-compiler@2.4.20

apt=$dest/apt
rm -rf "$dest/root" "$dest/kotlin" "$dest/files"
mkdir -p "$dest/files" "$dest/kotlin"
apt_of "$apt" bullseye
cd "$dest/files"
# shellcheck disable=SC2086  # the list is meant to be split
apt-get -qq download $packages
npm pack --silent "$kotlin" > /dev/null
[ -n "${EDGEISP_PIN-}" ] && sha256sum ./* > "$here/toolchain.sha256"
sha256sum --quiet --strict -c "$here/toolchain.sha256"
for package in *.deb; do dpkg-deb -x "$package" ../root; done
tar -xzf kotlin-compiler-*.tgz -C ../kotlin --strip-components 1
cd "$dest"
rm -rf "$apt" "$dest/files"
