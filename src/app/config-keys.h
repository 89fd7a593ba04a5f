/*
 * Every key of a configuration: vigia.toml(5) is checked against these tables, and so is every file.
 */
#pragma once

#include <stddef.h>

#include "config/settings.h"
#include "monitor/monitor.h"

/* [[monitor]]; the indexes are of its keys. */
typedef enum DeclaredKey {
        DECLARED_KEY_NAME,
        DECLARED_KEY_HELP,
        DECLARED_KEY_ENABLED,
        DECLARED_KEY_FILE,
        DECLARED_KEY_COMMAND,
        DECLARED_KEY_HOST_PREFIX,
        DECLARED_KEY_ENVIRONMENT,
        DECLARED_KEY_INTERVAL,
        DECLARED_KEY_TIMEOUT,
        DECLARED_KEY_FORMAT,
        DECLARED_KEY_KIND,
        DECLARED_KEY_UNIT,
        DECLARED_KEY_SCALE,
        DECLARED_KEY_NOISE,
        DECLARED_KEY_COLUMNS,
        DECLARED_KEY_PATTERN,
        DECLARED_KEY_SEPARATOR,
        DECLARED_KEY_COMMENT,
        DECLARED_KEY_KEY,
        DECLARED_KEY_HEADER,
        DECLARED_KEY_SKIP,
        DECLARED_KEYS,
} DeclaredKey;

/* columns = [ … ] of one. */
typedef enum DeclaredColumnKey {
        COLUMN_KEY_NAME,
        COLUMN_KEY_SOURCE,
        COLUMN_KEY_FIELD,
        COLUMN_KEY_TYPE,
        COLUMN_KEY_KIND,
        COLUMN_KEY_UNIT,
        COLUMN_KEY_SCALE,
        COLUMN_KEY_NOISE,
        COLUMN_KEY_HELP,
        COLUMN_KEYS,
} DeclaredColumnKey;

extern const SettingList config_declared_list;

/* What a file may say, with the keys of these monitors, [monitors.NAME]: all of the registry, and
 * `more` (ended by NULL; may be NULL). Everything is allocated in the settings. 0 or -ENOMEM. */
int config_schema(Settings *settings, Monitor *const *more, const SettingSchema **ret);
