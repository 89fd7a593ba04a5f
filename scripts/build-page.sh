#!/bin/sh
# The report page's script and style for embed.sh, from wherever they can be had: as they lie in
# web/dist (a release has them there), else built by web/build.sh in WORK, a copy, so that sources stay
# as they are. Where neither can be: two empty files, and the program is built without the page.
# DEPFILE says for make and ninja what was read: files and, so that a new one is not missed, folders.
# build-page.sh WEB WORK auto|enabled|disabled SCRIPT STYLE DEPFILE
set -eu

[ $# -eq 6 ] || { echo "usage: build-page.sh WEB WORK auto|enabled|disabled SCRIPT STYLE DEPFILE" >&2; exit 2; }
web=$1 work=$2 mode=$3 script=$4 style=$5 depfile=$6

# What of web/ the page is made from; what is not there is left out.
read_here()
{
        for path in src dist build.sh package.json package-lock.json tsconfig.json .npmrc; do
                [ ! -e "$web/$path" ] || find "$web/$path"
        done
}

read_here | sed -e 's/[ #]/\\&/g' -e 's/\$/$$/g' -e "1s|^|$script: |" -e '$!s/$/ \\/' >"$depfile"

without()
{
        if [ "$mode" = enabled ]; then
                echo "build-page.sh: $1" >&2
                exit 1
        fi
        [ "$mode" = disabled ] || echo "build-page.sh: $1: vigia is built without the report page" >&2
        : >"$script"
        : >"$style"
        exit 0
}

same_packages()
{
        cmp -s "$1/package-lock.json" "$1/node_modules/.lock-of-vigia"
}

copy_sources()
{
        mkdir -p "$work"
        work="$(cd "$work" && pwd)"
        rm -rf "$work/src"
        cp -R "$web/src" "$web/build.sh" "$web/package.json" "$web/package-lock.json" "$web/tsconfig.json" "$work/"
        [ ! -f "$web/.npmrc" ] || cp "$web/.npmrc" "$work/"
        # Packages that are there already are not fetched again for each build folder.
        if same_packages "$web"; then
                [ -L "$work/node_modules" ] || rm -rf "$work/node_modules"
                ln -sfn "$(cd "$web" && pwd)/node_modules" "$work/node_modules"
        elif [ -L "$work/node_modules" ]; then
                rm -f "$work/node_modules"
        fi
}

[ "$mode" != disabled ] || without disabled
if [ -s "$web/dist/report.js" ] && [ -s "$web/dist/report.css" ]; then
        cp "$web/dist/report.js" "$script"
        cp "$web/dist/report.css" "$style"
        exit 0
fi
[ -f "$web/build.sh" ] || without "no $web/build.sh"
copy_sources
command -v node >/dev/null 2>&1 || without "node and npm are missing"
command -v npm >/dev/null 2>&1 || same_packages "$work" || without "npm is missing"
# Where there is no network, that is to be known in seconds.
export npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_retry_maxtimeout=5000
if ! sh "$work/build.sh" "$work/out" >"$work/log" 2>&1; then
        cat "$work/log" >&2
        without "the page's script could not be made"
fi
cp "$work/out/report.js" "$script"
cp "$work/out/report.css" "$style"
