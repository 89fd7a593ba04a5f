/* `vigia COMMAND …`: finds the command and hands on. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"

const Command *const commands[] = {
        &command_run,
        &command_attach,
        &command_sweep,
        &command_start,
        &command_status,
        &command_snapshot,
        &command_stop,
        &command_kill,
        &command_runs,
        &command_report,
        &command_why,
        &command_advise,
        &command_plot,
        &command_leak,
        &command_compare,
        &command_export,
        &command_convert,
        &command_import,
        &command_send,
        &command_recover,
        &command_monitors,
        &command_doctor,
        &command_config,
        &command_rules,
        NULL,
};

static void print_help(void)
{
        printf("Usage: vigia COMMAND [OPTIONS]\n\n"
               "A flight recorder for work on Linux: records every process of a command and the\n"
               "machine around it, and says afterwards what happened.\n\nCommands:\n");
        for (size_t i = 0; commands[i]; i++)
                printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
        printf("\n`vigia COMMAND --help` tells more. Start with: vigia run -- make -j2\n");
}

static int unknown_command(const char *name)
{
        Nearest nearest = nearest_to(name);
        char hint[NEAREST_HINT_MAX];

        for (size_t i = 0; commands[i]; i++)
                nearest_offer(&nearest, commands[i]->name);
        log_error("unknown command %s%s; see vigia --help", name, nearest_hint(&nearest, "", hint));
        return EXIT_USAGE;
}

/* A descriptor below 3 that is closed would be taken by the next file opened, and then written
 * to by somebody who means stdout. */
static void fill_standard_descriptors(void)
{
        for (int fd = 0; fd < 3; fd++)
                if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
                    open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY) < 0)
                        _exit(EXIT_VIGIA);
}

int main(int argc, char **argv)
{
        mallopt(M_ARENA_MAX, 1); /* the writer thread allocates nothing: one arena is enough */
        mallopt(M_MMAP_THRESHOLD, 128 << 10);
        mallopt(M_TRIM_THRESHOLD, 128 << 10);
        fill_standard_descriptors();
        if (argc < 2) {
                print_help();
                return EXIT_USAGE;
        }
        if (text_equal(argv[1], "--help") || text_equal(argv[1], "-h") ||
            text_equal(argv[1], "help")) {
                print_help();
                return EXIT_FINE;
        }
        if (text_equal(argv[1], "--version") || text_equal(argv[1], "-V")) {
                printf("vigia %s\n", VIGIA_VERSION);
                return EXIT_FINE;
        }
        for (size_t i = 0; commands[i]; i++)
                if (text_equal(commands[i]->name, argv[1]))
                        return commands[i]->run(commands[i], argc - 1, argv + 1);
        return unknown_command(argv[1]);
}
