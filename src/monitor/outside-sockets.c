/* From connections to the processes at their ends. Descriptors are read only when there are connections
 * that were not there before, and of at most so many at a time. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/proc-files.h"
#include "host/proc-identity.h"
#include "monitor/outside.h"
#include "track/redact.h"

enum {
        NEW_MAX = 256,     /* connections looked into at a time; the rest has its turn next time */
        LINKS_MAX = 16384, /* descriptors read in one search */
        KNOWN_MAX = 65536,
};

/* A connection that is not known yet, and who was found at its ends. */
typedef struct Wanted {
        SocketPair pair;
        bool missed;   /* nobody of the run had it when it was looked for before */
        pid_t client, server; /* 0: nobody yet */
        uint64_t process;
} Wanted;

typedef struct Search {
        OutsideSockets *sockets;
        const Host *host;
        const OutsideTree *tree;
        Wanted *wanted;
        size_t n;
        Map *by_inode; /* of both ends: index + 1, bit 0 of the value: the server's */
        pid_t pid;     /* being looked at */
        size_t links;
        bool cut;      /* there was more than may be looked at */
} Search;

int outside_sockets_open(OutsideSockets *sockets, Error *err)
{
        *sockets = (OutsideSockets){.fd = socket_diag_open(err)};
        if (sockets->fd < 0)
                return sockets->fd;
        if (map_new(&sockets->known) < 0) {
                outside_sockets_done(sockets);
                return error_set(err, ENOMEM, "out of memory");
        }
        return 0;
}

void outside_sockets_done(OutsideSockets *sockets)
{
        fd_close(sockets->fd);
        sockets->known = map_free(sockets->known);
        buffer_done(&sockets->scratch);
        sockets->fd = -1;
}

const uint64_t *outside_tree_find(const OutsideTree *tree, pid_t pid)
{
        size_t low = 0, high = tree->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                if (tree->pid[middle] < pid)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < tree->n && tree->pid[low] == pid ? &tree->process[low] : NULL;
}

/* ---- what is connected now ---- */

/* A value of `known`: the round it was last seen in, and what is known. A process may be younger than the
 * list of the run's: what nobody had is looked for twice. */
enum { MISSED = 1, SETTLED = 2 };

static void *known_value(unsigned round, unsigned what)
{
        return (void *)((uintptr_t)round << 2 | what);
}

static int take_pair(const SocketPair *pair, void *data)
{
        Search *s = data;
        OutsideSockets *sockets = s->sockets;

        uintptr_t known = (uintptr_t)map_get(sockets->known, pair->client);
        if (known)
                map_put(sockets->known, pair->client, known_value(sockets->round, known & 3));
        if ((known & 3) == SETTLED)
                return 0;
        if (s->n == NEW_MAX) {
                s->cut = true;
                return 0;
        }
        s->wanted[s->n++] = (Wanted){.pair = *pair, .missed = known != 0};
        return 0;
}

static bool was_not_seen(uint64_t inode, void *value, void *data)
{
        return (uintptr_t)value >> 2 != (uintptr_t)data >> 2;
}

/* TCP's table is large even when it is empty: nobody walks it for fewer than two sockets. */
static bool has_tcp(const Host *host)
{
        static const struct {
                const char *file, *key;
        } counts[] = {{"proc/net/sockstat", "TCP: inuse "}, {"proc/net/sockstat6", "TCP6: inuse "}};
        uint64_t sum = 0;

        for (size_t i = 0; i < ARRAY_LENGTH(counts); i++) {
                char text[1024];
                ssize_t n = host_read(host, counts[i].file, text, sizeof text);
                const char *at = n > 0 ? strstr(text, counts[i].key) : NULL;
                uint64_t value;
                if (!at)
                        continue;
                at += strlen(counts[i].key);
                if (scan_u64(&at, text + n, &value) == 0)
                        sum += value;
        }
        return sum >= 2;
}

static int list_connections(Search *s, bool tcp_too)
{
        OutsideSockets *sockets = s->sockets;

        sockets->round++;
        int r = socket_diag_unix(sockets->fd, take_pair, s), tcp = 0;
        if (tcp_too && has_tcp(s->host))
                tcp = socket_diag_tcp(sockets->fd, &sockets->scratch, take_pair, s);
        if (r < 0 && tcp < 0)
                return r;
        if (tcp_too && r == 0 && tcp == 0)
                map_remove_if(sockets->known, was_not_seen, known_value(sockets->round, 0));
        return 0;
}

/* ---- who is at the ends ---- */

static int index_ends(Search *s)
{
        int r = 0;

        for (size_t i = 0; r == 0 && i < s->n; i++) {
                r = map_put(s->by_inode, s->wanted[i].pair.client, (void *)(uintptr_t)((i + 1) * 2));
                if (r == 0)
                        r = map_put(s->by_inode, s->wanted[i].pair.server, (void *)(uintptr_t)((i + 1) * 2 + 1));
        }
        return r;
}

static void take_inode(Search *s, uint64_t inode)
{
        uintptr_t value = (uintptr_t)map_get(s->by_inode, inode);

        if (value == 0)
                return;
        Wanted *w = &s->wanted[value / 2 - 1];
        const uint64_t *process = outside_tree_find(s->tree, s->pid);
        pid_t *end = value % 2 ? &w->server : &w->client;
        if (*end && !process)
                return; /* of several that share it, one of the run's counts */
        *end = s->pid;
        if (!(value % 2) && process)
                w->process = *process;
}

static int take_link(const char *name, void *data)
{
        static const char prefix[] = "socket:[";
        Search *s = data;
        char path[64], target[64];
        uint64_t inode;

        if (++s->links > LINKS_MAX)
                return 1;
        snprintf(path, sizeof path, "proc/%d/fd/%.12s", (int)s->pid, name);
        ssize_t n = host_readlink(s->host, path, target, sizeof target);
        if (n <= (ssize_t)sizeof prefix || memcmp(target, prefix, sizeof prefix - 1) != 0)
                return 0;
        const char *at = target + sizeof prefix - 1;
        if (scan_u64(&at, target + n, &inode) == 0)
                take_inode(s, inode);
        return 0;
}

/* False: enough for this time. */
static bool search_process(Search *s, pid_t pid)
{
        char path[64];

        snprintf(path, sizeof path, "proc/%d/fd", (int)pid);
        _cleanup_close_ int fd = host_open(s->host, path);
        s->pid = pid;
        if (fd >= 0)
                numbers_walk(fd, take_link, s);
        return s->links <= LINKS_MAX;
}

/* Every process of the run, beginning where the last search was cut off. */
static void search_tree(Search *s)
{
        size_t n = s->tree->n;

        for (size_t i = 0; i < n; i++) {
                size_t at = (s->sockets->turn + i) % n;
                if (search_process(s, s->tree->pid[at]))
                        continue;
                s->sockets->turn = at;
                s->cut = true;
                return;
        }
        s->sockets->turn = 0;
}

static bool leads_out(const Wanted *w)
{
        return w->client && w->process && !w->server;
}

static int search_other(pid_t pid, void *data)
{
        Search *s = data;
        bool more = false;

        if (outside_tree_find(s->tree, pid))
                return 0;
        for (size_t i = 0; i < s->n && !more; i++)
                more = leads_out(&s->wanted[i]);
        return !more || !search_process(s, pid);
}

/* ---- what is told ---- */

void outside_peer_describe(const Host *host, OutsidePeer *peer)
{
        char arguments[PROC_CMDLINE_MAX + 1];
        _cleanup_string_ String shown = {0};
        ProcStat stat;
        size_t size;
        bool cut;

        if (proc_stat_read(host, peer->pid, &stat) == 0) {
                text_copy(peer->comm, sizeof peer->comm, stat.comm);
                peer->start_ticks = stat.start_ticks;
                peer->rss_pages = stat.rss_pages;
        }
        proc_uid_read(host, peer->pid, &peer->uid);
        if (proc_cmdline_read(host, peer->pid, arguments, &size, &cut) != 0 || size == 0)
                return;
        redact_arguments(&shown, arguments, size, cut);
        text_copy(peer->cmdline, sizeof peer->cmdline, string_get(&shown));
}

static void add_peer(Search *s, const Wanted *w, OutsidePeer *peers, size_t *n)
{
        OutsidePeer new = {.pid = w->server, .uid = -1, .tcp = w->pair.port > 0, .process = w->process,
                           .connections = 1, .cpu_ticks = UINT64_MAX, .rss_pages = UINT64_MAX};
        ProcStat stat;

        if (new.tcp)
                snprintf(new.address, sizeof new.address, "%u", w->pair.port);
        else
                text_copy(new.address, sizeof new.address, w->pair.path);
        if (new.pid && proc_stat_read(s->host, new.pid, &stat) == 0)
                new.start_ticks = stat.start_ticks;
        for (size_t i = 0; i < *n; i++) {
                OutsidePeer *p = &peers[i];
                if (p->pid == new.pid && p->start_ticks == new.start_ticks && p->tcp == new.tcp &&
                    text_equal(p->address, new.address)) {
                        p->connections++;
                        p->process = new.process;
                        return;
                }
        }
        if (*n == OUTSIDE_PEERS_MAX)
                return;
        if (new.pid)
                outside_peer_describe(s->host, &new);
        peers[(*n)++] = new;
}

/* Known from now on: whoever holds it does not change. One whose search was cut off is tried again. */
static void settle(Search *s, OutsidePeer *peers, size_t *n_peers)
{
        for (size_t i = 0; i < s->n; i++) {
                const Wanted *w = &s->wanted[i];
                if (!w->client && s->cut)
                        continue;
                if (map_size(s->sockets->known) < KNOWN_MAX)
                        map_put(s->sockets->known, w->pair.client,
                                known_value(s->sockets->round, w->client || w->missed ? SETTLED : MISSED));
                if (w->client && w->process && !(w->server && outside_tree_find(s->tree, w->server)))
                        add_peer(s, w, peers, n_peers);
        }
}

int outside_sockets_look(OutsideSockets *sockets, const Host *host, const OutsideTree *tree, bool tcp,
                         OutsidePeer *peers, size_t *n_peers)
{
        _cleanup_(map_freep) Map *by_inode = NULL;
        _cleanup_free_ Wanted *wanted = calloc(NEW_MAX, sizeof *wanted);
        Search s = {.sockets = sockets, .host = host, .tree = tree, .wanted = wanted};

        if (!wanted || map_new(&by_inode) < 0)
                return -ENOMEM;
        s.by_inode = by_inode;
        int r = tree->n > 0 ? list_connections(&s, tcp) : 0;
        if (r == 0 && s.n > 0)
                r = index_ends(&s);
        if (r < 0 || s.n == 0)
                return r;
        search_tree(&s);
        bool out = false;
        for (size_t i = 0; i < s.n; i++)
                out |= leads_out(&s.wanted[i]);
        s.links = 0;
        if (out)
                proc_pids_walk(host, search_other, &s);
        settle(&s, peers, n_peers);
        return 0;
}
