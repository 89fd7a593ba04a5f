/* Names and arguments as these programs have them when they run. */
#include "model/outside-daemons.h"

#include <string.h>

#include "base/text.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

const OutsideDaemon outside_daemons[] = {
        {"nix-daemon",
         LIST("nix", "nix-build", "nix-shell", "nix-env", "nix-store", "nixos-rebuild", "darwin-rebuild", "home-manager"),
         NULL, LIST("nix-daemon", "nix daemon"), "(^|/)(nix-daemon|nix daemon)( |$)", "or --preset nixos"},
        {"bazel's server", LIST("bazel", "bazelisk"), NULL, LIST("bazel("), "^bazel\\(", NULL},
        {"buck2's daemon", LIST("buck2"), NULL, LIST("buck2d"), "(^|/)buck2d", NULL},
        {"the Gradle daemon", LIST("java"), "org.gradle.wrapper.GradleWrapperMain|org.gradle.launcher.GradleMain|gradle-wrapper.jar",
         LIST("org.gradle.launcher.daemon"), "org\\.gradle\\.launcher\\.daemon", NULL},
        {"the Maven daemon", LIST("mvnd"), NULL, LIST("org.mvndaemon"), "org\\.mvndaemon", NULL},
        {"sccache's server", LIST("sccache"), NULL, LIST("sccache"), "(^|/)sccache$", NULL},
        {"dockerd", LIST("docker", "docker-compose", "docker-buildx"), " build| run| compose| buildx| exec| start| up",
         LIST("dockerd", "containerd", "buildkitd"), "(^|/)(dockerd|containerd|containerd-shim[^ ]*|buildkitd)( |$)", NULL},
        {"distccd", LIST("distcc"), NULL, LIST("distccd"), "(^|/)distccd", "other hosts are not seen in any case"},
        {"iceccd", LIST("icecc"), NULL, LIST("iceccd"), "(^|/)iceccd", "other hosts are not seen in any case"},
        {"systemd", LIST("systemd-run"), NULL, LIST("/sbin/init"), NULL, "watch its unit: vigia attach -g UNIT"},
        {NULL, NULL, NULL, NULL, NULL, NULL},
};

static bool is_one_of(const char *name, const char *const *list)
{
        for (; *list; list++)
                if (text_equal(name, *list))
                        return true;
        return false;
}

static bool has_word(const char *text, const char *words)
{
        while (*words) {
                size_t size = strcspn(words, "|");
                if (memmem(text, strlen(text), words, size))
                        return true;
                words += size + (words[size] == '|');
        }
        return false;
}

bool outside_is_client(const OutsideDaemon *daemon, const char *comm, const char *cmdline)
{
        return is_one_of(comm, daemon->clients) && !outside_is_daemon(daemon, comm, cmdline) &&
               (!daemon->client_words || (cmdline && has_word(cmdline, daemon->client_words)));
}

/* A name is of the program, its first word; a class or a word behind it may be anywhere. sccache's server
 * is sccache without arguments. */
bool outside_is_daemon(const OutsideDaemon *daemon, const char *comm, const char *cmdline)
{
        if (is_one_of("sccache", daemon->daemons))
                return text_equal(comm, "sccache") && cmdline && !strchr(cmdline, ' ');
        for (const char *const *part = daemon->daemons; *part; part++) {
                size_t size = cmdline ? strpbrk(*part, ". ") ? strlen(cmdline) : strcspn(cmdline, " ") : 0;
                if (text_equal(comm, *part) || (size > 0 && memmem(cmdline, size, *part, strlen(*part))))
                        return true;
        }
        return false;
}
