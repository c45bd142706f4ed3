// swift-tools-version: 6.0
// What the sample app does without Apple's frameworks: builds and tests on Linux as well.
import PackageDescription

let package = Package(
  name: "EdgeISPKit",
  platforms: [.iOS(.v18), .macOS(.v15)],
  products: [.library(name: "EdgeISPKit", targets: ["EdgeISPKit"])],
  targets: [
    .target(name: "EdgeISPKit"),
    .executableTarget(name: "Pipe", dependencies: ["EdgeISPKit"]),
    .testTarget(name: "EdgeISPKitTests", dependencies: ["EdgeISPKit"]),
  ]
)
