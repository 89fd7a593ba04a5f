/*
 * The parts of the monitor `outside`: who is not in the run, but may have worked for it.
 *
 * A look (outside-cpu.c) is one reading of every process's CPU time; two looks tell what each has used,
 * with the children it has waited for. Connections (outside-sockets.c) are joined with the descriptors
 * of the run's processes first, and of all others only when one of the run's leads out of it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/hash.h"
#include "host/host.h"
#include "host/socket-diag.h"

enum {
        OUTSIDE_TREE_MAX = 4096,  /* processes of the run that are looked at */
        OUTSIDE_LOOK_MAX = 16384, /* processes of the machine */
        OUTSIDE_PEERS_MAX = 64,
        OUTSIDE_BUSY_MAX = 16,
        OUTSIDE_CMDLINE_MAX = 512,
};

/* ---- outside-cpu.c ---- */

typedef struct OutsideProcess {
        pid_t pid, ppid;
        uint64_t start_ticks;
        uint64_t ticks;     /* CPU time, its own and that of children it has waited for */
        uint64_t own_ticks;
        uint64_t rss_pages;
        int64_t grown;      /* since the first look; after outside_look_compare */
        bool kernel;        /* a thread of the kernel */
        char comm[16];
} OutsideProcess;

typedef struct OutsideLook {
        OutsideProcess *items; /* by pid */
        size_t n, capacity;
        uint64_t uptime_ticks; /* when: since the machine began */
} OutsideLook;

/* Reads all; what was there is replaced. 0 or -errno. */
int outside_look_read(OutsideLook *look, const Host *host, uint64_t uptime_ticks);
void outside_look_done(OutsideLook *look);
OutsideProcess *outside_look_find(const OutsideLook *look, pid_t pid); /* NULL: none */

/* Fills `grown` of `now`: what each has used since `first`, itself and children it waited for since; not
 * what those had used before. A process younger than the first look began at 0. */
void outside_look_compare(const OutsideLook *first, OutsideLook *now);

/* CPU time of a process and all that descends from it, since the first look. */
uint64_t outside_look_subtree(const OutsideLook *now, pid_t pid);

/* ---- outside-sockets.c ---- */

typedef struct OutsideTree {
        pid_t pid[OUTSIDE_TREE_MAX]; /* ascending */
        uint64_t process[OUTSIDE_TREE_MAX];
        size_t n;
} OutsideTree;

const uint64_t *outside_tree_find(const OutsideTree *tree, pid_t pid); /* its key; NULL: not in the run */

/* A process outside, by what the run was connected to. */
typedef struct OutsidePeer {
        pid_t pid;             /* 0: not ours to see */
        uint64_t start_ticks;
        int64_t uid;           /* -1 unknown */
        bool tcp;
        char address[SOCKET_PATH_SIZE]; /* a path, "@name", or a port */
        char comm[16], cmdline[OUTSIDE_CMDLINE_MAX];
        uint64_t process;      /* of the run, connected last */
        uint64_t connections;  /* seen */
        uint64_t cpu_ticks, rss_pages; /* UINT64_MAX unknown */
} OutsidePeer;

typedef struct OutsideSockets {
        int fd;          /* of socket_diag_open */
        Map *known;      /* by inode of the client's end: told already, or of no interest */
        Buffer scratch;
        unsigned round;
        size_t turn;     /* where in the tree the next search begins */
} OutsideSockets;

int outside_sockets_open(OutsideSockets *sockets, Error *err); /* 0 or -errno with a sentence */
void outside_sockets_done(OutsideSockets *sockets);

/* Adds to peers what is connected now and was not told yet, by unix sockets and, if asked for, by TCP.
 * 0 or -errno. */
int outside_sockets_look(OutsideSockets *sockets, const Host *host, const OutsideTree *tree, bool tcp,
                         OutsidePeer *peers, size_t *n_peers);

/* Fills comm, cmdline (secrets masked), uid, start_ticks of a peer whose pid is set. */
void outside_peer_describe(const Host *host, OutsidePeer *peer);
