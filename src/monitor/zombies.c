/* Who ended waits in a ring until it is old enough; most are gone then, which a signal of nothing tells cheaply. */
#include "monitor/zombies.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "host/proc-identity.h"

enum { FEW = 32, MANY_EVERY_S = 10 /* where more than a few stand, looking costs */, AT_ONCE = 100 /* are told */ };

struct Zombies {
        const Host *host;
        uint64_t hz;
        Zombie recent[ZOMBIES_RECENT]; /* a ring, oldest first */
        size_t first, n;
        Map *standing; /* by key; the zombies are owned */
        uint64_t next_look_ns;
};

int zombies_new(const Host *host, Zombies **ret)
{
        _cleanup_(zombies_freep) Zombies *z = calloc(1, sizeof *z);
        long hz = sysconf(_SC_CLK_TCK);

        if (!z || map_new(&z->standing) < 0)
                return -ENOMEM;
        z->host = host;
        z->hz = hz > 0 ? (uint64_t)hz : 100;
        *ret = TAKE(z);
        return 0;
}

static bool drop_all(uint64_t key, void *value, void *data)
{
        free(value);
        return true;
}

Zombies *zombies_free(Zombies *z)
{
        if (!z)
                return NULL;
        if (z->standing)
                map_remove_if(z->standing, drop_all, NULL);
        map_free(z->standing);
        free(z);
        return NULL;
}

static Zombie zombie_of(const Process *p)
{
        Zombie zombie = {.key = p->key, .start_ns = p->start_ns, .end_ns = p->end_ns, .pid = p->pid};

        memcpy(zombie.comm, p->comm, sizeof zombie.comm);
        zombie.comm[sizeof zombie.comm - 1] = '\0';
        return zombie;
}

void zombies_note(Zombies *z, const Process *p)
{
        if (z->n < ZOMBIES_RECENT)
                z->recent[(z->first + z->n++) % ZOMBIES_RECENT] = zombie_of(p);
}

/* Still there, ended, and the same as then. */
static bool stands(const Zombies *z, const Zombie *zombie, ProcStat *ret)
{
        if (kill(zombie->pid, 0) < 0 && errno != EPERM)
                return false;
        return proc_stat_read(z->host, zombie->pid, ret) == 0 && proc_is_over(ret) &&
               (zombie->start_ns == 0 || proc_start_ticks(zombie->start_ns, z->hz) == ret->start_ticks);
}

/* True: it was told of. */
static bool begin(Zombies *z, const Zombie *zombie, ZombieFn fn, void *data)
{
        ProcStat stat, parent;

        if (map_size(z->standing) >= ZOMBIES_MAX || map_get(z->standing, zombie->key) || !stands(z, zombie, &stat) ||
            proc_stat_read(z->host, stat.ppid, &parent) != 0)
                return false;
        Zombie *copy = malloc(sizeof *copy);
        if (!copy)
                return false;
        *copy = *zombie;
        if (map_put(z->standing, zombie->key, copy) < 0) {
                free(copy);
                return false;
        }
        fn(zombie, &parent, data);
        return true;
}

typedef struct Look {
        Zombies *zombies;
        ZombieFn fn;
        void *data;
} Look;

static bool drop_gone(uint64_t key, void *value, void *data)
{
        const Look *look = data;
        ProcStat stat;

        if (stands(look->zombies, value, &stat))
                return false;
        look->fn(value, NULL, look->data);
        free(value);
        return true;
}

void zombies_look(Zombies *z, const ProcessTable *table, uint64_t now_ns, ZombieFn fn, void *data)
{
        Look look = {z, fn, data};
        size_t position = 0, told = 0;
        Process *p;

        if (now_ns < z->next_look_ns)
                return;
        map_remove_if(z->standing, drop_gone, &look);
        for (; z->n > 0 && told < AT_ONCE && z->recent[z->first].end_ns + ZOMBIE_NS <= now_ns; z->n--) {
                told += begin(z, &z->recent[z->first], fn, data);
                z->first = (z->first + 1) % ZOMBIES_RECENT;
        }
        while (told < AT_ONCE && process_table_next_exited(table, &position, &p))
                if (p->wanted && p->end_ns + ZOMBIE_NS <= now_ns) {
                        const Zombie zombie = zombie_of(p);
                        told += begin(z, &zombie, fn, data);
                }
        z->next_look_ns = now_ns + (map_size(z->standing) > FEW ? MANY_EVERY_S : 1) * NS_PER_SECOND;
}
