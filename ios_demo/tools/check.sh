#!/bin/sh
# What can be checked of the iOS app without a Mac: its core's tests, its sources against stub modules, its format.
# usage: check.sh [core] [app] [format]      all of them by default; ends with 69 where there is no Swift
#
# The stubs (tests/ios/stubs) declare by hand what the app uses of Apple's frameworks and of ExecuTorch. A misspelt member
# is found; that Apple's frameworks agree with them is not.
set -eu
[ $# -gt 0 ] || set -- core app format
cd "$(dirname "$0")/../.."
swift='sh ios_demo/tools/swift.sh'
build=build/ios
mkdir -p "$build/stubs"

app() {
    $swift sh -eu -c '
        out=$1
        shift
        for module in CoreGraphics ImageIO UniformTypeIdentifiers Photos UIKit CoreML ExecuTorch AVFoundation SwiftUI XCTest; do
            source=tests/ios/stubs/$module.swift
            [ "$out/$module.swiftmodule" -nt "$source" ] || swiftc -swift-version 6 -emit-module -parse-as-library \
                -I "$out" -module-name "$module" "$source" -o "$out/$module.swiftmodule"
        done
        swiftc -emit-module -swift-version 6 -parse-as-library -module-name EdgeISPKit \
            ios_demo/EdgeISPKit/Sources/EdgeISPKit/*.swift -o "$out/EdgeISPKit.swiftmodule"
        app="$(echo ios_demo/App/Sources/*.swift ios_demo/App/Sources/*/*.swift)"
        swiftc -typecheck -continue-building-after-errors -swift-version 6 -warnings-as-errors -parse-as-library -I "$out" -module-name EdgeISP $app
        swiftc -emit-module -swift-version 6 -enable-testing -parse-as-library -I "$out" -module-name EdgeISP $app \
            -o "$out/EdgeISP.swiftmodule"
        swiftc -typecheck -swift-version 6 -warnings-as-errors -I "$out" ios_demo/Benchmarks/*.swift
    ' sh "$build/stubs"
}

for part; do
    case $part in
    core) $swift swift test --package-path ios_demo/EdgeISPKit --scratch-path "$build" ;;
    app) app ;;
    format) $swift swift format lint --strict --recursive ios_demo/EdgeISPKit/Package.swift \
        ios_demo/EdgeISPKit/Sources ios_demo/EdgeISPKit/Tests ios_demo/App ios_demo/Benchmarks ;;
    *) sed -n '2,3p' "$0" >&2; exit 2 ;;
    esac
done
