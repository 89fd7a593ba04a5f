/* The table of wrappers. Sources: the manual pages of the programs. */
#include "rules/wrappers.h"

#include "base/macros.h"

#define PLAIN "", "", "", "", ""

/* names, letters with a value, long options with one, letters that end it, scripts, prefix */
static const OptionShape wrappers[] = {
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
         "--add-reads --upgrade-module-path --source --limit-modules ", "", " -jar -m --module ", ""},
};

const OptionShape *wrapper_next(TextPart program, const OptionShape *shape)
{
        for (size_t i = shape ? (size_t)(shape - wrappers) + 1 : 0; i < ARRAY_LENGTH(wrappers); i++)
                if (text_part_among(program, wrappers[i].names))
                        return &wrappers[i];
        return NULL;
}

const OptionShape *interpreter_find(TextPart program)
{
        for (size_t i = 0; i < ARRAY_LENGTH(interpreters); i++)
                if (text_part_among(program, interpreters[i].names))
                        return &interpreters[i];
        return NULL;
}

bool interpreter_is_shell(TextPart program)
{
        return text_part_among(program, interpreters[0].names);
}

bool interpreter_is_python(TextPart program)
{
        return text_part_among(program, interpreters[1].names);
}

bool interpreter_is_java(TextPart program)
{
        return text_part_is(program, "java");
}
