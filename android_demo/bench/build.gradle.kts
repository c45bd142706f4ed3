plugins {
    alias(libs.plugins.android.application)
}

android {
    namespace = "dev.edgeisp.bench"
    defaultConfig {
        applicationId = "dev.edgeisp.bench"
        targetSdk = 29 // the last one that may read /sdcard, where a device farm puts the files
    }
    lint.disable += "ExpiredTargetSdkVersion" // not for a store
}

dependencies {
    implementation(project(":runtimes"))
}
