/* Facts that need both run.json and the tables. */
#include "report/report-data.h"

#include <stdlib.h>

#include "report/next-run.h"

void report_data_done(ReportData *data)
{
        for (size_t i = 0; i < data->n_findings; i++)
                finding_done(&data->findings[i]);
        free(data->findings);
        next_run_done(data);
        summary_free(data->summary);
        outside_free(data->outside);
        *data = (ReportData){0};
}

uint64_t report_wall_ns(const ReportData *data)
{
        if (data->info->wall_ns != RUN_UNKNOWN)
                return data->info->wall_ns;
        return data->summary->last_ns > 0 ? (uint64_t)data->summary->last_ns : RUN_UNKNOWN;
}

uint64_t report_cpu_us(const ReportData *data)
{
        uint64_t rows = data->summary->cpu_us, usage = data->info->command_cpu_us;

        if (rows == SUMMARY_UNKNOWN || usage == RUN_UNKNOWN)
                return MIN(rows, usage);
        return MAX(rows, usage);
}

uint64_t report_processes(const ReportData *data)
{
        return data->info->processes != RUN_UNKNOWN && data->info->complete ? data->info->processes
                                                                            : data->summary->processes;
}

/* run.json has it at the end only. A table of strangers may say anything. */
const char *report_source(const ReportData *data)
{
        static const char *const sources[] = {"bpf", "perf", "poll"};

        if (data->info->capture_source)
                return data->info->capture_source;
        for (size_t i = 0; i < ARRAY_LENGTH(sources); i++)
                if (text_equal(data->summary->source, sources[i]))
                        return sources[i];
        return NULL;
}
