/* Growth in words, for `vigia leak` and the findings alike. */
#pragma once

#include "base/text.h"
#include "detect/leak-finder.h"

const char *leak_minutes_words(char buffer[FORMAT_MAX], double minutes); /* "33m 10s", "4.2 days", "years" */
const char *leak_rate_words(char buffer[FORMAT_MAX], double rate);       /* "0.04", "3.12", "31.2", "312" */

/* How it goes, one word or a few: "steadily", "in 7 jumps, after a warm-up of 2m". */
void leak_shape_words(const LeakVerdict *verdict, String *out);

/* "the 6.2 GiB the machine has left last 33m (32m to 34m)"; nothing where it does not grow. */
void leak_exhaustion_words(const LeakReport *report, const LeakExhaustion *exhaustion, String *out);
