/* Candidates of the monitor `outside`, less those that turn out to be in the run; and known clients. */
#include "model/outside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "model/cells.h"
#include "model/command-root.h"
#include "model/outside-daemons.h"

const char *const outside_columns_read[] = {"pid",     "start_boottime_ns", "how",         "address", "comm",
                                            "cmdline", "uid",               "connections", "cpu_us",  "usual_cpu_us",
                                            "rss_bytes", NULL};
const char *const outside_parent_columns[] = {"process", "parent", "cpu_us", NULL};

enum {
        CANDIDATES_MAX = 128,
        DAEMONS_MAX = 32,
        TEXT_BYTES = 512,
        PARENTS_MAX = 1 << 24,
        BUSY_PERCENT = 5,       /* of the run's CPU time, to be worth telling */
        BUSY_LEAST_US = 1000000,
        BUSY_TIMES = 2,         /* its usual CPU time, at least */
};

#define START_SLACK_NS (2 * 10 * NS_PER_MS) /* two clock ticks */

typedef struct Candidate {
        OutsideWorker worker;
        uint64_t usual_us;
        bool in_run;
} Candidate;

/* A process of the run, for who came by itself. */
typedef struct Node {
        uint32_t parent; /* 0: none */
        uint32_t cpu_ms;
} Node;

struct OutsideBuilder {
        uint64_t start_boottime_ns;
        bool command;
        Candidate candidates[CANDIDATES_MAX];
        size_t n;
        char *clients[DAEMONS_MAX]; /* by daemon: the program of the run; NULL: none */
        bool daemons[DAEMONS_MAX];  /* it is in the run */
        CommandRoot root;
        Node *nodes;                /* by key */
        size_t n_nodes;
};

static const char *const how_names[] = {"connected", "client", "busy"};

const char *outside_how_name(OutsideHow how)
{
        return how_names[how];
}

int outside_new(uint64_t start_boottime_ns, bool command, OutsideBuilder **ret)
{
        OutsideBuilder *b = calloc(1, sizeof *b);

        if (!b)
                return -ENOMEM;
        b->start_boottime_ns = start_boottime_ns;
        b->command = command;
        b->root = COMMAND_ROOT_INIT;
        *ret = b;
        return 0;
}

static void worker_done(OutsideWorker *w)
{
        free(w->name);
        free(w->cmdline);
        free(w->address);
        free(w->client);
        free(w->match);
        *w = (OutsideWorker){0};
}

OutsideBuilder *outside_builder_free(OutsideBuilder *b)
{
        if (!b)
                return NULL;
        for (size_t i = 0; i < b->n; i++)
                worker_done(&b->candidates[i].worker);
        for (size_t i = 0; i < DAEMONS_MAX; i++)
                free(b->clients[i]);
        free(b->nodes);
        free(b);
        return NULL;
}

Outside *outside_free(Outside *o)
{
        for (size_t i = 0; o && i < o->n; i++)
                worker_done(&o->workers[i]);
        if (o)
                free(o->workers);
        free(o);
        return NULL;
}

uint64_t outside_cpu_us(const Outside *o)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < o->n; i++)
                if (o->workers[i].cpu_us != OUTSIDE_UNKNOWN)
                        sum += o->workers[i].cpu_us;
        return sum;
}

/* ---- rows of outside ---- */

/* A text cell, cut and terminated; "" where it is null. */
static const char *get_text(const Batch *rows, Cells c, size_t row, char buffer[TEXT_BYTES])
{
        uint64_t unused;
        size_t size = 0;

        buffer[0] = '\0';
        if (cells_get(c, row, &unused)) {
                const char *text = batch_text(rows, (size_t)c.column, row, &size);
                size = MIN(size, (size_t)TEXT_BYTES - 1);
                memcpy(buffer, text, size);
                buffer[size] = '\0';
        }
        return buffer;
}

static int replace_text(char **to, const char *text)
{
        if (!text[0] || (*to && text_equal(*to, text)))
                return 0;
        free(*to);
        *to = strdup(text);
        return *to ? 0 : -ENOMEM;
}

/* The same process, by the same way; the address of one met at several is the first. */
static Candidate *find_candidate(OutsideBuilder *b, OutsideHow how, int32_t pid, int64_t start_ns, const char *address)
{
        for (size_t i = 0; i < b->n; i++) {
                OutsideWorker *w = &b->candidates[i].worker;
                if (w->how == how && w->pid == pid && w->start_ns == start_ns &&
                    (pid >= 0 || (w->address && text_equal(w->address, address))))
                        return &b->candidates[i];
        }
        if (b->n == CANDIDATES_MAX)
                return NULL;
        Candidate *c = &b->candidates[b->n++];
        c->worker = (OutsideWorker){.how = how, .pid = pid, .start_ns = start_ns, .uid = -1, .cpu_us = OUTSIDE_UNKNOWN,
                                    .connections = OUTSIDE_UNKNOWN, .rss_bytes = OUTSIDE_UNKNOWN};
        c->usual_us = OUTSIDE_UNKNOWN;
        return c;
}

static void raise_to(uint64_t *to, uint64_t value)
{
        if (value != OUTSIDE_UNKNOWN && (*to == OUTSIDE_UNKNOWN || value > *to))
                *to = value;
}

static int observe_outside(OutsideBuilder *b, const Batch *rows)
{
        Cells pid = cells_find(rows, "pid"), start = cells_find(rows, "start_boottime_ns");
        Cells how = cells_find(rows, "how"), address = cells_find(rows, "address");
        Cells comm = cells_find(rows, "comm"), cmdline = cells_find(rows, "cmdline");
        Cells uid = cells_find(rows, "uid"), connections = cells_find(rows, "connections");
        Cells cpu = cells_find(rows, "cpu_us"), usual = cells_find(rows, "usual_cpu_us");
        Cells rss = cells_find(rows, "rss_bytes");
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                char text[TEXT_BYTES], where[TEXT_BYTES + 8];
                const char *way = get_text(rows, how, row, text);
                bool tcp = text_equal(way, "tcp"), busy = text_equal(way, "busy");
                if (!tcp && !busy && !text_equal(way, "unix"))
                        continue;
                get_text(rows, address, row, text);
                snprintf(where, sizeof where, tcp ? "port %s" : "%s", text);
                Candidate *c = find_candidate(b, busy ? OUTSIDE_BUSY : OUTSIDE_CONNECTED,
                                              (int32_t)cells_or(pid, row, UINT64_MAX),
                                              (int64_t)cells_or(start, row, 0), where);
                if (!c)
                        continue;
                OutsideWorker *w = &c->worker;
                raise_to(&w->cpu_us, cells_or(cpu, row, OUTSIDE_UNKNOWN));
                raise_to(&w->rss_bytes, cells_or(rss, row, OUTSIDE_UNKNOWN));
                raise_to(&w->connections, cells_or(connections, row, OUTSIDE_UNKNOWN));
                c->usual_us = cells_or(usual, row, c->usual_us);
                w->uid = (int64_t)cells_or(uid, row, (uint64_t)w->uid);
                r = w->address ? 0 : replace_text(&w->address, where);
                if (r == 0)
                        r = replace_text(&w->name, get_text(rows, comm, row, text));
                if (r == 0)
                        r = replace_text(&w->cmdline, get_text(rows, cmdline, row, text));
        }
        return r;
}

/* ---- rows of processes ---- */

/* A candidate that is in the run after all: younger than the monitor's list of it. */
static void exclude(OutsideBuilder *b, int32_t pid, int64_t start_ns)
{
        for (size_t i = 0; i < b->n; i++) {
                Candidate *c = &b->candidates[i];
                if (c->worker.pid == pid && llabs(c->worker.start_ns - start_ns) <= (int64_t)START_SLACK_NS)
                        c->in_run = true;
        }
}

static int find_daemons(OutsideBuilder *b, const char *comm, const char *cmdline)
{
        for (size_t i = 0; i < DAEMONS_MAX && outside_daemons[i].name; i++) {
                const OutsideDaemon *d = &outside_daemons[i];
                if (!b->daemons[i] && outside_is_daemon(d, comm, cmdline))
                        b->daemons[i] = true;
                else if (!b->clients[i] && outside_is_client(d, comm, cmdline) && !(b->clients[i] = strdup(comm)))
                        return -ENOMEM;
        }
        return 0;
}

static int observe_processes(OutsideBuilder *b, const Batch *rows)
{
        Cells pid = cells_find(rows, "pid"), start = cells_find(rows, "start_ns");
        Cells comm = cells_find(rows, "comm"), cmdline = cells_find(rows, "cmdline");
        const CommandRootCells cells = command_root_cells(rows);
        int r = 0;

        for (size_t row = 0; r == 0 && row < batch_rows(rows); row++) {
                char name[TEXT_BYTES], arguments[TEXT_BYTES];
                uint64_t value;
                command_root_observe(&b->root, &cells, row);
                if (cells_get(start, row, &value))
                        exclude(b, (int32_t)cells_or(pid, row, 0), (int64_t)(b->start_boottime_ns + value));
                r = find_daemons(b, get_text(rows, comm, row, name), get_text(rows, cmdline, row, arguments));
        }
        return r;
}

int outside_observe(OutsideBuilder *b, const char *table, const Batch *rows)
{
        if (text_equal(table, "outside"))
                return observe_outside(b, rows);
        return text_equal(table, "processes") ? observe_processes(b, rows) : 0;
}

bool outside_wants_parents(const OutsideBuilder *b)
{
        return b->command && b->root.n_alone > 1;
}

int outside_observe_parents(OutsideBuilder *b, const Batch *rows)
{
        Cells process = cells_find(rows, "process"), parent = cells_find(rows, "parent");
        Cells cpu = cells_find(rows, "cpu_us");

        for (size_t row = 0; row < batch_rows(rows); row++) {
                uint64_t key = cells_or(process, row, UINT64_MAX), above = cells_or(parent, row, 0);
                if (key >= PARENTS_MAX)
                        continue;
                if (key >= b->n_nodes) {
                        size_t n = MAX(key + 1, b->n_nodes * 2);
                        Node *nodes = realloc(b->nodes, n * sizeof *nodes);
                        if (!nodes)
                                return -ENOMEM;
                        memset(nodes + b->n_nodes, 0xff, (n - b->n_nodes) * sizeof *nodes);
                        b->nodes = nodes;
                        b->n_nodes = n;
                }
                b->nodes[key] = (Node){above < PARENTS_MAX ? (uint32_t)above : 0,
                                       (uint32_t)MIN(cells_or(cpu, row, 0) / 1000, (uint64_t)UINT32_MAX - 1)};
        }
        return 0;
}

/* Of a process without a row (it is alive and was not written) nothing is known: nobody's. */
static void sum_matched(const OutsideBuilder *b, Outside *o)
{
        uint64_t root = b->root.key;

        for (size_t key = 0; key < b->n_nodes; key++) {
                size_t at = key, steps = 0;
                if (b->nodes[key].parent == UINT32_MAX)
                        continue;
                while (at != root && at < b->n_nodes && b->nodes[at].parent != 0 &&
                       b->nodes[at].parent != UINT32_MAX && steps++ < 4096)
                        at = b->nodes[at].parent;
                if (at == root || at >= b->n_nodes || b->nodes[at].parent != 0)
                        continue;
                o->matched_processes++;
                o->matched_cpu_us += (uint64_t)b->nodes[key].cpu_ms * 1000;
        }
}

/* ---- the result ---- */

/* Sockets of a desktop or of the system that say nothing about work. */
static bool is_of_the_house(const OutsideWorker *w)
{
        static const char *const parts[] = {"/run/systemd/", "/dbus/", "/bus", "/nscd/", ".X11-unix/", "/wayland-",
                                            "/pulse/", "/pipewire-", "/ssh-", "/agent.", "gpg-agent", "/keyring/",
                                            "@/tmp/dbus-", "/vigia/"};

        if (w->how != OUTSIDE_CONNECTED || !w->address)
                return false;
        for (size_t i = 0; i < ARRAY_LENGTH(parts); i++)
                if (strstr(w->address, parts[i]))
                        return true;
        return false;
}

static bool is_worth_telling(const OutsideBuilder *b, const Candidate *c, uint64_t run_cpu_us)
{
        const OutsideWorker *w = &c->worker;

        if (c->in_run || is_of_the_house(w))
                return false;
        if (w->how != OUTSIDE_BUSY)
                return true;
        for (size_t i = 0; i < b->n; i++) { /* told already */
                const OutsideWorker *other = &b->candidates[i].worker;
                if (other->how == OUTSIDE_CONNECTED && other->pid == w->pid && other->start_ns == w->start_ns &&
                    !is_of_the_house(other))
                        return false;
        }
        if (run_cpu_us == OUTSIDE_UNKNOWN || w->cpu_us == OUTSIDE_UNKNOWN || w->cpu_us < BUSY_LEAST_US)
                return false;
        return w->cpu_us / BUSY_PERCENT >= run_cpu_us / 100 &&
               (c->usual_us == OUTSIDE_UNKNOWN || w->cpu_us / BUSY_TIMES >= c->usual_us);
}

static void add_escaped(String *to, const char *text, size_t size)
{
        for (size_t i = 0; i < size; i++) {
                if (strchr("\\^$.|?*+()[]{}", text[i]))
                        string_add_char(to, '\\');
                string_add_char(to, (unsigned char)text[i] < ' ' || text[i] == '\'' || text[i] == 0x7f ? '.' : text[i]);
        }
}

/* sh -c, bash -lc, python3 -c, perl -e: what follows is a program, and no name of one. */
static bool is_inline(const char *name, const char *word, size_t size)
{
        bool commands = memcmp(name, "sh", 2) == 0 || memcmp(name, "ba", 2) == 0 || memcmp(name, "py", 2) == 0;

        return size > 1 && word[0] == '-' && word[1] != '-' && word[size - 1] == (commands ? 'c' : 'e');
}

/* A name by which one would know it: not the number of a descriptor (bash /dev/fd/3). */
static bool is_telling(const char *name, size_t size)
{
        for (size_t i = 0; i < size; i++)
                if ((name[i] | 0x20) >= 'a' && (name[i] | 0x20) <= 'z')
                        return true;
        return false;
}

/* Of an interpreter, the script or the class says which one it is. */
void outside_add_match(String *to, const char *cmdline)
{
        static const char *const interpreters[] = {"python", "perl", "ruby", "java", "node", "bash", "sh", "php", "mono"};
        size_t size = strcspn(cmdline, " ");
        const char *slash = memrchr(cmdline, '/', size), *name = slash ? slash + 1 : cmdline;
        const char *program = name;
        size_t length = size - (size_t)(name - cmdline);
        bool interpreter = false;

        for (size_t i = 0; i < ARRAY_LENGTH(interpreters); i++) {
                size_t n = strlen(interpreters[i]);
                interpreter |= length >= n && memcmp(name, interpreters[i], n) == 0 &&
                               strspn(name + n, "0123456789.") >= length - n;
        }
        for (const char *word = cmdline + size; interpreter && *word == ' ';) {
                size = strcspn(++word, " ");
                if (is_inline(program, word, size))
                        return;
                if (size > 0 && *word != '-') {
                        slash = memrchr(word, '/', size);
                        name = slash ? slash + 1 : word;
                        if (!is_telling(name, size - (size_t)(name - word)))
                                return;
                        string_add(to, "(^|[/ ])");
                        add_escaped(to, name, size - (size_t)(name - word));
                        string_add(to, "( |$)");
                        return;
                }
                word += size;
        }
        string_add(to, "(^|/)");
        add_escaped(to, name, length);
        string_add(to, "( |$)");
}

static int complete(OutsideWorker *w)
{
        _cleanup_string_ String match = {0};

        for (const OutsideDaemon *d = outside_daemons; d->name; d++)
                if (outside_is_daemon(d, w->name ? w->name : "", w->cmdline) && d->match) {
                        w->note = d->note;
                        w->match = strdup(d->match);
                        return w->match ? 0 : -ENOMEM;
                }
        if (!w->cmdline && !w->name)
                return 0;
        outside_add_match(&match, w->cmdline ? w->cmdline : w->name);
        if (match.size == 0) /* every shell would match */
                return 0;
        w->match = string_take(&match);
        return w->match ? 0 : -ENOMEM;
}

static int compare_workers(const void *a, const void *b)
{
        const OutsideWorker *x = a, *y = b;

        if (x->how != y->how)
                return x->how < y->how ? -1 : 1;
        if (x->cpu_us != y->cpu_us)
                return x->cpu_us + 1 < y->cpu_us + 1 ? 1 : -1; /* the unknown last */
        return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static bool is_told(const Outside *o, const OutsideDaemon *d)
{
        for (size_t i = 0; i < o->n; i++)
                if (outside_is_daemon(d, o->workers[i].name ? o->workers[i].name : "", o->workers[i].cmdline))
                        return true;
        return false;
}

static int add_clients(OutsideBuilder *b, Outside *o)
{
        for (size_t i = 0; i < DAEMONS_MAX && outside_daemons[i].name; i++) {
                const OutsideDaemon *d = &outside_daemons[i];
                if (!b->clients[i] || b->daemons[i] || is_told(o, d))
                        continue;
                OutsideWorker *w = &o->workers[o->n++];
                *w = (OutsideWorker){.how = OUTSIDE_CLIENT, .pid = -1, .uid = -1, .note = d->note,
                                     .connections = OUTSIDE_UNKNOWN, .cpu_us = OUTSIDE_UNKNOWN, .rss_bytes = OUTSIDE_UNKNOWN,
                                     .client = TAKE(b->clients[i]), .name = strdup(d->name),
                                     .match = d->match ? strdup(d->match) : NULL};
                if (!w->name || (d->match && !w->match))
                        return -ENOMEM;
        }
        return 0;
}

int outside_finish(OutsideBuilder *b, uint64_t run_cpu_us, Outside **ret)
{
        _cleanup_(outside_freep) Outside *o = calloc(1, sizeof *o);
        int r = 0;

        if (!o)
                return -ENOMEM;
        o->workers = calloc(b->n + DAEMONS_MAX, sizeof *o->workers);
        if (!o->workers)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < b->n; i++) {
                if (!is_worth_telling(b, &b->candidates[i], run_cpu_us))
                        continue;
                OutsideWorker *from = &b->candidates[i].worker, *w = &o->workers[o->n++];
                *w = *from;
                from->name = from->cmdline = from->address = from->client = from->match = NULL;
                r = complete(w);
        }
        if (r == 0)
                r = add_clients(b, o);
        if (r < 0)
                return r;
        qsort(o->workers, o->n, sizeof *o->workers, compare_workers);
        sum_matched(b, o);
        *ret = TAKE(o);
        return 0;
}
