/* `vigia doctor`: what works here, why not, and the command that would make it work. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/commands.h"
#include "app/doctor.h"
#include "app/options.h"
#include "app/page.h"
#include "app/print.h"
#include "base/cleanup.h"
#include "base/log.h"

static int print(const Doctor *doctor, bool json)
{
        _cleanup_string_ String text = {0};

        if (json)
                doctor_json(doctor, &text);
        else
                doctor_show(doctor, page_colour(), &text);
        return print_text(&text);
}

static int run(const Command *command, int argc, char **argv)
{
        bool json = false;
        const Option options[] = {
                {0, "json", NULL, "machine-readable, with stable keys", OPTION_FLAG, &json},
        };
        _cleanup_free_ char **words = NULL;
        _cleanup_(host_freep) Host *host = NULL;
        Error err = {0};
        size_t n_words;
        Doctor doctor;

        int r = options_parse(command, options, ARRAY_LENGTH(options), argc, argv, false, &words,
                              &n_words, &err);
        if (r != 0)
                return r > 0 ? EXIT_FINE : usage_error(command, &err);
        if (n_words > 0) {
                error_set(&err, EINVAL, "doctor: unexpected %s", words[0]);
                return usage_error(command, &err);
        }
        r = host_new(NULL, &host);
        if (r < 0) {
                error_set_errno(&err, r, "/");
                log_error("%s", err.message);
                return EXIT_CANNOT;
        }
        doctor_examine(&doctor, host);
        r = print(&doctor, json);
        if (r == EXIT_FINE)
                r = doctor_exit_code(&doctor);
        doctor_done(&doctor);
        return r;
}

const Command command_doctor = {
        .name = "doctor",
        .summary = "what works on this machine, why not, and what to run about it",
        .usage = "[--json]",
        .details = "Tries each way of capturing, and a cgroup, as a recording would.\n"
                   "Exit status: 0 an exact source works, 1 only a partial one, 3 none.",
        .run = run,
};
