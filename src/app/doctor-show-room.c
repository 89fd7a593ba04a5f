/* Room for a command: of each kind the limit that would be met first, then the others. */
#include <string.h>

#include "app/doctor-show.h"

enum { PATH_COLUMNS = 34 };

static bool is_set(uint64_t n)
{
        return n != DOCTOR_UNKNOWN && n != DOCTOR_UNLIMITED;
}

static void add_line(Page *page, const char *label, const String *text)
{
        if (text->size == 0)
                return;
        page->label = label;
        page_add_line(page, string_get(text));
}

/* "pids.max of /user.slice", "threads-max". */
static void add_name(String *text, const char *name, const char *path)
{
        string_add(text, name);
        if (path && path[0]) {
                string_add(text, " of ");
                string_add_shown(text, path, PATH_COLUMNS, false);
        }
}

static void add_separator(String *text, const char *separator)
{
        if (text->size > 0)
                string_add(text, separator);
}

/* ---- threads ---- */

typedef struct Bound {
        const char *name, *path;
        uint64_t used, most;
} Bound;

static uint64_t left(const Bound *b)
{
        return b->most > b->used ? b->most - b->used : 0;
}

static void show_threads(Page *page, const Doctor *d)
{
        const Bound all[] = {
                {"pids.max", d->room.pids_path, d->room.pids, d->room.pids_max},
                {"RLIMIT_NPROC", NULL, d->room.user_tasks, d->uid ? d->processes.soft : DOCTOR_UNKNOWN},
                {"threads-max", NULL, d->tasks, d->threads_max},
                {"pid_max", NULL, d->tasks, d->pid_max},
        };
        char used[FORMAT_MAX], most[FORMAT_MAX];
        _cleanup_string_ String text = {0};
        const Bound *first = NULL;
        bool more = false;

        for (size_t i = 0; i < ARRAY_LENGTH(all); i++)
                if (is_set(all[i].most) && is_set(all[i].used) && (!first || left(&all[i]) < left(first)))
                        first = &all[i];
        if (first) {
                string_add_format(&text, "%s of %s used (", format_count(used, first->used),
                                  format_count(most, first->most));
                add_name(&text, first->name, first->path);
                string_add_char(&text, ')');
        }
        for (size_t i = 0; i < ARRAY_LENGTH(all); i++) {
                if (&all[i] == first || !is_set(all[i].most))
                        continue;
                add_separator(&text, more ? ", " : "; ");
                more = true;
                add_name(&text, all[i].name, all[i].path);
                string_add_format(&text, " %s", format_count(most, all[i].most));
                /* The user's and the cgroup's own threads; the machine's are told with its limits. */
                if (is_set(all[i].used) && all[i].used != d->tasks && (!first || all[i].used != first->used))
                        string_add_format(&text, " (%s used)", format_count(used, all[i].used));
        }
        add_line(page, "threads", &text);
}

/* ---- memory ---- */

static void show_memory(Page *page, const DoctorRoom *r)
{
        char a[FORMAT_MAX], b[FORMAT_MAX];
        _cleanup_string_ String text = {0};

        if (is_set(r->cgroup_max_bytes) && is_set(r->cgroup_bytes)) {
                string_add_format(&text, "%s of %s used (", format_bytes(a, r->cgroup_bytes),
                                  format_bytes(b, r->cgroup_max_bytes));
                add_name(&text, "memory.max", r->memory_path);
                string_add_char(&text, ')');
        }
        if (is_set(r->available_bytes) && is_set(r->total_bytes)) {
                add_separator(&text, "; of the machine ");
                string_add_format(&text, "%s of %s available", format_bytes(a, r->available_bytes),
                                  format_bytes(b, r->total_bytes));
        }
        if (r->swap_total_bytes == 0) {
                add_separator(&text, "; ");
                string_add(&text, "no swap");
        } else if (is_set(r->swap_total_bytes) && is_set(r->swap_free_bytes)) {
                add_separator(&text, "; ");
                if (r->swap_free_bytes == r->swap_total_bytes)
                        string_add_format(&text, "%s of swap, all free",
                                          format_bytes(b, r->swap_total_bytes));
                else
                        string_add_format(&text, "%s of %s of swap free",
                                          format_bytes(a, r->swap_free_bytes),
                                          format_bytes(b, r->swap_total_bytes));
        }
        add_line(page, "memory", &text);
}

/* Documentation/mm/overcommit-accounting.rst. */
static void show_commit(Page *page, const DoctorRoom *r)
{
        char a[FORMAT_MAX], b[FORMAT_MAX];
        _cleanup_string_ String text = {0};

        if (!is_set(r->overcommit_mode) || !is_set(r->committed_bytes))
                return;
        if (r->overcommit_mode == 2 && is_set(r->commit_limit_bytes))
                string_add_format(&text, "%s of %s promised; the limit binds (overcommit_memory 2)",
                                  format_bytes(a, r->committed_bytes),
                                  format_bytes(b, r->commit_limit_bytes));
        else
                string_add_format(&text, "%s promised; overcommit_memory %u refuses %s",
                                  format_bytes(a, r->committed_bytes), (unsigned)r->overcommit_mode,
                                  r->overcommit_mode == 1 ? "nothing" : "only the absurd");
        add_line(page, "commit", &text);
}

/* ---- files, and what else a process may have ---- */

static void add_rlimit(String *text, uint64_t n, const char *none, const char *what)
{
        char a[FORMAT_MAX];

        if (n == DOCTOR_UNLIMITED)
                string_add(text, none);
        else if (n != DOCTOR_UNKNOWN)
                string_add_format(text, "%s%s", format_count(a, n), what);
}

static void show_files(Page *page, const Doctor *d)
{
        const DoctorRoom *r = &d->room;
        char a[FORMAT_MAX], b[FORMAT_MAX];
        _cleanup_string_ String text = {0};

        add_rlimit(&text, d->open_files.soft, "any number a process", " a process (RLIMIT_NOFILE");
        if (is_set(d->open_files.soft)) {
                if (d->open_files.hard != d->open_files.soft && is_set(d->open_files.hard))
                        string_add_format(&text, ", to be raised up to %s",
                                          format_count(a, d->open_files.hard));
                string_add_char(&text, ')');
        }
        if (is_set(r->files_open)) {
                add_separator(&text, "; ");
                string_add(&text, format_count(a, r->files_open));
                if (is_set(r->files_max))
                        string_add_format(&text, " of %s", format_count(b, r->files_max));
                string_add(&text, " open in all");
        }
        add_line(page, "files", &text);
        string_clear(&text);
        add_rlimit(&text, r->max_map_count, "", " a process (max_map_count)");
        if (is_set(d->locked_bytes.soft)) {
                add_separator(&text, "; ");
                string_add_format(&text, "%s may be locked", format_bytes(a, d->locked_bytes.soft));
        }
        add_line(page, "mappings", &text);
}

void doctor_show_room(Page *page, const Doctor *doctor)
{
        show_threads(page, doctor);
        show_memory(page, &doctor->room);
        show_commit(page, &doctor->room);
        show_files(page, doctor);
}

void doctor_show_tight(Page *page, const Doctor *doctor)
{
        const DoctorRoom *r = &doctor->room;
        bool no = text_equal(r->fork_verdict, "no");
        _cleanup_string_ String text = {0};
        char a[FORMAT_MAX];

        if (!no && !text_equal(r->fork_verdict, "marginal"))
                return;
        if (is_set(r->fork_bytes) && is_set(r->fork_left_bytes))
                string_add_format(&text, "A process of %s %s here: ", format_bytes(a, r->fork_bytes),
                                  no ? "does not fit" : "hardly fits");
        else
                string_add_format(&text, "%s can be started here: ",
                                  no ? "No more processes" : "Hardly any more processes");
        add_name(&text, r->fork_limit, r->fork_path);
        if (is_set(r->fork_left_bytes))
                string_add_format(&text, " leaves %s", format_bytes(a, r->fork_left_bytes));
        else if (is_set(r->fork_left_tasks))
                string_add_format(&text, " leaves %s threads", format_count(a, r->fork_left_tasks));
        string_add_char(&text, '.');
        page_add_verdict(page, no ? STYLE_RED : STYLE_YELLOW, string_get(&text));
}
