plugins {
    alias(libs.plugins.android.library)
}

android {
    namespace = "dev.edgeisp.runtimes"
}

// What ExecuTorch runs files on is settled by its AAR: -Pexecutorch=vulkan or qnn instead of XNNPACK.
val executorch = when (val backend = providers.gradleProperty("executorch").getOrElse("xnnpack")) {
    "xnnpack" -> libs.executorch.xnnpack
    "vulkan" -> libs.executorch.vulkan
    "qnn" -> libs.executorch.qnn
    else -> error("-Pexecutorch=$backend: xnnpack, vulkan or qnn")
}

dependencies {
    api(project(":core"))
    implementation(libs.litert)
    implementation(libs.litert.gpu)
    implementation(executorch)
}
