/* Text to rows; what they are as tables is memory-log-tables.c's. */
#include "export/memory-log.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "export/csv-scan.h"
#include "export/value-text.h"

#define MB_MAX     1e9
#define SILENCE_NS (600 * (int64_t)NS_PER_SECOND)
#define DAY_NS     (86400 * (int64_t)NS_PER_SECOND)

enum { NAMES_MAX = 1 << 20, NAME_MAX_BYTES = 64 };

typedef enum LogColumn {
        LOG_TIME,
        LOG_PID,
        LOG_MEMORY,
        LOG_TOTAL,
        LOG_FREE,
        LOG_AVAILABLE,
        LOG_TID,
        LOG_NAME,
        LOG_STATUS,
        LOG_COLUMNS,
} LogColumn;

static const char *const names[LOG_COLUMNS][4] = {
        [LOG_TIME] = {"timestamp", "time", "date"},
        [LOG_PID] = {"process_id", "pid"},
        [LOG_MEMORY] = {"memory_mb", "rss_mb", "mem_mb"},
        [LOG_TOTAL] = {"total_mb"},
        [LOG_FREE] = {"free_mb"},
        [LOG_AVAILABLE] = {"available_mb"},
        [LOG_TID] = {"thread_id", "tid"},
        [LOG_NAME] = {"thread_name"},
        [LOG_STATUS] = {"status", "state"},
};

typedef struct LogFile {
        MemoryLog *log;
        CharSource source;
        CsvRecord record;
        int at[LOG_COLUMNS]; /* -1: none */
        int64_t day_ns, last_of_day_ns; /* of bare times */
} LogFile;

int memory_log_init(MemoryLog *log)
{
        *log = (MemoryLog){0};
        if (map_new(&log->by_pid) == 0 && map_new(&log->by_name) == 0)
                return 0;
        memory_log_done(log);
        return -ENOMEM;
}

void memory_log_done(MemoryLog *log)
{
        free(log->rows);
        free(log->processes);
        free(log->names);
        map_free(log->by_pid);
        map_free(log->by_name);
        *log = (MemoryLog){0};
}

/* ---- cells ---- */

static const char *cell(const LogFile *f, size_t i, size_t *ret_size)
{
        const CsvCell *c = &f->record.cells[i];
        const char *text = csv_cell_text(&f->record, c);
        size_t size = c->size;

        for (; size > 0 && (*text == ' ' || *text == '\t'); size--)
                text++;
        while (size > 0 && (text[size - 1] == ' ' || text[size - 1] == '\t'))
                size--;
        *ret_size = size;
        return text;
}

/* "": no such column, or cell. */
static const char *cell_of(const LogFile *f, LogColumn column, size_t *ret_size)
{
        *ret_size = 0;
        if (f->at[column] < 0 || (size_t)f->at[column] >= f->record.n_cells)
                return "";
        return cell(f, (size_t)f->at[column], ret_size);
}

static double number_of(const LogFile *f, LogColumn column)
{
        size_t size;
        const char *text = cell_of(f, column, &size);
        double value;

        return parse_double(text, size, &value) == 0 && value >= 0 && value <= MB_MAX ? value : NAN;
}

static bool take_two(const char **text, const char *end, char behind, unsigned most, int64_t *ret)
{
        const char *p = *text;

        if (end - p < 2 || p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
                return false;
        *ret = (p[0] - '0') * 10 + (p[1] - '0');
        p += 2;
        if (*ret > (int64_t)most || (behind && (p == end || *p++ != behind)))
                return false;
        *text = p;
        return true;
}

/* "10:15:02": of the day that goes on, or of the next where it goes back by more than half a day. */
static bool bare_time(LogFile *f, const char *text, size_t size, int64_t *ret_ns)
{
        const char *end = text + size;
        int64_t hour, minute, second;

        if (!take_two(&text, end, ':', 23, &hour) || !take_two(&text, end, ':', 59, &minute) ||
            !take_two(&text, end, 0, 59, &second) || text != end)
                return false;
        int64_t of_day = ((hour * 60 + minute) * 60 + second) * (int64_t)NS_PER_SECOND;
        if (of_day < f->last_of_day_ns - DAY_NS / 2) {
                if (f->day_ns > INT64_MAX - 2 * DAY_NS)
                        return false;
                f->day_ns += DAY_NS;
        }
        f->last_of_day_ns = of_day;
        *ret_ns = f->day_ns + of_day;
        return true;
}

static bool time_of(LogFile *f, const char *text, size_t size, int64_t *ret_ns)
{
        char zoned[48];
        double seconds;

        if (parse_double(text, size, &seconds) == 0) {
                bool sane = seconds >= 0 && seconds < 9e9;
                *ret_ns = sane ? (int64_t)(seconds * 1e9) : 0;
                return sane;
        }
        if (value_parse_time(text, size, ret_ns) || bare_time(f, text, size, ret_ns))
                return true;
        if (size == 0 || size + 2 > sizeof zoned)
                return false;
        memcpy(zoned, text, size);
        zoned[size] = 'Z';
        return value_parse_time(zoned, size + 1, ret_ns);
}

/* ---- headers ---- */

static bool is_named(const char *text, size_t size, LogColumn column)
{
        for (size_t i = 0; i < ARRAY_LENGTH(names[column]) && names[column][i]; i++)
                if (strlen(names[column][i]) == size && strncasecmp(names[column][i], text, size) == 0)
                        return true;
        return false;
}

static bool take_header(LogFile *f)
{
        int at[LOG_COLUMNS];
        bool known = false;

        memset(at, -1, sizeof at);
        for (size_t i = 0; i < f->record.n_cells && i < 64; i++) {
                size_t size;
                const char *text = cell(f, i, &size);
                for (int c = 0; c < LOG_COLUMNS; c++)
                        if (at[c] < 0 && is_named(text, size, (LogColumn)c)) {
                                at[c] = (int)i;
                                known = true;
                        }
        }
        if (!known || at[LOG_TIME] < 0 || (at[LOG_PID] < 0 && at[LOG_AVAILABLE] < 0))
                return false;
        memcpy(f->at, at, sizeof at);
        return true;
}

/* A file that begins with a row. */
static bool take_first_kind(LogFile *f)
{
        size_t size;
        int64_t unused;
        const char *text = f->record.n_cells >= 3 ? cell(f, 0, &size) : NULL;

        if (!text || !time_of(f, text, size, &unused))
                return false;
        memset(f->at, -1, sizeof f->at);
        f->at[LOG_TIME] = 0;
        f->at[LOG_PID] = 1;
        f->at[LOG_MEMORY] = 2;
        return true;
}

/* ---- rows ---- */

static int process_key(MemoryLog *log, int32_t pid, int64_t t_ns, uint64_t *ret)
{
        uint64_t key = (uintptr_t)map_get(log->by_pid, (uint64_t)pid);
        MemoryLogProcess *p = key ? &log->processes[key - 1] : NULL;

        if (p) {
                int64_t silent = t_ns - p->last_ns;
                bool same = silent < SILENCE_NS || (p->interval_ns > 0 && silent < 20 * (int64_t)p->interval_ns) ||
                            p->first_ns == p->last_ns;
                if (same) {
                        if (silent > 0)
                                p->interval_ns = (uint64_t)silent;
                        p->first_ns = MIN(p->first_ns, t_ns);
                        p->last_ns = MAX(p->last_ns, t_ns);
                        *ret = key;
                        return 0;
                }
        }
        MemoryLogProcess *processes = array_grow(log->processes, &log->processes_capacity, log->n_processes, sizeof *processes);
        if (!processes)
                return -ENOMEM;
        log->processes = processes;
        log->processes[log->n_processes++] = (MemoryLogProcess){.pid = pid, .first_ns = t_ns, .last_ns = t_ns};
        *ret = log->n_processes;
        return map_put(log->by_pid, (uint64_t)pid, (void *)(uintptr_t)log->n_processes);
}

static int name_of(MemoryLog *log, const char *text, size_t size, uint32_t *ret)
{
        *ret = UINT32_MAX;
        size = MIN(size, (size_t)NAME_MAX_BYTES);
        if (size == 0)
                return 0;
        uint64_t hash = hash_bytes(text, size);
        uintptr_t known = (uintptr_t)map_get(log->by_name, hash);
        if (known) {
                *ret = (uint32_t)(known - 1);
                return 0;
        }
        if (log->names_size + size + 1 > NAMES_MAX)
                return 0;
        char *kept = array_grow(log->names, &log->names_capacity, log->names_size + size, 1);
        if (!kept)
                return -ENOMEM;
        log->names = kept;
        memcpy(log->names + log->names_size, text, size);
        log->names[log->names_size + size] = '\0';
        *ret = (uint32_t)log->names_size;
        log->names_size += size + 1;
        return map_put(log->by_name, hash, (void *)(uintptr_t)(*ret + 1));
}

static void bad(LogFile *f, LogColumn column, const char *expected)
{
        CharPlace place = f->record.cells[0].place;
        Error err = {0};

        if (f->at[column] >= 0 && (size_t)f->at[column] < f->record.n_cells)
                place = f->record.cells[f->at[column]].place;
        if (f->log->bad++ == 0) {
                char_source_wrong(&f->source, place, &err, "expected %s", expected);
                text_copy(f->log->first_bad, sizeof f->log->first_bad, err.message);
        }
}

static int add_thread_words(LogFile *f, MemoryLogRow *row)
{
        size_t size;
        const char *text = cell_of(f, LOG_TID, &size);
        uint64_t tid;

        row->name = UINT32_MAX;
        if (f->at[LOG_TID] < 0 || parse_u64(text, size, &tid) < 0)
                return 0;
        row->tid = (uint32_t)(tid ^ tid >> 32); /* Python's are addresses: a number that tells them apart will do */
        text = cell_of(f, LOG_STATUS, &size);
        row->state = size > 0 && (*text | 32) == 'r' ? 'R' : size > 0 ? 'S' : '\0';
        text = cell_of(f, LOG_NAME, &size);
        return name_of(f->log, text, size, &row->name);
}

static int add_row(LogFile *f)
{
        MemoryLog *log = f->log;
        MemoryLogRow row = {.mb = NAN, .total_mb = NAN, .free_mb = NAN, .name = UINT32_MAX};
        size_t size;
        uint64_t pid;
        const char *text = cell_of(f, LOG_TIME, &size);
        int r = 0;

        if (!time_of(f, text, size, &row.time_ns))
                return bad(f, LOG_TIME, "a time: epoch seconds, or 2026-11-20 10:15:02"), 0;
        if (f->at[LOG_PID] >= 0) {
                text = cell_of(f, LOG_PID, &size);
                if (parse_u64(text, size, &pid) < 0 || pid == 0 || pid > INT32_MAX)
                        return bad(f, LOG_PID, "a process number"), 0;
                row.mb = number_of(f, LOG_MEMORY);
                if (isnan(row.mb))
                        return bad(f, LOG_MEMORY, "memory in MB"), 0;
                r = process_key(log, (int32_t)pid, row.time_ns, &row.process);
                if (r == 0)
                        r = add_thread_words(f, &row);
        } else {
                row.mb = number_of(f, LOG_AVAILABLE);
                row.total_mb = number_of(f, LOG_TOTAL);
                row.free_mb = number_of(f, LOG_FREE);
                if (isnan(row.mb))
                        return bad(f, LOG_AVAILABLE, "available memory in MB"), 0;
        }
        if (r < 0)
                return r;
        MemoryLogRow *rows = array_grow(log->rows, &log->capacity, log->n, sizeof *rows);
        if (!rows)
                return -ENOMEM;
        log->rows = rows;
        log->rows[log->n++] = row;
        log->good++;
        return 0;
}

static int read_records(LogFile *f, Error *err)
{
        bool begun = false;
        int r;

        while ((r = csv_scan_record(&f->source, &f->record, err)) > 0) {
                if (f->record.n_cells == 0 || (f->record.n_cells == 1 && f->record.cells[0].size == 0))
                        continue;
                if (take_header(f)) {
                        begun = true;
                        continue;
                }
                if (!begun && !take_first_kind(f))
                        return char_source_wrong(&f->source, f->record.cells[0].place, err,
                                                 "no log of memory; expected Timestamp,Process_ID,Memory_MB,… or "
                                                 "Timestamp,…,Available_MB,…");
                begun = true;
                if (f->log->n >= MEMORY_LOG_ROWS_MAX)
                        return error_set(err, EFBIG, "%s: more than %d rows", f->source.path, MEMORY_LOG_ROWS_MAX);
                if (add_row(f) < 0)
                        return error_set(err, ENOMEM, "out of memory");
        }
        return r;
}

int memory_log_read(MemoryLog *log, const char *path, Error *err)
{
        _cleanup_free_ LogFile *f = calloc(1, sizeof *f);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;

        if (!f)
                return error_set(err, ENOMEM, "out of memory");
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "%s", path);
        if (!S_ISREG(st.st_mode))
                return error_set(err, EBADMSG, "%s is no regular file; expected a log", path);
        f->log = log;
        memset(f->at, -1, sizeof f->at);
        char_source_begin(&f->source, fd, path);
        int r = read_records(f, err);
        csv_record_done(&f->record);
        return r;
}

/* ---- in order ---- */

static int compare_rows(const void *a, const void *b)
{
        const MemoryLogRow *x = a, *y = b;

        if (x->time_ns != y->time_ns)
                return x->time_ns < y->time_ns ? -1 : 1;
        return (x->process > y->process) - (x->process < y->process);
}

static int compare_numbers(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static int find_interval(MemoryLog *log)
{
        _cleanup_free_ uint64_t *gaps = calloc(log->n_processes + 1, sizeof *gaps);
        size_t n = 0;

        if (!gaps)
                return -ENOMEM;
        for (size_t i = 0; i < log->n_processes; i++)
                if (log->processes[i].interval_ns > 0)
                        gaps[n++] = log->processes[i].interval_ns;
        qsort(gaps, n, sizeof *gaps, compare_numbers);
        log->interval_ns = n > 0 ? gaps[n / 2] : 0;
        return 0;
}

int memory_log_finish(MemoryLog *log, Error *err)
{
        if (log->n == 0)
                return error_set(err, ENODATA, "no row could be read%s%s", log->bad ? "; " : "", log->first_bad);
        qsort(log->rows, log->n, sizeof *log->rows, compare_rows);
        return find_interval(log) < 0 ? error_set(err, ENOMEM, "out of memory") : 0;
}

int64_t memory_log_start_ns(const MemoryLog *log)
{
        return log->rows[0].time_ns;
}

int64_t memory_log_end_ns(const MemoryLog *log)
{
        return log->rows[log->n - 1].time_ns;
}
