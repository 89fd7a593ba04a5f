/* Forecasts and settings as JSON, the same wherever they are told (docs/advise.schema.json). */
#pragma once

#include "advise/advice.h"
#include "base/json.h"

void advice_add_levels_json(Json *j, const Forecast *forecast); /* "levels": [ … ]; none: [] */
void advice_add_setting_json(Json *j, const Advice *advice);    /* an item of a list */
