/* A text that an expression may match: the shortest of its first alternatives. Whether it does match is for
 * the caller to find out. */
#pragma once

#include "base/text.h"
#include "base/text-part.h"

void regex_sample(TextPart pattern, String *to);
