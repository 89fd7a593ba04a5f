/* Every detector that there is; meson.build's list, detectors.c.in. */
#pragma once

#include "detect/detect.h"

enum { DETECTORS_MAX = 32 };

extern const Detector *const detectors[]; /* ended by NULL */
