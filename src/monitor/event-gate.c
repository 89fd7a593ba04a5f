/* An epoll descriptor (pollable itself) over the monitor's and a timer. */
#include "monitor/event-gate.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "table/process-tables.h"

static int watch(int epoll_fd, int fd)
{
        struct epoll_event event = {.events = EPOLLIN};

        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 || errno == EPERM)
                return 0; /* EPERM: a regular file */
        return -errno;
}

int event_gate_init(EventGate *gate, int fd)
{
        *gate = (EventGate){.epoll_fd = -1, .timer_fd = -1};
        gate->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        if (gate->epoll_fd < 0)
                return -errno;
        gate->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        if (gate->timer_fd < 0)
                return -errno;
        int r = watch(gate->epoll_fd, fd);
        return r < 0 ? r : watch(gate->epoll_fd, gate->timer_fd);
}

void event_gate_done(EventGate *gate)
{
        gate->timer_fd = fd_close(gate->timer_fd);
        gate->epoll_fd = fd_close(gate->epoll_fd);
}

static bool is_over(const EventGate *gate, uint64_t now_ns)
{
        return gate->since_ns == 0 || now_ns - gate->since_ns >= NS_PER_SECOND;
}

bool event_gate_pass(EventGate *gate, uint64_t now_ns, bool critical)
{
        struct itimerspec second = {.it_value.tv_sec = 1};

        /* What an earlier second left out has to be said first. */
        if (is_over(gate, now_ns) && gate->left_out == 0) {
                gate->since_ns = now_ns;
                gate->used = 0;
        }
        if (gate->used < (critical ? EVENT_GATE_CRITICAL : EVENT_GATE_LINES)) {
                gate->used++;
                return true;
        }
        if (gate->left_out++ == 0)
                timerfd_settime(gate->timer_fd, 0, &second, NULL);
        return false;
}

uint64_t event_gate_take(EventGate *gate, uint64_t now_ns)
{
        uint64_t expirations, n = gate->left_out;
        bool woken = read(gate->timer_fd, &expirations, sizeof expirations) > 0;

        if (n == 0 || !(woken || is_over(gate, now_ns)))
                return 0;
        gate->left_out = 0;
        gate->since_ns = 0;
        return n;
}

void event_gate_wake(EventGate *gate)
{
        struct itimerspec at_once = {.it_value.tv_nsec = 1};

        timerfd_settime(gate->timer_fd, 0, &at_once, NULL);
}

int event_row_add(Batch *rows, const MonitorTick *tick, const EventRow *row)
{
        size_t before = batch_rows(rows);
        int64_t ago_ns = row->ago_ns > INT64_MAX ? INT64_MAX : (int64_t)row->ago_ns;
        int r = batch_add_row(rows);

        if (r < 0)
                return r;
        batch_set_i64(rows, EVENT_TIME, tick->realtime_ns - ago_ns);
        batch_set_i64(rows, EVENT_T_NS, tick->t_ns - ago_ns);
        if (row->pid > 0)
                batch_set_i64(rows, EVENT_PID, row->pid);
        if (row->in_run)
                batch_set_u64(rows, EVENT_PROCESS, row->process);
        r = batch_set_textz(rows, EVENT_KIND, row->kind);
        if (r == 0)
                r = batch_set_textz(rows, EVENT_SEVERITY, row->severity);
        if (r == 0)
                r = batch_set_text(rows, EVENT_TEXT, row->text, row->size);
        if (r < 0)
                batch_truncate(rows, before);
        return r;
}

typedef struct Search {
        pid_t pid;
        uint64_t process;
} Search;

static int is_wanted(const MonitorProcess *process, void *data)
{
        Search *search = data;

        if (process->pid != search->pid)
                return 0;
        search->process = process->process;
        search->pid = 0;
        return 1;
}

bool event_find_process(const MonitorScope *scope, pid_t pid, uint64_t *ret)
{
        Search search = {.pid = pid};

        if (!scope || pid <= 0)
                return false;
        scope->each(scope, is_wanted, &search);
        if (search.pid != 0)
                return false;
        *ret = search.process;
        return true;
}
