#!/bin/sh
# Builds vigia: build.sh DIRECTORY [MESON OPTIONS…]. Installs nothing; says what is missing.
set -eu

dir=$1
shift
missing=
for tool in gcc:gcc meson:meson ninja:ninja-build pkg-config:pkg-config; do
        command -v "${tool%%:*}" >/dev/null 2>&1 || missing="$missing ${tool#*:}"
done
if command -v pkg-config >/dev/null 2>&1; then
        pkg-config --exists jansson || missing="$missing libjansson-dev"
        pkg-config --exists libpcre2-8 || missing="$missing libpcre2-dev"
fi
if [ -n "$missing" ]; then
        echo "missing:$missing (Debian's names); make deps installs what is needed" >&2
        exit 1
fi

# A checkout that was moved has a build directory that still points at the old place.
if [ -f "$dir/build.ninja" ] && ! grep -qF "$PWD" "$dir/meson-info/intro-buildsystem_files.json"; then
        rm -rf "$dir"
fi
if [ -f "$dir/build.ninja" ]; then
        [ $# -eq 0 ] || meson configure "$dir" "$@" >&2
elif ! meson setup "$dir" "$@" >"$dir.setup.log" 2>&1; then
        cat "$dir.setup.log" >&2
        rm -f "$dir.setup.log"
        exit 1
else
        rm -f "$dir.setup.log"
fi
ninja -C "$dir" ${JOBS:+-j"$JOBS"} >&2
ln -sf src/app/vigia "$dir/vigia"
