/* The table of wrappers. Sources: the manual pages of the programs. */
#include "rules/wrappers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define PLAIN "", "", "", "", ""

/* names, letters with a value, long options with one, letters that end it, scripts, prefix */
static const OptionShape shapes[] = {
        {" env ", "uC", " --unset --chdir ", "", "", "", .assignments = true},
        {" ccache ", PLAIN, .assignments = true, .plain = true},
        {" sccache distcc icecc gomacc buildcache recc icerun cachecc1 ", PLAIN, .plain = true},
        {" rewrapper ", PLAIN},
        {" nice ", "n", " --adjustment ", "", "", ""},
        {" ionice ", "cn", " --class --classdata ", "pPu", "", ""},
        {" chrt ", "TPD", " --sched-runtime --sched-period --sched-deadline ", "pm", "", "", .operands = 1},
        {" taskset ", "", "", "p", "", "", .operands = 1},
        {" numactl ", "CmNpil", " --cpunodebind --membind --physcpubind --preferred --interleave ", "sH", "", ""},
        {" prlimit ", "", "", "p", "", ""},
        {" time gtime ", "fo", " --format --output ", "", "", ""},
        {" timeout gtimeout ", "ks", " --kill-after --signal ", "", "", "", .operands = 1},
        {" stdbuf gstdbuf ", "ioe", " --input --output --error ", "", "", ""},
        {" setsid nohup eatmydata fakeroot unbuffer catchsegv dbus-run-session chronic ", PLAIN},
        {" fakeroot-tcp fakeroot-sysv fakechroot tini dumb-init catatonit ", PLAIN},
        {" setarch ", "", "", "", "", "", .operands = 1},
        {" linux32 linux64 x86_64 i386 ", PLAIN},
        {" sudo ", "CDghpRrTtUu", " --user --group --host --prompt --chdir --chroot --role --type --close-from ",
         "lvVKe", "", "", .assignments = true},
        {" doas ", "uCa", "", "L", "", ""},
        {" gosu su-exec ", PLAIN, .operands = 1},
        {" runuser ", "gGus", " --user --group --supp-group --shell ", "", " c --command ", ""},
        {" su ", "gGsw", " --group --supp-group --shell ", "", " c --command ", "", .operands = 99},
        {" setpriv ", "", " --reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits "
         "--pdeathsig --selinux-label --apparmor-profile ", "d", "", ""},
        {" chroot ", "", " --groups --userspec ", "", "", "", .operands = 1},
        {" unshare ", "SGRlw", " --setuid --setgid --root --wd --map-user --map-group --propagation --setgroups ",
         "", "", ""},
        {" nsenter ", "tSG", " --target --setuid --setgid ", "", "", ""},
        {" flock ", "wE", " --wait --timeout --conflict-exit-code ", "", " c --command ", "", .operands = 1},
        {" systemd-inhibit ", "", " --what --who --why --mode ", "", "", ""},
        {" xvfb-run ", "aefnpsw", " --server-args --server-num --error-file --auth-file ", "", "", ""},
        {" bear intercept-build ", "o", " --output --cdb ", "", "", ""},
        {" scan-build ", "o", "", "", "", ""},
        {" xcrun ", "", " --sdk --toolchain ", "f", "", ""},
        {" wine wine64 ", PLAIN},
        {" libtool slibtool slibtool-shared rlibtool ", "", " --mode --tag ", "", "", ""},
        {" mold ", "", "", "", "", "-run"},
        {" cmake ", "", "", "", "", "-E env", .assignments = true},
        {" cmake ", "", "", "", "", "-E time"},
        {" rustup ", "", "", "", "", "run", .operands = 1},
        {" bundle ", "", "", "", "", "exec"},
        {" poetry pipenv ", "", "", "", "", "run"},
        {" nix-shell ", "IpA", " --attr -A --packages -p ", "", " --run --command ", "", .operands = 99},
        {" busybox toybox ", PLAIN, .plain = true},
        {" ld-linux-x86-64.so.2 ld-linux.so.2 ld-linux-aarch64.so.1 ld-linux-armhf.so.3 ld-musl-x86_64.so.1 ld.so ",
         "", " --library-path --preload --argv0 --inhibit-rpath --audit --glibc-hwcaps-prepend ", "", "", ""},
};

/* Options with values, those behind which a program stands as text, and scripts. */
static const OptionShape interpreters[] = {
        {" sh bash dash zsh ksh mksh ash posh yash fish csh tcsh rbash ", "oO", " --rcfile --init-file ", "s", " c --command ",
         "", .plus = true},
        {" python pypy ", "WXQ", " --check-hash-based-pycs ", "cV", " m ", "", .attached = true},
        {" perl ", "IMm", "", "eEvV", "", ""},
        {" ruby jruby ", "ICrEF", " --encoding ", "e", "", ""},
        {" node nodejs bun ", "rC", " --require --import --loader --experimental-loader --conditions --env-file ",
         "epv", "", ""},
        {" php ", "dczt", "", "rBRmi", "", ""},
        {" lua luajit ", "l", "", "ev", "", ""},
        {" Rscript ", "", "", "e", "", ""},
        {" guile ", "Lxl", "", "cv", "", ""},
        {" tclsh wish expect ", "", "", "c", "", ""},
        {" java ", "", " -cp -classpath --class-path -p --module-path --add-modules --add-opens --add-exports "
         "--add-reads --upgrade-module-path --source --limit-modules ", "", " -jar -m --module ", "", .at = true},
};

enum { SLOTS = 512 }; /* a power of two, twice the names and more */

struct Wrappers {
        Wrapper slots[SLOTS]; /* name.text NULL: empty */
};

static Wrapper *find(const Wrappers *wrappers, TextPart name)
{
        size_t i = hash_bytes(name.text, name.size) & (SLOTS - 1);

        while (wrappers->slots[i].name.text && !text_part_equal(wrappers->slots[i].name, name))
                i = (i + 1) & (SLOTS - 1);
        return (Wrapper *)&wrappers->slots[i];
}

static void add(Wrappers *to, const OptionShape *shape, bool interpreter)
{
        TextPart rest = text_part(shape->names, strlen(shape->names)), name;

        while ((name = word_next(&rest)).size > 0) {
                Wrapper *w = find(to, name);
                w->name = name;
                if (!interpreter) {
                        w->shapes[w->shapes[0] != NULL] = shape;
                        continue;
                }
                w->interpreter = shape;
                w->shell = shape->plus;
                w->python = shape->attached;
                w->java = text_part_is(name, "java");
        }
}

int wrappers_new(Wrappers **ret)
{
        Wrappers *to = calloc(1, sizeof *to);

        if (!to)
                return -ENOMEM;
        for (size_t i = 0; i < ARRAY_LENGTH(shapes); i++)
                add(to, &shapes[i], false);
        for (size_t i = 0; i < ARRAY_LENGTH(interpreters); i++)
                add(to, &interpreters[i], true);
        *ret = to;
        return 0;
}

Wrappers *wrappers_free(Wrappers *w)
{
        free(w);
        return NULL;
}

const Wrapper *wrappers_find(const Wrappers *w, TextPart program)
{
        const Wrapper *found = program.size ? find(w, program) : NULL;

        return found && found->name.text ? found : NULL;
}
