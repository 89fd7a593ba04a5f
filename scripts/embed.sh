#!/bin/sh
# Files as C, on standard output, for what is part of the program:
#   embed.sh rules FILE…      the built-in rules; the first file includes the others
#   embed.sh presets FILE…    presets, with their first comment as what they are for
#   embed.sh projects FILE…   the projects that ship with vigia, likewise
#   embed.sh page SCRIPT STYLE   the report page's, with the SHA-256 of each as the page's
#                             Content-Security-Policy names it; two empty files: a program without the page
set -eu
export LC_ALL=C

usage() { echo "usage: embed.sh rules|presets|projects FILE… | page SCRIPT STYLE" >&2; exit 2; }

bytes_of() # FILE NAME
{
        printf 'static const char %s[] = {\n' "$2"
        od -An -v -tu1 "$1" | sed 's/[0-9][0-9]*/&,/g'
        printf '0};\n\n'
}

# ---- a list of files ----

# Its first comment, quoted for C, without a full stop.
help_of()
{
        sed -n 's/^# *//; s/\.$//; s/[\\"]/\\&/g; 1p' "$1"
}

list() # TYPE ARRAY PREFIX with-help|plain FILE…
{
        type=$1 array=$2 prefix=$3 form=$4
        shift 4
        n=0
        for file; do
                bytes_of "$file" "${prefix}_$n"
                n=$((n + 1))
        done
        printf 'const %s %s[] = {\n' "$type" "$array"
        n=0
        for file; do
                name=${file##*/} help=
                if [ "$form" = with-help ]; then
                        name=${name%.toml} help=", \"$(help_of "$file")\""
                fi
                printf '        {"%s", %s_%d, sizeof %s_%d - 1%s},\n' "$name" "$prefix" "$n" "$prefix" "$n" "$help"
                n=$((n + 1))
        done
        if [ "$form" = with-help ]; then
                printf '        {NULL, NULL, 0, NULL},\n};\n'
        else
                printf '        {NULL, NULL, 0},\n};\n'
        fi
}

# ---- the page ----

# What would end the element early, or be changed by a browser before it is hashed.
harmless()
{
        if grep -qiE '</(script|style)|<!--' "$1" || [ "$(tr -d '\r\000' <"$1" | wc -c)" -ne "$(wc -c <"$1")" ]; then
                echo "embed.sh: $1 holds an end tag, a comment's beginning, a carriage return or a NUL" >&2
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

page() # SCRIPT STYLE
{
        harmless "$1"
        harmless "$2"
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
}

[ $# -ge 1 ] || usage
kind=$1
shift
printf '/* Written by scripts/embed.sh %s. */\n' "$kind"
case $kind in
rules)
        printf '#include "rules/builtin-rules.h"\n\n'
        list BuiltinRules builtin_rules rules plain "$@"
        ;;
presets)
        printf '#include "config/presets.h"\n\n'
        list Preset presets preset with-help "$@"
        ;;
projects)
        printf '#include "sweep/project.h"\n\n'
        list ShippedProject shipped_projects project with-help "$@"
        ;;
page)
        [ $# -eq 2 ] || usage
        printf '#include "report/page-bundle.h"\n\n'
        page "$@"
        ;;
*) usage ;;
esac
