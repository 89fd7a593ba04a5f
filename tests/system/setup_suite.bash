# Copies the program and the helpers to where every user can reach them: a checkout under /root
# is closed to nobody.
setup_suite()
{
        local build=${VIGIA_BUILD:-$BATS_TEST_DIRNAME/../../build}
        export SUITE_DIR
        SUITE_DIR=$(mktemp -d "${TMPDIR:-/tmp}/vigia-test.XXXXXX")
        chmod 755 "$SUITE_DIR"
        mkdir "$SUITE_DIR/bin"
        cp -L "$build/src/app/vigia" "$SUITE_DIR/bin/"
        find "$build/tests/helpers" -maxdepth 1 -type f -perm -u+x -exec cp {} "$SUITE_DIR/bin/" \;
        chmod 755 "$SUITE_DIR/bin" "$SUITE_DIR"/bin/*
        export PATH="$SUITE_DIR/bin:$PATH" VIGIA="$SUITE_DIR/bin/vigia"
        # A helper that crashed the sanitizer must not be told apart by luck.
        export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}
}

teardown_suite()
{
        rm -rf "$SUITE_DIR"
}
