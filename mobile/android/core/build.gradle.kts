// The core in Android Studio: the same sources and tests as in pom.xml.

plugins {
    alias(libs.plugins.kotlin.jvm)
}

kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_1_8)
        allWarningsAsErrors.set(true)
        // Nothing that older phones lack: buffers' methods, above all, give
        // other types since Java 9.
        freeCompilerArgs.add("-Xjdk-release=1.8")
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_1_8
    targetCompatibility = JavaVersion.VERSION_1_8
}

dependencies {
    // Android has it in the platform.
    val json = "org.json:json:20260814"
    compileOnly(json)
    testImplementation(json)
    testImplementation(libs.kotlin.test)
    testImplementation(libs.junit.jupiter)
    testRuntimeOnly(libs.junit.launcher)
}

tasks.test {
    useJUnitPlatform()
    maxHeapSize = "256m"
    systemProperty(
        "goldens", rootProject.file("../models/goldens").absolutePath,
    )
}
