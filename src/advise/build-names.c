/* What programs are, by their names: the words of the built-in rules, but whoever labels with rules of his
 * own must not lose the advice. */
#include <string.h>

#include "advise/build-rows.h"
#include "base/text.h"

const char *build_tool_name(BuildTool tool)
{
        static const char *const names[BUILD_TOOLS] = {"none", "make", "ninja", "cargo", "bazel", "nix", "meson", "other"};

        return names[tool];
}

static bool is(const char *name, size_t size, const char *other)
{
        return strlen(other) == size && memcmp(name, other, size) == 0;
}

BuildTool build_tool_of(const char *name, size_t size)
{
        static const struct {
                const char *name;
                BuildTool tool;
        } tools[] = {
                {"make", TOOL_MAKE}, {"gmake", TOOL_MAKE}, {"remake", TOOL_MAKE}, {"bmake", TOOL_OTHER},
                {"ninja", TOOL_NINJA}, {"ninja-build", TOOL_NINJA}, {"samu", TOOL_NINJA}, {"n2", TOOL_NINJA},
                {"siso", TOOL_NINJA}, {"cargo", TOOL_CARGO}, {"bazel", TOOL_BAZEL}, {"bazelisk", TOOL_BAZEL},
                {"bazel-real", TOOL_BAZEL}, {"nix-daemon", TOOL_NIX}, {"nix-build", TOOL_NIX}, {"nix", TOOL_NIX},
                {"nixos-rebuild", TOOL_NIX}, {"build-remote", TOOL_NIX}, {"meson", TOOL_MESON}, {"go", TOOL_OTHER}, {"gradle", TOOL_OTHER},
                {"scons", TOOL_OTHER}, {"waf", TOOL_OTHER}, {"xargs", TOOL_OTHER}, {"parallel", TOOL_OTHER},
                {"tup", TOOL_OTHER}, {"redo", TOOL_OTHER}, {"jam", TOOL_OTHER}, {"bjam", TOOL_OTHER}, {"b2", TOOL_OTHER},
        };

        for (size_t i = 0; i < ARRAY_LENGTH(tools); i++)
                if (is(name, size, tools[i].name))
                        return tools[i].tool;
        return TOOL_NONE;
}

/* Linkers' own names; a compiler's driver that links has one of them below it. */
static bool is_linker(const char *name, size_t size)
{
        static const char *const linkers[] = {"ld", "ld.bfd", "ld.gold", "gold", "ld.lld", "lld", "lld-link", "ld64.lld", "mold",
                                              "collect2", "lto1", "lto-wrapper", "rust-lld", "wasm-ld", "link", NULL};

        for (size_t i = 0; linkers[i]; i++)
                if (is(name, size, linkers[i]))
                        return true;
        /* x86_64-linux-gnu-ld and the like */
        return size > 3 && memcmp(name + size - 3, "-ld", 3) == 0;
}

static bool is_archiver(const char *name, size_t size)
{
        return is(name, size, "ar") || is(name, size, "llvm-ar") || is(name, size, "gcc-ar") ||
               (size > 3 && memcmp(name + size - 3, "-ar", 3) == 0);
}

BuildKind build_kind_of(const char *name, size_t size, const char *major, size_t major_size)
{
        static const char *const compilers[] = {"cc1", "cc1plus", "cc1obj", "f951", "gnat1", "clang", "clang++", "rustc", "javac",
                                                "ghc", "swift-frontend", "compile", "zig", "as", NULL};

        if (is_linker(name, size) || is_archiver(name, size))
                return KIND_LINK;
        if (major_size > 5 && memcmp(major + major_size - 5, "_Link", 5) == 0)
                return KIND_LINK;
        for (size_t i = 0; compilers[i]; i++)
                if (is(name, size, compilers[i]))
                        return KIND_COMPILE;
        if (major_size > 8 && memcmp(major + major_size - 8, "_Compile", 8) == 0)
                return KIND_COMPILE;
        return KIND_SCRIPT;
}
