/* Short forms for writing the columns of a Schema; nothing else includes this. */
#pragma once

#include "table/schema.h"

#define KEY(n, t, u, h)     {n, COLUMN_##t, ROLE_KEY, UNIT_##u, h, 0}
#define GAUGE(n, t, u, h)   {n, COLUMN_##t, ROLE_GAUGE, UNIT_##u, h, 0}
#define COUNTER(n, t, u, h) {n, COLUMN_##t, ROLE_COUNTER, UNIT_##u, h, 0}
#define WORDS(n, h)         {n, COLUMN_TEXT, ROLE_TEXT, UNIT_NONE, h, 0}

/* The same with Column.noise. NOISE_ANY: its change alone is never worth a row. */
#define GAUGE_NOISY(n, t, u, noise, h)   {n, COLUMN_##t, ROLE_GAUGE, UNIT_##u, h, noise}
#define COUNTER_NOISY(n, t, u, noise, h) {n, COLUMN_##t, ROLE_COUNTER, UNIT_##u, h, noise}
#define NOISE_ANY __builtin_inf()
