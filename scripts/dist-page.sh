#!/bin/sh
# Run by `meson dist`: a release carries the page's script and style, so that it builds without npm.
# dist-page.sh SCRIPT STYLE
set -eu

if [ ! -s "$1" ] || [ ! -s "$2" ]; then
        echo "dist-page.sh: this build has no report page, and so would the release: build with npm first" >&2
        exit 1
fi
mkdir -p "$MESON_DIST_ROOT/web/dist"
cp "$1" "$MESON_DIST_ROOT/web/dist/report.js"
cp "$2" "$MESON_DIST_ROOT/web/dist/report.css"
