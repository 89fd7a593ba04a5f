/* `vigia recover RUN…`: finishes runs whose recorder died. */
#include "app/options.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/commands.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "store/run.h"

/* What stands in run.json now, in a line. */
static void print_recovered(const char *path)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        RunInfo info;

        run_info_init(&info);
        if (fd >= 0 && run_info_read(&info, fd, path, NULL) == 0) {
                _cleanup_string_ String line = {0};
                string_add_shown(&line, info.id, 0, false);
                string_add_format(&line, " recovered: %s",
                                  info.recorder_died ? info.recorder_died : "its tables are finished");
                puts(string_get(&line));
        }
        run_info_done(&info);
}

/* Bad names and files are usage (2); a run that is alive or a disk that fails is "cannot" (3). */
static int exit_code_of(int r)
{
        return r == -ENOENT || r == -ENOTUNIQ || r == -EBADMSG || r == -EOPNOTSUPP ? EXIT_USAGE
                                                                                   : EXIT_CANNOT;
}

static int recover_one(const char *name)
{
        _cleanup_free_ char *path = NULL;
        Error err = {0};
        int r = run_resolve(name, &path, &err);

        if (r == 0)
                r = run_recover(path, &err);
        if (r < 0) {
                log_error("%s", err.message);
                return exit_code_of(r);
        }
        if (r == 0)
                print_recovered(path);
        else
                printf("%s: nothing to recover\n", path);
        return EXIT_FINE;
}

static int run(const Command *command, int argc, char **argv)
{
        _cleanup_free_ char **words = NULL;
        size_t n = 0;
        Error err = {0};
        int worst = EXIT_FINE;
        int r = options_parse(command, NULL, 0, argc, argv, false, &words, &n, &err);

        if (r > 0)
                return EXIT_FINE;
        if (r == 0 && n == 0)
                r = error_set(&err, EINVAL, "recover: which run? give a path, an id, or last");
        if (r < 0)
                return usage_error(command, &err);
        for (size_t i = 0; i < n; i++)
                worst = MAX(worst, recover_one(words[i]));
        return worst;
}

const Command command_recover = {
        .name = "recover",
        .summary = "finish a run whose recorder died",
        .usage = "RUN…",
        .details = "Other commands do this by themselves when they open such a run. The rows up to\n"
                   "the last flush, at most a second before the end, are there; the run stays\n"
                   "marked as incomplete.",
        .run = run,
};
