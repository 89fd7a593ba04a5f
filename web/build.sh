#!/bin/sh
# Makes the report page's bundle: OUTDIR/report.js and OUTDIR/report.css. Types are checked first.
# Packages are fetched (npm ci) only where those of package-lock.json are not there yet.
# Usage: build.sh OUTDIR
set -eu

[ $# -eq 1 ] || { echo "usage: build.sh OUTDIR" >&2; exit 2; }
mkdir -p "$1"
out="$(cd "$1" && pwd)"
cd "$(dirname "$0")"

fetch()
{
        [ -f node_modules/.lock-of-vigia ] && cmp -s package-lock.json node_modules/.lock-of-vigia && return 0
        command -v npm >/dev/null 2>&1 || { echo "web/build.sh: no npm, and no packages here already" >&2; return 1; }
        npm ci --no-audit --no-fund --prefer-offline >&2 </dev/null || return 1
        cp package-lock.json node_modules/.lock-of-vigia
}

# 3: not for an error in the page.
fetch || { echo "web/build.sh: the packages of package-lock.json could not be fetched; is there a network?" >&2; exit 3; }
node_modules/.bin/tsc --noEmit -p tsconfig.json >&2
# "report" is main.ts and, through its imports, report.css.
node_modules/.bin/esbuild src/main.ts --bundle --minify --target=es2022,chrome100,firefox113,safari16.4 \
        --format=iife --charset=utf8 --legal-comments=none --log-level=warning \
        --outfile="$out/report.js" >&2
[ -s "$out/report.js" ] && [ -s "$out/report.css" ]
