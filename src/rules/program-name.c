/* Decoration is removed from both ends, only where what is left is a name. */
#include "rules/program-name.h"

#include "base/macros.h"

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

TextPart program_base(TextPart word)
{
        TextPart base = word;
        const char *slash = word.size ? memrchr(word.text, '/', word.size) : NULL;

        if (slash && slash + 1 < word.text + word.size)
                base = text_part(slash + 1, (size_t)(word.text + word.size - slash - 1));
        /* Windows paths, where they run with the help of wine. */
        const char *back = text_part_ends(base, ".exe") ? memrchr(base.text, '\\', base.size) : NULL;
        if (back)
                base = text_part(back + 1, (size_t)(base.text + base.size - back - 1));
        if (base.size > 1 && base.text[0] == '-')
                base = text_part(base.text + 1, base.size - 1);
        if (base.size > 1 && base.text[base.size - 1] == ':')
                base.size--;
        return base;
}

/* ---- the target in front ---- */

#define MACHINES                                                                                   \
        " aarch64 aarch64_be alpha alphaev67 amd64 amdgcn arc arc64 arceb arm arm64 armeb armel armhf armv5te armv6 "  \
        "armv6kz armv6l armv7 armv7a armv7hl armv7l armv7neon armv8 armv8a avr bfin bpf c6x cris csky frv h8300 "        \
        "hexagon hppa hppa2.0 hppa64 i386 i486 i586 i686 ia64 lm32 loongarch32 loongarch64 m32r m68k mcore "             \
        "microblaze microblazeel mips mips32 mips64 mips64el mips64r6el mipsel mipsisa32r6 mipsisa32r6el "               \
        "mipsisa64r6 mipsisa64r6el mn10300 moxie msp430 nds32 nds32le nios2 nvptx nvptx64 or1k powerpc "                 \
        "powerpc64 powerpc64le powerpcle ppc ppc64 ppc64le pru riscv riscv32 riscv64 rl78 rx s390 s390x "                \
        "sh sh2 sh2eb sh3 sh4 sh4eb sh64 sparc sparc64 sparcv9 tilegx tricore v850 v850e vax wasm32 wasm64 x86_64 x86_64h " \
        "xtensa "
#define SYSTEMS                                                                                    \
        " aix alpine amazon amd android androideabi apple aros cros cygwin darwin dragonfly eabi eabihf eabisim elf "    \
        "elfv2 emscripten esp32 esp32c3 esp32s2 esp32s3 esp8266 freebsd freestanding fuchsia gnu gnu_ilp32 gnuabi64 gnuabin32 "    \
        "gnueabi gnueabihf gnuf32 gnuf64 gnuspe gnuspev1 gnusf gnux32 haiku ibm illumos kfreebsd linux lynx lynxos "  \
        "macosx minix mingw mingw32 mingw32.shared mingw32.static mint mintelf msvc musl muslabi64 musleabi "            \
        "musleabihf muslf32 muslsf muslx32 musl_ilp32 netbsd newlib none nto nuttx nvidia "            \
        "oe openbsd openeuler openwrt pc poky redhat rtems solaris sun suse tizen uclibc uclibceabi "              \
        "uclibceabihf uclibcgnueabi uclinux unknown unleashed uwp w64 wasi wasip1 wasip2 windows vxworks zephyr "

/* Without the digits of a version at its end: darwin21, freebsd14.0, android30. */
static bool is_system(TextPart word)
{
        if (text_part_among(word, SYSTEMS))
                return true;
        while (word.size > 0 && (is_digit(word.text[word.size - 1]) || word.text[word.size - 1] == '.'))
                word.size--;
        return text_part_among(word, SYSTEMS);
}

static size_t until_dash(TextPart name, size_t from)
{
        const char *dash = memchr(name.text + from, '-', name.size - from);

        return dash ? (size_t)(dash - name.text) : name.size;
}

/* How many bytes of the name are a target and the dash behind it. */
static size_t target_size(TextPart name)
{
        size_t end = until_dash(name, 0), taken;

        if (end == name.size || !text_part_among(text_part(name.text, end), MACHINES))
                return 0;
        bool bare = text_part_among(text_part(name.text, end), " avr msp430 ");
        taken = end + 1;
        for (size_t n = 0; taken < name.size; n++) {
                end = until_dash(name, taken);
                if (end == name.size || !is_system(text_part(name.text + taken, end - taken)))
                        return n > 0 || bare ? taken : 0;
                taken = end + 1;
        }
        return 0; /* nothing behind it */
}

/* ---- the version behind ---- */

/* The length of the name without the digits and dots at its end; the name's own length if they are none
 * or do not begin with a digit. */
static size_t without_digits(TextPart name, bool *dotted)
{
        size_t at = name.size;

        *dotted = false;
        while (at > 0 && (is_digit(name.text[at - 1]) ||
                          (name.text[at - 1] == '.' && at < name.size && is_digit(name.text[at])))) {
                *dotted |= name.text[at - 1] == '.';
                at--;
        }
        if (at == name.size || name.text[at] == '.')
                return name.size;
        return at;
}

/* Programs whose version stands without a dash behind their name. */
#define VERSIONED " python pypy perl ruby lua luajit luac php tclsh wish guile node nodejs pip pydoc erl jruby idle "

static TextPart strip_version(TextPart name)
{
        bool dotted;
        size_t at = without_digits(name, &dotted);

        if (at == name.size || at == 0)
                return name;
        char before = name.text[at - 1];
        if (before == '-' && at > 1 && (is_letter(name.text[at - 2]) || name.text[at - 2] == '+' || is_digit(name.text[at - 2])))
                return text_part(name.text, at - 1);
        if (is_letter(before) && (dotted || text_part_among(text_part(name.text, at), VERSIONED)))
                return text_part(name.text, at);
        return name;
}

static TextPart strip_end(TextPart name, const char *end)
{
        if (name.size > strlen(end) && text_part_ends(name, end))
                name.size -= strlen(end);
        return name;
}

/* What Nix calls the program behind its wrapper: .gcc-wrapped, and .gcc-wrapped_ for the second. */
static TextPart strip_nix(TextPart name)
{
        TextPart inner = name;

        while (inner.size > 0 && inner.text[inner.size - 1] == '_')
                inner.size--;
        if (inner.size > sizeof ".-wrapped" - 1 && inner.text[0] == '.' && text_part_ends(inner, "-wrapped"))
                return text_part(inner.text + 1, inner.size - (sizeof ".-wrapped" - 1));
        return name;
}

TextPart program_normalise(TextPart base)
{
        TextPart name = strip_nix(base);

        name = strip_end(name, ".exe");
        name = strip_end(name, ".EXE");
        size_t target = name.size ? target_size(name) : 0;
        name.text += target;
        name.size -= target;
        if (target > 0) { /* GCC for Windows in its two models of threads */
                name = strip_end(name, "-posix");
                name = strip_end(name, "-win32");
        }
        return strip_version(name);
}
