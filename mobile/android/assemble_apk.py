"""Puts an APK together without Android Studio, and looks at it.

    python assemble_apk.py restore.apk

For machines that cannot reach Google's repositories: the sources are compiled
by Maven, dexed by dalvik-dx from Maven Central, and packed, aligned and signed
by Debian's aapt, zipalign and apksigner. The APK holds no LiteRT: it opens and
says so where a model would run. The app for phones is built by Gradle.
"""

import argparse
import re
import struct
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent.resolve()
APP = HERE / "app"
MODELS = HERE.parent / "models" / "files"
PACKAGE = "io.github.kerasrestore.app"
DEXER = "com.jakewharton.android.repackaged:dalvik-dx:16.0.1"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
MIN_SDK = 26


def main(argv=None):
    """Builds, checks and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("apk", type=Path, help="where it goes")
    apk = parser.parse_args(argv).apk.resolve()
    if not (MODELS / "models.json").is_file():
        parser.error(
            f"{MODELS} has no models; run mobile/models/export_models.py."
        )
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        jars = compile_sources(work / "jars")
        dex = make_dex(jars, work)
        pack(jars, dex, work, apk)
    print(f"{apk}: {apk.stat().st_size:,} bytes, assembled, never run")
    for kind in (["badging"], ["permissions"], ["xmltree", "--"]):
        more = ["AndroidManifest.xml"] if kind[0] == "xmltree" else []
        print(run("aapt", "dump", kind[0], apk, *more))
    check(apk)


def compile_sources(jars):
    """Compiles; gives the jars of the build by the start of their names."""
    run(
        "mvn", "-B", "-q", "-f", HERE / "pom.xml", "-pl", "app", "-am",
        "-DskipTests", "clean", "process-classes",
        f"{PLUGIN}:copy", f"-Dartifact={DEXER}",
        f"{PLUGIN}:copy-dependencies",
        "-DincludeArtifactIds=kotlin-stdlib,android-all",
        f"-DoutputDirectory={jars}",
    )  # fmt: skip
    names = ("dalvik-dx", "kotlin-stdlib", "android-all")
    return {name: next(jars.glob(f"{name}-*.jar")) for name in names}


def make_dex(jars, work):
    """Turns the classes of app, core and Kotlin's library into a dex file."""
    library = work / "stdlib"
    with zipfile.ZipFile(jars["kotlin-stdlib"]) as jar:
        # What is under META-INF is for newer virtual machines.
        members = [n for n in jar.namelist() if not n.startswith("META-INF/")]
        jar.extractall(library, members)
    dex = work / "classes.dex"
    run(
        "java", "-cp", jars["dalvik-dx"], "com.android.dx.command.Main",
        "--dex", f"--min-sdk-version={MIN_SDK}", f"--output={dex}",
        APP / "target" / "classes", HERE / "core" / "target" / "classes",
        library,
    )  # fmt: skip
    return dex


def pack(jars, dex, work, apk):
    """Packs, aligns and signs with a key made for this once."""
    run(APP / "resources.sh", jars["android-all"], work, MODELS)
    packed = work / "resources.apk"
    run("aapt", "add", packed, dex.name, cwd=dex.parent)
    aligned = work / "aligned.apk"
    run("zipalign", "-p", "4", packed, aligned)
    key = work / "debug.keystore"
    run(
        "keytool", "-genkeypair", "-keystore", key, "-storepass", "android",
        "-alias", "debug", "-dname", "CN=Debug", "-keyalg", "RSA",
        "-keysize", "2048", "-validity", "10000",
    )  # fmt: skip
    run(
        "apksigner", "sign", "--ks", key, "--ks-pass", "pass:android",
        "--min-sdk-version", str(MIN_SDK), "--out", apk, aligned,
    )  # fmt: skip


def check(apk):
    """Raises SystemExit with the first thing that is not as it should be."""
    run("apksigner", "verify", "--min-sdk-version", str(MIN_SDK), apk)
    run("zipalign", "-c", "-p", "4", apk)
    asked = re.findall(
        r"^uses-permission: name='([^']*)'",
        run("aapt", "dump", "permissions", apk),
        re.MULTILINE,
    )
    expected = (APP / "permissions.txt").read_text().split()
    demand(sorted(asked) == expected, f"it asks for {', '.join(asked)}")
    with zipfile.ZipFile(apk) as file:
        for model in sorted(MODELS.glob("*.tflite")):
            entry = file.getinfo(f"assets/{model.name}")
            stored = entry.compress_type == zipfile.ZIP_STORED
            demand(stored, f"{model.name} is compressed")
            demand(file.read(entry) == model.read_bytes(), "a model differs")
        classes = classes_of(file.read("classes.dex"))
    activity = f"L{PACKAGE.replace('.', '/')}/MainActivity;"
    demand(activity in classes, "it has no main screen")
    stub = [name for name in classes if name.startswith("Lcom/google/")]
    demand(not stub, f"it holds the stub {stub[:1]}")
    print(f"checked: {len(classes)} classes, signed, aligned, permissions")


def classes_of(dex):
    """Names of the classes that a dex file defines."""

    def table(offset):
        return struct.unpack_from("<II", dex, offset)

    def string(index):
        (start,) = struct.unpack_from("<I", dex, strings + 4 * index)
        # A length in seven bits a byte goes before the text.
        while dex[start] & 0x80:
            start += 1
        end = dex.index(0, start + 1)
        return dex[start + 1 : end].decode()

    _, strings = table(56)
    _, types = table(64)
    count, definitions = table(96)
    names = []
    for number in range(count):
        (kind,) = struct.unpack_from("<I", dex, definitions + 32 * number)
        (name,) = struct.unpack_from("<I", dex, types + 4 * kind)
        names.append(string(name))
    return names


def demand(held, otherwise):
    if not held:
        sys.exit(f"The APK is not as it should be: {otherwise}.")


def run(*command, cwd=None):
    """Runs a tool; gives what it prints."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            text=True,
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed; see the README.")
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        sys.exit(f"{command[0]} failed with {done.returncode}.")
    return done.stdout


if __name__ == "__main__":
    main()
