# The harness itself: checks that cannot fail are no checks, so each is shown a bad example.
bats_require_minimum_version 1.5.0

setup()
{
        repo="$BATS_TEST_DIRNAME/../.."
        tree="$BATS_TEST_TMPDIR/a tree"
        mkdir -p "$tree/src/base" "$tree/src/top" "$tree/src/side" "$tree/tests" "$tree/bench"
        printf '| folder | what | may include |\n|---|---|---|\n| base | b | |\n| side | s | |\n| top | t | side |\n| all | a | * |\n' \
                >"$tree/ARCHITECTURE.md"
        printf '#include "base/b.h"\n' >"$tree/src/base/b.c"
        : >"$tree/src/base/b.h"
        : >"$tree/src/top/t.h"
        printf '#include "side/s.h"\n#include "base/b.h"\n#include "top/t.h"\n' >"$tree/src/top/t.c"
        : >"$tree/src/side/s.h"
}

@test "check-layers: a clean tree is fine" {
        run -0 sh "$repo/tests/check-layers.sh" "$tree"
        [[ $output == *"fine (5 files, 4 includes)"* ]]
}

@test "check-layers: an include that runs up fails and is named" {
        printf '\n  # include "top/t.h"\n' >"$tree/src/base/bad.c"
        run -1 sh "$repo/tests/check-layers.sh" "$tree"
        [[ $output == *'src/base/bad.c:2: base may not include top ("top/t.h")'* ]]
}

@test "check-layers: an include that runs sideways fails" {
        printf '#include "top/t.h"\n' >"$tree/src/side/bad.c"
        run -1 sh "$repo/tests/check-layers.sh" "$tree"
        [[ $output == *"side may not include top"* ]]
}

@test "check-layers: a folder without a row fails" {
        mkdir "$tree/src/cellar"
        : >"$tree/src/cellar/x.c"
        run -1 sh "$repo/tests/check-layers.sh" "$tree"
        [[ $output == *"src/cellar"* ]]
}

@test "check-layers: climbing and bare includes fail" {
        printf '#include "../top/t.h"\n#include "nowhere.h"\n' >"$tree/src/base/bad.c"
        run -1 sh "$repo/tests/check-layers.sh" "$tree"
        [[ $output == *"bad.c:1: "*climbs* && $output == *'bad.c:2: include "nowhere.h"'* ]]
}

@test "check-layers: an empty tree is no success" {
        rm -r "$tree/src"
        mkdir "$tree/src"
        run -1 sh "$repo/tests/check-layers.sh" "$tree"
}

@test "check-style: a function of 61 lines fails, with a reason it passes" {
        {
                printf 'int f(void)\n{\n'
                for _ in {1..59}; do printf '        ;\n'; done
                printf '}\n'
        } >"$tree/src/base/long.c"
        run -1 sh "$repo/tests/check-style.sh" "$tree"
        [[ $output == *"long.c:2: function of 61 lines"* ]]
        sed -i '1i /* Longer than the limit: one table. */' "$tree/src/base/long.c"
        run -0 sh "$repo/tests/check-style.sh" "$tree"
}

@test "check-style: a file of 601 lines fails" {
        for _ in {1..601}; do echo '/* */'; done >"$tree/src/base/long.c"
        run -1 sh "$repo/tests/check-style.sh" "$tree"
        [[ $output == *"long.c: 601 lines"* ]]
}

@test "check-style: a tracked file that names its checkout fails" {
        git -C "$tree" init -q
        cp "$repo/tests/check-style.sh" "$tree/tests/"
        git -C "$tree" add .
        run -0 sh "$tree/tests/check-style.sh" "$tree"
        echo "see $(cd "$tree" && pwd -P)/x" >"$tree/note"
        git -C "$tree" add note
        run -1 sh "$tree/tests/check-style.sh" "$tree"
        [[ $output == *"names"* || $output == *"name"* ]]
}

@test "make install: program, manual page and completion, under a DESTDIR with a space" {
        [[ -d $repo/build-gcc ]] || skip "no build-gcc (make check makes it)"
        dest="$BATS_TEST_TMPDIR/a dest"
        make -C "$repo" BUILD=build-gcc PREFIX=/opt/v DESTDIR="$dest" install >"$BATS_TEST_TMPDIR/log" 2>&1 || {
                cat "$BATS_TEST_TMPDIR/log"
                false
        }
        [[ $("$dest/opt/v/bin/vigia" --version) == vigia\ * ]]
        [[ -s $dest/opt/v/share/man/man1/vigia.1 || -s $dest/opt/v/share/man/man1/vigia.1.gz ]]
        bash -n "$dest/opt/v/share/bash-completion/completions/vigia"
}

@test "make names what is missing and does not install it" {
        mkdir "$BATS_TEST_TMPDIR/few"
        for tool in sh gcc; do ln -s "$(command -v $tool)" "$BATS_TEST_TMPDIR/few/"; done
        cd "$tree"
        run -1 env PATH="$BATS_TEST_TMPDIR/few" sh "$repo/scripts/build.sh" out
        [[ $output == "missing: meson ninja-build pkg-config "*"make deps"* ]]
}
