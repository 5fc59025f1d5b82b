#!/bin/sh
# Compiles resources and manifest with aapt and writes R.java.
#
#     resources.sh android-all.jar target [assets]
#
# What comes out: target/resources.apk, with the files of the folder assets in
# it if there is one, and target/generated/. Android Studio needs none of this.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
jar=$1
target=$2
framework=$target/framework.apk
manifest=$target/AndroidManifest.xml

for tool in aapt python3; do
    if ! command -v "$tool" > /dev/null; then
        echo "$tool is missing; install Debian's package $tool." >&2
        exit 1
    fi
done

mkdir -p "$target/generated"
if [ ! "$framework" -nt "$jar" ]; then
    python3 "$here/framework_apk.py" "$jar" "$framework"
fi

# Gradle keeps the package out of the manifest, aapt wants it in; what is to be
# removed of other manifests means nothing without them.
sed -e 's|<manifest |&package="io.github.kerasrestore.app" |' \
    -e '/tools:node="remove"/d' \
    "$here/src/main/AndroidManifest.xml" > "$manifest"

# Models stay as they are, so that they can be mapped into memory.
aapt package -f -m -0 tflite \
    --min-sdk-version 26 --target-sdk-version 36 \
    --version-code 1 --version-name 0.1.0 \
    -M "$manifest" -S "$here/src/main/res" -I "$framework" \
    ${3:+-A "$3"} \
    -J "$target/generated" -F "$target/resources.apk"
