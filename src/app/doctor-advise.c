/* From facts to a command that can be pasted; every branch is one reason that was met in life. */
#include "app/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/options.h"

static bool lacks_bpf_caps(const Doctor *d)
{
        return !doctor_has(d->capabilities, DOCTOR_CAP_SYS_ADMIN) &&
               !(doctor_has(d->capabilities, DOCTOR_CAP_BPF) &&
                 doctor_has(d->capabilities, DOCTOR_CAP_PERFMON));
}

static void hint(DoctorSource *source, const char *text)
{
        text_copy(source->hint, sizeof source->hint, text);
}

/* A path as a shell takes it; one with a quote in it is left to the reader. */
static void advise_setcap(const Doctor *d, DoctorSource *source)
{
        static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "/._-+@%:,=";
        size_t n = strlen(d->executable);
        const char *quote = strspn(d->executable, safe) == n ? "" : "'";

        if (n == 0 || strchr(d->executable, '\'')) {
                hint(source, "run it with sudo, or give it capabilities: make install-caps");
                return;
        }
        snprintf(source->run, sizeof source->run,
                 "sudo setcap cap_bpf,cap_perfmon,cap_sys_ptrace=ep %s%s%s", quote, d->executable,
                 quote);
}

static void advise_bpf(const Doctor *d, DoctorSource *source)
{
        if (!d->libraries[0].present)
                hint(source, "install libbpf-dev, clang and bpftool (make deps), then build again");
        else if (!d->btf)
                hint(source, "a kernel with CONFIG_DEBUG_INFO_BTF=y, 5.8 or later");
        else if (text_equal(d->lockdown, "confidentiality"))
                hint(source, "kernel lockdown is at confidentiality, which forbids it");
        else if (!lacks_bpf_caps(d))
                hint(source, d->seccomp ? "a seccomp filter forbids it (a container?)" : "");
        else if (!doctor_has(d->capabilities_bound, DOCTOR_CAP_BPF) ||
                 !doctor_has(d->capabilities_bound, DOCTOR_CAP_PERFMON))
                hint(source, "start the container with --cap-add BPF --cap-add PERFMON");
        else if (d->executable_nosuid)
                hint(source, "run it with sudo; its folder is mounted nosuid, so setcap has no "
                             "effect there");
        else if (d->uid != 0)
                advise_setcap(d, source);
}

static void advise_perf(const Doctor *d, DoctorSource *source)
{
        if (d->perf_event_paranoid == DOCTOR_UNKNOWN)
                hint(source, "a kernel with CONFIG_PERF_EVENTS=y");
        else if (d->perf_event_paranoid > 2 && d->uid != 0)
                snprintf(source->run, sizeof source->run,
                         "sudo sysctl kernel.perf_event_paranoid=2");
        else if (d->seccomp)
                hint(source, "a seccomp filter forbids it: start the container with "
                             "--security-opt seccomp=unconfined");
}

void doctor_advise(Doctor *doctor)
{
        for (size_t i = 0; i < DOCTOR_SOURCES; i++) {
                DoctorSource *source = &doctor->sources[i];
                if (source->works)
                        continue;
                if (text_equal(source->name, "bpf"))
                        advise_bpf(doctor, source);
                else if (text_equal(source->name, "perf"))
                        advise_perf(doctor, source);
        }
}

const DoctorSource *doctor_best(const Doctor *doctor)
{
        for (size_t i = 0; i < DOCTOR_SOURCES; i++)
                if (doctor->sources[i].works)
                        return &doctor->sources[i];
        return NULL;
}

int doctor_exit_code(const Doctor *doctor)
{
        const DoctorSource *best = doctor_best(doctor);

        return !best ? EXIT_CANNOT : best->exact ? EXIT_FINE : EXIT_NO;
}
