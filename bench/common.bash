# What the benchmarks share: a place that every user can reach, the programs in it, and tables.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v jq >/dev/null || { echo "bench: jq is missing (make bench installs it on Debian)" >&2; exit 1; }

REPO=$PWD
BUILD=${BUILD:-$REPO/build}
PLACE=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/vigia-bench.XXXXXX")
chmod 755 "$PLACE"
mkdir -p "$PLACE/bin"
cp -L "$BUILD/src/app/vigia" "$PLACE/bin/"
find "$BUILD/tests/helpers" -maxdepth 1 -type f -perm -u+x -exec cp {} "$PLACE/bin/" \;
chmod 755 "$PLACE"/bin/*
export PATH="$PLACE/bin:$PATH" VIGIA_DIR="$PLACE/state" HOME="$PLACE/home"
mkdir -p "$VIGIA_DIR" "$HOME" "$PLACE/nobody"
started=()

clean_up()
{
        local pid
        for pid in "${started[@]}"; do
                kill -KILL "$pid" 2>/dev/null || true
        done
        rm -rf "$PLACE"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

is_root=false
[[ $(id -u) == 0 ]] && is_root=true
if $is_root; then
        chown nobody "$PLACE/nobody"
        as_nobody="setpriv --reuid=nobody --regid=$(id -g nobody) --clear-groups --inh-caps=-all -- env HOME=$PLACE/nobody VIGIA_DIR=$PLACE/nobody"
else
        as_nobody=""
fi

# A figure of a JSON line: of JSON .ratio
of()
{
        jq -r "$2" <<<"$1"
}

calc()
{
        awk "BEGIN { printf \"${2:-%.4g}\", ($1) }"
}

rows()
{
        vigia export "$2" --to json --table "$1" -o -
}

note()
{
        printf '%s\n' "bench: $*" >&2
}

# Compilers are to be measured, not what a ccache has of them.
export CCACHE_DISABLE=1

# A tree of vigia to compile, apart from this one: the same every time, no network.
make_tree()
{
        [[ -d $PLACE/tree ]] && return
        note "setting up the tree to compile"
        mkdir "$PLACE/tree"
        tar -C "$REPO" --exclude=./build* --exclude=./.git --exclude=node_modules -cf - . | tar -C "$PLACE/tree" -xf -
        meson setup "$PLACE/tree/build" "$PLACE/tree" -Dbuildtype=release -Dpage=disabled >"$PLACE/setup.log" 2>&1 ||
                { cat "$PLACE/setup.log" >&2; exit 1; }
        N_SOURCES=$(ninja -C "$PLACE/tree/build" -t targets all | grep -c '\.o:')
}

# Waits until COMMAND succeeds, at most 60 s.
until_true()
{
        local i
        for ((i = 0; i < 600; i++)); do
                "$@" && return 0
                sleep 0.1
        done
        return 1
}

# Starts N idle processes, waits until they sleep; SLEEPERS is their parent's pid.
start_sleepers()
{
        sleepers "$1" >"$PLACE/ready" &
        SLEEPERS=$!
        started+=("$SLEEPERS")
        until_true grep -q ready "$PLACE/ready"
        : >"$PLACE/ready"
}

stop_sleepers()
{
        kill -KILL "$SLEEPERS" 2>/dev/null || true
        wait "$SLEEPERS" 2>/dev/null || true
}
