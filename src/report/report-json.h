/* Members of SPEC 10's JSON that more than one form has. */
#pragma once

#include "base/json.h"
#include "report/report-data.h"

void report_add_findings_json(Json *j, const ReportData *data); /* "findings": [ … ] */
