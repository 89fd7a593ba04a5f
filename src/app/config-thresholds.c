/* Each by its key; what is not set keeps its default. */
#include "app/config-thresholds.h"

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
                if (keys[i].kind == THRESHOLD_BYTES) {
                        uint64_t *bytes = (uint64_t *)(void *)at;
                        *bytes = configuration_number(configuration, name, *bytes);
                        continue;
                }
                double *real = (double *)(void *)at, unit = keys[i].kind == THRESHOLD_PERCENT ? 100 : 1;
                *real = configuration_real(configuration, name, *real * unit) / unit;
        }
}

int thresholds_load(const char *file, Thresholds *ret, Error *err)
{
        const ConfigurationOptions options = {.file = file};
        Configuration c = {0};
        int r = configuration_load(&c, &options, NULL, 0, err);

        if (r == 0) {
                configuration_warn(&c);
                configuration_thresholds(&c, ret);
        }
        configuration_done(&c);
        return r;
}
