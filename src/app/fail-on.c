/* The levels are those of findings. */
#include "app/fail-on.h"

#include <errno.h>

#include "app/options.h"
#include "base/log.h"
#include "report/why.h"

int fail_on_parse(const char *command, const char *text, FailOn *ret, Error *err)
{
        *ret = FAIL_ON_NOTHING;
        if (!text)
                return 0;
        for (FailOn level = FAIL_ON_INFO; level <= FAIL_ON_CRITICAL; level++)
                if (text_equal(text, severity_name((Severity)(level - FAIL_ON_INFO)))) {
                        *ret = level;
                        return 0;
                }
        return error_set(err, EINVAL, "%s: --fail-on %s: expected info, warning or critical", command, text);
}

int fail_on_code(RunReader *reader, const Thresholds *thresholds, FailOn level)
{
        const ReportLabels labels = {.thresholds = thresholds};
        Severity worst;
        Error err = {0};

        if (level == FAIL_ON_NOTHING)
                return EXIT_FINE;
        int r = report_worst(reader, &labels, &worst, &err);
        if (r < 0) {
                log_error("--fail-on: %s", err.message);
                return EXIT_CANNOT;
        }
        return r > 0 && worst >= (Severity)(level - FAIL_ON_INFO) ? EXIT_NO : EXIT_FINE;
}
