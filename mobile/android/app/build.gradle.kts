plugins {
    alias(libs.plugins.android.application)
    alias(libs.plugins.kotlin.android)
}

// Written by mobile/models/export_models.py.
val models = rootProject.file("../models/files")

android {
    namespace = "io.github.kerasrestore.app"
    compileSdk = 36

    defaultConfig {
        applicationId = "io.github.kerasrestore.app"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
        testInstrumentationRunner = "androidx.test.runner.AndroidJUnitRunner"
        ndk {
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(
                getDefaultProguardFile("proguard-android-optimize.txt"),
                "proguard-rules.pro",
            )
        }
    }

    sourceSets["main"].assets.srcDir(models)

    androidResources {
        // Models are mapped into memory as they lie in the APK.
        noCompress += "tflite"
    }

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    testOptions {
        unitTests.all {
            it.useJUnitPlatform()
            // Less than a large photo has, so that what keeps it fails.
            it.maxHeapSize = "96m"
        }
    }
}

kotlin {
    // No toolchain: the JDK that runs Gradle compiles, so that Android
    // Studio's own, which is 21, is enough.
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_17)
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.litert)
    implementation(libs.litert.gpu)
    testImplementation(libs.junit.jupiter)
    testImplementation(libs.kotlin.test)
    testRuntimeOnly(libs.junit.launcher)
    androidTestImplementation(libs.androidx.test.junit)
    androidTestImplementation(libs.androidx.test.runner)
}

tasks.named("preBuild") {
    doFirst {
        check(models.resolve("models.json").isFile) {
            "There are no models in $models; run " +
                "python mobile/models/export_models.py first."
        }
    }
}
