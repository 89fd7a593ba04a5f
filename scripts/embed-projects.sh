#!/bin/sh
# The projects that ship with vigia as C, as embed-presets.sh writes presets. embed-projects.sh FILE…
set -eu

sh "$(dirname "$0")/embed-presets.sh" "$@" |
        sed -e '1s/.*/\/* Written by scripts\/embed-projects.sh from rules\/projects. *\//' \
                -e 's/^#include .*/#include "sweep\/project.h"/' \
                -e 's/preset_\([0-9]\)/project_\1/g' \
                -e 's/^const Preset presets/const ShippedProject shipped_projects/'
