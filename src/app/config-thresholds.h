/* Thresholds of findings as [findings] of the configuration has them. */
#pragma once

#include "app/configuration.h"
#include "detect/thresholds.h"

void configuration_thresholds(const Configuration *configuration, Thresholds *ret);

/* Reads the configuration for nothing else; `file`: -c, may be NULL. As configuration_load; warnings
 * go to the log. */
int thresholds_load(const char *file, Thresholds *ret, Error *err);
