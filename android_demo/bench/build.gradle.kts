plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

android {
    namespace = "dev.edgeisp.bench"
    compileSdk = libs.versions.compileSdk.get().toInt()
    defaultConfig {
        applicationId = "dev.edgeisp.bench"
        minSdk = libs.versions.minSdk.get().toInt()
        targetSdk = 29 // the last one that may read /sdcard, where a device farm puts the files
        versionCode = 1
        versionName = "0.1"
        ndk.abiFilters += "arm64-v8a"
    }
    lint.disable += "ExpiredTargetSdkVersion" // not for a store
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_11
        targetCompatibility = JavaVersion.VERSION_11
    }
}

kotlin {
    compilerOptions.jvmTarget = org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11
}

dependencies {
    implementation(project(":runtimes"))
}
