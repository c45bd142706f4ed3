#!/bin/sh
# What can be checked of the iOS app without a Mac: its core's tests, its format.
# usage: check.sh [core] [format]      all of them by default; ends with 69 where there is no Swift
set -eu
[ $# -gt 0 ] || set -- core format
cd "$(dirname "$0")/../.."
swift='sh ios_demo/tools/swift.sh'
build=build/ios
mkdir -p "$build"

for part; do
    case $part in
    core) $swift swift test --package-path ios_demo/EdgeISPKit --scratch-path "$build" ;;
    format) $swift swift format lint --strict --recursive ios_demo/EdgeISPKit/Package.swift \
        ios_demo/EdgeISPKit/Sources ios_demo/EdgeISPKit/Tests ;;
    *) sed -n '2,3p' "$0" >&2; exit 2 ;;
    esac
done
