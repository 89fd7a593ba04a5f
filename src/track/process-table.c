/* Living processes by pid, exited ones that await their final figures by start time. */
#include "track/process-table.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "base/text.h"
#include "host/proc-identity.h"
#include "track/redact.h"

struct ProcessTable {
        ProcessTableOptions options;
        Map *alive;  /* pid → Process */
        Map *asked;  /* pids that somebody named, until they are found */
        Map *exited; /* exited_key → Process */
        ProcessTableCounts counts;
        Buffer unread; /* pid_t of those to look at */
        String text;   /* scratch */
};

static const TrackFigures unknown_figures = {
        TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN,
        TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN, TRACK_UNKNOWN,
};

int process_table_new(const ProcessTableOptions *options, ProcessTable **ret)
{
        ProcessTable *table = calloc(1, sizeof *table);

        if (!table)
                return -ENOMEM;
        table->options = *options;
        if (map_new(&table->alive) < 0 || map_new(&table->exited) < 0 || map_new(&table->asked) < 0) {
                process_table_free(table);
                return -ENOMEM;
        }
        *ret = table;
        return 0;
}

static void process_free(Process *p)
{
        free(p->exe);
        free(p->cmdline);
        free(p->cwd);
        free(p->cgroup);
        free(p);
}

static void free_all(Map *map)
{
        size_t position = 0;
        void *value;

        while (map && map_next(map, &position, NULL, &value))
                process_free(value);
        map_free(map);
}

ProcessTable *process_table_free(ProcessTable *table)
{
        if (table) {
                free_all(table->alive);
                free_all(table->exited);
                map_free(table->asked);
                buffer_done(&table->unread);
                string_done(&table->text);
                free(table);
        }
        return NULL;
}

static uint64_t exited_key(pid_t pid, uint64_t start_ns)
{
        return hash_u64(start_ns ^ (uint64_t)pid << 44);
}

/* What the kernel says now; a counter never goes back (user and system time are rescaled by
 * the kernel at every look). */
static void advance(uint64_t *to, uint64_t value)
{
        if (value != TRACK_UNKNOWN && (*to == TRACK_UNKNOWN || value > *to))
                *to = value;
}

static void advance_figures(TrackFigures *to, const TrackFigures *now)
{
        uint64_t *a = (uint64_t *)to;
        const uint64_t *b = (const uint64_t *)now;

        for (size_t i = 0; i < sizeof *to / sizeof *a; i++)
                advance(&a[i], b[i]);
}

static uint64_t known(uint64_t value)
{
        return value == TRACK_UNKNOWN ? 0 : value;
}

/* The image is over: counted and handed out. */
static void hand_out(ProcessTable *table, const Process *p)
{
        TrackFigures f = process_figures(p);

        if (!p->wanted)
                return;
        table->counts.cpu_ns += known(f.cpu_ns);
        table->counts.read_bytes += known(f.read_bytes);
        table->counts.write_bytes += known(f.write_bytes);
        table->options.ended(p, table->options.data);
}

static const Label *label_of(const ProcessTable *t, const Process *p, const Label *parent, const char *response,
                             bool *ret_alone)
{
        const LabelWords words = {
                .comm = p->comm[0] ? p->comm : NULL,
                .exe = p->exe,
                .cmdline = p->cmdline,
                .response = response,
                .parent = parent,
                .ret_alone = ret_alone,
        };

        return t->options.label ? t->options.label(&words, t->options.label_data) : NULL;
}

const Label *process_table_label(const ProcessTable *table, const Process *p, const char *response)
{
        bool known = p->label && p->label_alone && !response;

        return known ? p->label : label_of(table, p, p->parent_label, response, NULL);
}

static const Label *own_label(const ProcessTable *table, Process *p)
{
        if (!p->label)
                p->label = label_of(table, p, NULL, NULL, &p->label_alone);
        return p->label;
}

static void tell(const ProcessTable *table, const Process *p)
{
        if (p->wanted && p->execed && p->cmdline && table->options.told)
                table->options.told(p, table->options.data);
}

static void want(ProcessTable *table, Process *p)
{
        if (p->wanted)
                return;
        p->wanted = true;
        p->key = ++table->counts.images;
        table->counts.processes++;
        table->counts.started += !p->found;
        table->counts.alive++;
        tell(table, p);
}

static void check_match(ProcessTable *table, Process *p);

static void replace(char **to, const char *text)
{
        free(*to);
        *to = strdup(text);
}

static void set_cmdline(ProcessTable *table, Process *p, const char *arguments, size_t size, bool cut)
{
        redact_arguments(&table->text, arguments, size, cut);
        replace(&p->cmdline, string_get(&table->text));
}

static void look_later(ProcessTable *table, Process *p)
{
        if (!p->unread && buffer_append(&table->unread, &p->pid, sizeof p->pid) == 0)
                p->unread = true;
}

/* What the exec itself tells. The path is the one it was given: of that moment, while the link
 * in /proc is of now, when the process may run something else already. */
static void take_command(ProcessTable *table, Process *p, const TrackEvent *event)
{
        free(p->exe);
        free(p->cmdline);
        free(p->cwd); /* not the parent's: who execs has often changed to another one before */
        p->exe = p->cmdline = p->cwd = NULL;
        p->label = NULL;
        if (event->exe && event->exe[0] == '/')
                p->exe = strdup(event->exe);
        if (event->cmdline && event->cmdline_size > 0)
                set_cmdline(table, p, event->cmdline, event->cmdline_size, event->cmdline_cut);
        look_later(table, p);
}

static void look_at(ProcessTable *table, Process *p)
{
        const Host *host = table->options.host;
        char path[4096], arguments[PROC_CMDLINE_MAX + 1];
        size_t size;
        bool cut;

        p->unread = false;
        int r = p->cwd ? 0 : proc_cwd_read(host, p->pid, path, sizeof path);
        if (r == PROC_GONE)
                return;
        if (r == 0 && !p->cwd)
                replace(&p->cwd, path);
        if (!p->exe && proc_exe_read(host, p->pid, path, sizeof path) == 0)
                replace(&p->exe, path);
        p->label = NULL;
        if (!p->cgroup && proc_cgroup_read(host, p->pid, path, sizeof path) == 0)
                replace(&p->cgroup, path);
        if (!p->cmdline && proc_cmdline_read(host, p->pid, arguments, &size, &cut) == 0 && size > 0)
                set_cmdline(table, p, arguments, size, cut);
        check_match(table, p);
}

void process_table_look(ProcessTable *table)
{
        const pid_t *pids = (const pid_t *)table->unread.data;
        size_t n = table->unread.size / sizeof *pids;

        for (size_t i = 0; i < n; i++) {
                Process *p = map_get(table->alive, (uint64_t)pids[i]);
                if (p && p->unread && (!p->cwd || !p->exe || !p->cmdline || !p->cgroup))
                        look_at(table, p);
                if (!p)
                        continue;
                p->unread = false;
                tell(table, p);
        }
        buffer_clear(&table->unread);
}

static Process *add(ProcessTable *table, const TrackEvent *event)
{
        Process *p = calloc(1, sizeof *p);

        if (!p || map_put(table->alive, (uint64_t)event->pid, p) < 0) {
                free(p);
                table->counts.dropped++;
                return NULL;
        }
        p->pid = event->pid;
        p->ppid = event->ppid;
        p->uid = event->uid;
        p->start_ns = event->start_ns;
        p->begin_ns = event->time_ns;
        p->wait_status = -1;
        p->peak_rss_bytes = p->peak_pss_bytes = TRACK_UNKNOWN;
        p->last = unknown_figures;
        p->threads_max = 1;
        memcpy(p->comm, event->comm, sizeof p->comm);
        return p;
}

static char *copy_text(const char *text)
{
        return text ? strdup(text) : NULL;
}

static void finish(ProcessTable *table, Process *p);

static void on_fork(ProcessTable *table, const TrackEvent *event)
{
        Process *stale = map_get(table->alive, (uint64_t)event->pid);

        if (stale) { /* its exit was lost, or the pid was told of twice */
                if (stale->start_ns == event->start_ns && event->start_ns)
                        return;
                finish(table, stale);
        }
        Process *parent = map_get(table->alive, (uint64_t)event->ppid);
        Process *p = add(table, event);
        if (!p)
                return;
        if (parent) { /* until it execs it is its parent's program */
                p->parent_key = parent->key;
                p->parent_label = parent->wanted ? own_label(table, parent) : NULL;
                p->exe = copy_text(parent->exe);
                p->cmdline = copy_text(parent->cmdline);
                p->cwd = copy_text(parent->cwd);
                p->cgroup = copy_text(parent->cgroup);
                if (p->uid < 0)
                        p->uid = parent->uid;
                if (!p->comm[0])
                        memcpy(p->comm, parent->comm, sizeof p->comm);
                p->watch.inherited_anon = parent->watch.now.rss_anon_bytes;
        }
        if (!table->options.match_only || p->pid == table->options.root || (parent && parent->wanted))
                want(table, p);
}

/* Descendants of a process that turned out to be wanted are wanted, too. */
static void want_descendants(ProcessTable *table)
{
        bool more = true;
        Process *p;

        while (more) {
                size_t position = 0;
                more = false;
                while (process_table_next(table, &position, &p)) {
                        Process *parent = map_get(table->alive, (uint64_t)p->ppid);
                        if (!p->wanted && parent && parent->wanted) {
                                want(table, p);
                                p->parent_key = parent->key;
                                more = true;
                        }
                }
        }
}

static void admit(ProcessTable *table, Process *p)
{
        want(table, p);
        want_descendants(table);
}

static void check_match(ProcessTable *table, Process *p)
{
        const ProcessTableOptions *o = &table->options;
        const char *words = p->cmdline ? p->cmdline : p->comm;

        if (!p->wanted && ((o->match && o->match(words, o->match_data)) ||
            (o->match_at && p->cwd && p->exec_ns && !p->found && o->match_at(words, p->cwd, o->match_data))) &&
            !(o->own && o->own(p->pid, o->match_data)))
                admit(table, p);
}

int process_table_ask(ProcessTable *table, pid_t pid)
{
        Process *p = map_get(table->alive, (uint64_t)pid);

        if (!p)
                return map_put(table->asked, (uint64_t)pid, table);
        admit(table, p);
        return 0;
}

/* A source that tells of the whole machine tells of what nobody asked for, too. Who began before us
 * and matches was asked for: not every one is, we ourselves are not. */
static void on_found(ProcessTable *table, const TrackEvent *event)
{
        bool asked = map_remove(table->asked, (uint64_t)event->pid) != NULL;

        if (map_get(table->alive, (uint64_t)event->pid))
                return;
        Process *parent = map_get(table->alive, (uint64_t)event->ppid);
        Process *p = add(table, event);
        if (!p)
                return;
        /* the command is held before its exec: its first program is yet to come */
        p->found = p->execed = p->pid != table->options.root;
        p->base = p->last = event->figures;
        p->threads_max = MAX(event->threads_max, 1u);
        if (parent) {
                p->parent_key = parent->key;
                p->parent_label = parent->wanted ? own_label(table, parent) : NULL;
        }
        look_at(table, p);
        if (!table->options.match_only || asked || p->pid == table->options.root ||
            (parent && parent->wanted))
                want(table, p);
}

static void take_peak(Process *p, const TrackEvent *event)
{
        if (event->peak_rss_bytes == TRACK_UNKNOWN)
                return;
        if (event->peak_exact || p->peak_rss_bytes == TRACK_UNKNOWN ||
            event->peak_rss_bytes > p->peak_rss_bytes) {
                p->peak_rss_bytes = event->peak_rss_bytes;
                p->peak_source = event->peak_exact ? PEAK_EXACT : PEAK_ESTIMATED;
        }
}

/* Ends the image that execs and begins the next in the same process. */
static void next_image(ProcessTable *table, Process *p, const TrackEvent *event)
{
        take_peak(p, event);
        if (event->threads_max)
                p->threads_max = MAX(p->threads_max, event->threads_max);
        p->end_ns = event->time_ns;
        /* exec renames before it says so: that name is the next image's */
        if (p->comm_before[0] && strncmp(p->comm, event->comm, sizeof p->comm) == 0)
                memcpy(p->comm, p->comm_before, sizeof p->comm);
        hand_out(table, p);
        p->end_ns = 0;
        p->image++;
        if (p->wanted)
                p->key = ++table->counts.images;
        p->base = p->last;
        p->begin_ns = event->time_ns;
        p->fds_max = 0;
        p->peak_source = PEAK_UNKNOWN;
}

static void on_exec(ProcessTable *table, const TrackEvent *event)
{
        Process *p = map_get(table->alive, (uint64_t)event->pid);

        if (!p)
                return;
        advance_figures(&p->last, &event->figures);
        if (p->execed)
                next_image(table, p, event);
        /* what was sampled before was the parent's memory, or the last image's */
        p->peak_rss_bytes = p->peak_pss_bytes = TRACK_UNKNOWN;
        p->peak_source = PEAK_UNKNOWN;
        p->threads_max = 1;
        p->watch = (ProcessWatch){0};
        p->comm_before[0] = '\0';
        p->execed = true;
        p->found = false;
        p->exec_ns = event->time_ns;
        if (event->uid >= 0)
                p->uid = event->uid;
        if (event->comm[0])
                memcpy(p->comm, event->comm, sizeof p->comm);
        take_command(table, p, event);
        check_match(table, p);
}

/* Out of the table; the last image's row is complete. */
static void finish(ProcessTable *table, Process *p)
{
        if (!p->exited) {
                map_remove(table->alive, (uint64_t)p->pid);
                if (p->wanted) {
                        table->counts.alive--;
                        table->counts.ended++;
                }
        }
        hand_out(table, p);
        process_free(p);
}

static void on_ended(ProcessTable *table, const TrackEvent *event)
{
        Process *p = map_get(table->alive, (uint64_t)event->pid);

        if (!p || (event->start_ns && p->start_ns && event->start_ns != p->start_ns))
                return;
        advance_figures(&p->last, &event->figures);
        take_peak(p, event);
        p->threads_max = MAX(p->threads_max, event->threads_max);
        p->end_ns = event->time_ns;
        if (event->wait_status >= 0)
                p->wait_status = event->wait_status;
        p->sender = event->sender;
        if (!table->options.final_events ||
            map_put(table->exited, exited_key(p->pid, p->start_ns), p) < 0) {
                finish(table, p);
                return;
        }
        map_remove(table->alive, (uint64_t)p->pid);
        p->exited = true;
        if (p->wanted) {
                table->counts.alive--;
                table->counts.ended++;
        }
}

static void on_final(ProcessTable *table, const TrackEvent *event)
{
        Process *p = map_remove(table->exited, exited_key(event->pid, event->start_ns));

        if (!p)
                return;
        advance_figures(&p->last, &event->figures);
        finish(table, p);
}

void process_table_apply(const TrackEvent *event, void *data)
{
        ProcessTable *table = data;
        Process *p;

        switch (event->type) {
        case TRACK_FOUND:
                on_found(table, event);
                break;
        case TRACK_FORK:
                on_fork(table, event);
                break;
        case TRACK_EXEC:
                on_exec(table, event);
                break;
        case TRACK_CWD:
                p = map_get(table->alive, (uint64_t)event->pid);
                if (p) {
                        replace(&p->cwd, event->cwd);
                        check_match(table, p);
                }
                break;
        case TRACK_COMM:
                p = map_get(table->alive, (uint64_t)event->pid);
                if (p) {
                        memcpy(p->comm_before, p->comm, sizeof p->comm);
                        memcpy(p->comm, event->comm, sizeof p->comm);
                        p->label = NULL;
                }
                break;
        case TRACK_EXIT:
                on_ended(table, event);
                break;
        case TRACK_FINAL:
                on_final(table, event);
                break;
        case TRACK_OOM:
                break; /* the consumer's */
        }
}

void process_table_waited(ProcessTable *table, pid_t pid, int wait_status)
{
        Process *p = map_get(table->alive, (uint64_t)pid);
        size_t position = 0;

        if (p && p->wait_status < 0)
                p->wait_status = wait_status;
        while (!p && process_table_next_exited(table, &position, &p)) {
                if (p->pid == pid && p->wait_status < 0)
                        p->wait_status = wait_status;
                p = NULL;
        }
}

Process *process_table_find(const ProcessTable *table, pid_t pid)
{
        return map_get(table->alive, (uint64_t)pid);
}

bool process_table_next(const ProcessTable *table, size_t *position, Process **ret)
{
        return map_next(table->alive, position, NULL, (void **)ret);
}

bool process_table_next_exited(const ProcessTable *table, size_t *position, Process **ret)
{
        return map_next(table->exited, position, NULL, (void **)ret);
}

typedef struct Settle {
        ProcessTable *table;
        uint64_t now_ns, age_ns;
} Settle;

static bool settle_one(uint64_t key, void *value, void *data)
{
        Settle *settle = data;
        Process *p = value;

        if (settle->age_ns > 0 && (p->end_ns + settle->age_ns > settle->now_ns ||
                                   kill(p->pid, 0) == 0 || errno == EPERM))
                return false; /* young, or a zombie still */
        finish(settle->table, p);
        return true;
}

void process_table_settle(ProcessTable *table, uint64_t now_ns, uint64_t age_ns)
{
        Settle settle = {table, now_ns, age_ns};

        map_remove_if(table->exited, settle_one, &settle);
}

const ProcessTableCounts *process_table_counts(const ProcessTable *table)
{
        return &table->counts;
}
