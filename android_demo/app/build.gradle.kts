plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = "dev.edgeisp.camera"
    defaultConfig {
        applicationId = "dev.edgeisp.camera"
        targetSdk = 36
    }
    // Instruments itself as the benchmark app does.
    sourceSets["main"].kotlin.srcDir("../bench/src/main/kotlin")
}

dependencies {
    implementation(project(":runtimes"))
}
