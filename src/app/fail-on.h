/* --fail-on LEVEL: findings as an exit code, for CI. */
#pragma once

#include "base/error.h"
#include "detect/thresholds.h"
#include "store/run.h"

typedef enum FailOn { FAIL_ON_NOTHING, FAIL_ON_INFO, FAIL_ON_WARNING, FAIL_ON_CRITICAL } FailOn;

/* text NULL: nothing. `command` is for the sentence. 0 or -EINVAL. */
int fail_on_parse(const char *command, const char *text, FailOn *ret, Error *err);

/* EXIT_FINE; EXIT_NO if a finding is of this level or worse; EXIT_CANNOT, told. */
int fail_on_code(RunReader *reader, const Thresholds *thresholds, FailOn level);
