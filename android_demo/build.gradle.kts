import com.android.build.api.dsl.ApplicationExtension
import com.android.build.api.dsl.CommonExtension
import org.jetbrains.kotlin.gradle.dsl.JvmTarget
import org.jetbrains.kotlin.gradle.dsl.KotlinAndroidProjectExtension

plugins {
    alias(libs.plugins.android.application) apply false
    alias(libs.plugins.android.library) apply false
    alias(libs.plugins.kotlin.android) apply false
    alias(libs.plugins.kotlin.jvm) apply false
}

// What all Android modules have in common.
subprojects {
    for (kind in listOf("com.android.application", "com.android.library")) pluginManager.withPlugin(kind) {
        pluginManager.apply("org.jetbrains.kotlin.android")
        extensions.configure<CommonExtension<*, *, *, *, *, *>>("android") {
            compileSdk = rootProject.libs.versions.compileSdk.get().toInt()
            defaultConfig.minSdk = rootProject.libs.versions.minSdk.get().toInt()
            compileOptions.sourceCompatibility = JavaVersion.VERSION_11
            compileOptions.targetCompatibility = JavaVersion.VERSION_11
        }
        extensions.configure<KotlinAndroidProjectExtension> { compilerOptions.jvmTarget.set(JvmTarget.JVM_11) }
    }
    pluginManager.withPlugin("com.android.application") {
        extensions.configure<ApplicationExtension> {
            defaultConfig.versionCode = 1
            defaultConfig.versionName = "0.1"
            defaultConfig.ndk.abiFilters += "arm64-v8a"
        }
    }
}
