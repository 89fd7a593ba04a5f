/* Each by its key; what is not set keeps its default. */
#include "app/config-thresholds.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

void configuration_thresholds(const Configuration *configuration, Thresholds *ret)
{
        size_t n;
        const ThresholdKey *keys = threshold_keys(&n);

        thresholds_init(ret);
        for (size_t i = 0; i < n; i++) {
                char name[SETTING_PATH_MAX] = "findings.";
                char *at = (char *)ret + keys[i].offset;
                text_copy(name + strlen(name), sizeof name - strlen(name), keys[i].name);
                if (keys[i].kind == THRESHOLD_BYTES || keys[i].kind == THRESHOLD_DURATION) {
                        uint64_t *number = (uint64_t *)(void *)at;
                        *number = configuration_number(configuration, name, *number);
                        continue;
                }
                double *real = (double *)(void *)at, unit = keys[i].kind == THRESHOLD_PERCENT ? 100 : 1;
                *real = configuration_real(configuration, name, *real * unit) / unit;
        }
}

static int check(const Thresholds *t, Error *err)
{
        if (t->leak_slow_mb > t->leak_mb)
                return error_set(err, EINVAL, "findings.leak_slow_mb_per_min is %g: expected at most leak_mb_per_min, %g",
                                 t->leak_slow_mb, t->leak_mb);
        if (t->leak_slow_count > t->leak_count)
                return error_set(err, EINVAL, "findings.leak_slow_count_per_min is %g: expected at most leak_count_per_min, %g",
                                 t->leak_slow_count, t->leak_count);
        return 0;
}

int thresholds_load(const char *file, Thresholds *ret, Error *err)
{
        const ConfigurationOptions options = {.file = file};
        Configuration c = {0};
        int r = configuration_load(&c, &options, NULL, 0, err);

        if (r == 0) {
                configuration_warn(&c);
                configuration_thresholds(&c, ret);
                r = check(ret, err);
        }
        configuration_done(&c);
        return r;
}
