#!/bin/sh
# The report page's script and style as C: their bytes, and the SHA-256 of each as the page's
# Content-Security-Policy names it. embed-page.sh SCRIPT STYLE on standard output; two empty files make a
# program without the page.
set -eu
export LC_ALL=C

[ $# -eq 2 ] || { echo "usage: embed-page.sh SCRIPT STYLE" >&2; exit 2; }

# What would end the element early, or be changed by a browser before it is hashed.
harmless()
{
        if grep -qiE '</(script|style)|<!--' "$1" || [ "$(tr -d '\r\000' <"$1" | wc -c)" -ne "$(wc -c <"$1")" ]; then
                echo "embed-page.sh: $1 holds an end tag, a comment's beginning, a carriage return or a NUL" >&2
                exit 1
        fi
}

hash_of()
{
        sum="$(sha256sum <"$1")"
        # Every two digits as an octal escape, which every printf(1) knows.
        escapes="$(printf '%s\n' "${sum%% *}" | awk '{
                for (i = 1; i < length($0); i += 2) {
                        n = (index("0123456789abcdef", substr($0, i, 1)) - 1) * 16 + index("0123456789abcdef", substr($0, i + 1, 1)) - 1
                        printf "\\%03o", n
                }
        }')"
        # shellcheck disable=SC2059
        printf "$escapes" | base64
}

bytes_of()
{
        printf 'static const char %s[] = {\n' "$2"
        od -An -v -tu1 "$1" | sed 's/[0-9][0-9]*/&,/g'
        printf '0};\n\n'
}

harmless "$1"
harmless "$2"
printf '/* Written by scripts/embed-page.sh from web/. */\n#include "report/page-bundle.h"\n\n'
bytes_of "$1" script
bytes_of "$2" style
cat <<END
const PageBundle page_bundle = {
        .script = script,
        .style = style,
        .script_size = sizeof script - 1,
        .style_size = sizeof style - 1,
        .script_hash = "$(hash_of "$1")",
        .style_hash = "$(hash_of "$2")",
};
END
