/* StartTransientUnit, then JobRemoved of the job it returned. */
#include "record/command-cgroup-systemd.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/library.h"
#include "base/macros.h"
#include "base/text.h"

typedef struct Api {
        __typeof__(&sd_bus_new) bus_new;
        __typeof__(&sd_bus_set_address) set_address;
        __typeof__(&sd_bus_set_bus_client) set_bus_client;
        __typeof__(&sd_bus_start) start;
        __typeof__(&sd_bus_match_signal_async) match_signal;
        __typeof__(&sd_bus_message_new_method_call) new_call;
        __typeof__(&sd_bus_message_append) append;
        __typeof__(&sd_bus_message_append_array) append_array;
        __typeof__(&sd_bus_message_open_container) open;
        __typeof__(&sd_bus_message_close_container) close;
        __typeof__(&sd_bus_message_read) read;
        __typeof__(&sd_bus_message_unref) message_unref;
        __typeof__(&sd_bus_call) call;
        __typeof__(&sd_bus_process) process;
        __typeof__(&sd_bus_wait) wait;
        __typeof__(&sd_bus_error_has_name) error_has_name;
        __typeof__(&sd_bus_error_free) error_free;
        __typeof__(&sd_bus_close_unref) close_unref;
} Api;

static const LibrarySymbol symbols[] = {
        {"sd_bus_new", offsetof(Api, bus_new)},
        {"sd_bus_set_address", offsetof(Api, set_address)},
        {"sd_bus_set_bus_client", offsetof(Api, set_bus_client)},
        {"sd_bus_start", offsetof(Api, start)},
        {"sd_bus_match_signal_async", offsetof(Api, match_signal)},
        {"sd_bus_message_new_method_call", offsetof(Api, new_call)},
        {"sd_bus_message_append", offsetof(Api, append)},
        {"sd_bus_message_append_array", offsetof(Api, append_array)},
        {"sd_bus_message_open_container", offsetof(Api, open)},
        {"sd_bus_message_close_container", offsetof(Api, close)},
        {"sd_bus_message_read", offsetof(Api, read)},
        {"sd_bus_message_unref", offsetof(Api, message_unref)},
        {"sd_bus_call", offsetof(Api, call)},
        {"sd_bus_process", offsetof(Api, process)},
        {"sd_bus_wait", offsetof(Api, wait)},
        {"sd_bus_error_has_name", offsetof(Api, error_has_name)},
        {"sd_bus_error_free", offsetof(Api, error_free)},
        {"sd_bus_close_unref", offsetof(Api, close_unref)},
};

typedef struct Scope {
        Api api;
        const ScopeRequest *request;
        sd_bus *bus;
        char job[256]; /* object path */
        bool finished;
        char result[32]; /* "done", "failed", … */
} Scope;

/* It stays loaded. */
static int load(Api *api, Error *why)
{
        void *handle;

        return library_load("libsystemd.so.0", symbols, ARRAY_LENGTH(symbols), api, &handle, why);
}

static uint64_t left_us(const Scope *scope)
{
        uint64_t now = clock_monotonic_ns(), deadline = scope->request->deadline_ns;

        return deadline > now ? (deadline - now) / NS_PER_US : 0;
}

/* sd_bus_message_handler_t of JobRemoved: (uoss) id, job, unit, result. */
static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
        Scope *scope = data;
        const char *job, *unit, *result;
        uint32_t id;

        if (scope->api.read(message, "uoss", &id, &job, &unit, &result) < 0)
                return 0;
        if (scope->job[0] && text_equal(job, scope->job)) {
                scope->finished = true;
                text_copy(scope->result, sizeof scope->result, result);
        }
        return 0;
}

static int connect_bus(Scope *scope, Error *why)
{
        const Api *api = &scope->api;
        int r = api->bus_new(&scope->bus);

        if (r >= 0)
                r = api->set_address(scope->bus, scope->request->address);
        if (r >= 0)
                r = api->set_bus_client(scope->bus, 1);
        if (r >= 0)
                r = api->start(scope->bus);
        if (r >= 0)
                r = api->match_signal(scope->bus, NULL, NULL, "/org/freedesktop/systemd1",
                                      "org.freedesktop.systemd1.Manager", "JobRemoved",
                                      on_job_removed, NULL, scope);
        if (r < 0)
                return error_set_errno(why, r, "D-Bus at %s", scope->request->address);
        return 0;
}

static int append_pids(const Scope *scope, sd_bus_message *call)
{
        const Api *api = &scope->api;
        uint32_t pids[8];
        size_t n = MIN(scope->request->n_pids, ARRAY_LENGTH(pids));

        for (size_t i = 0; i < n; i++)
                pids[i] = (uint32_t)scope->request->pids[i];
        int r = api->open(call, 'r', "sv");
        if (r >= 0)
                r = api->append(call, "s", "PIDs");
        if (r >= 0)
                r = api->open(call, 'v', "au");
        if (r >= 0)
                r = api->append_array(call, 'u', pids, n * sizeof *pids);
        if (r >= 0)
                r = api->close(call);
        return r < 0 ? r : api->close(call);
}

/* Accounting is what we came for. TasksMax: a scope would otherwise get the default limit that
 * the command did not have before; the slice's go on to hold. OOMPolicy (a scope has it since
 * v253): systemd is not to end the whole command because the kernel killed one process of it. */
static int append_properties(const Scope *scope, sd_bus_message *call, bool oom_policy)
{
        const Api *api = &scope->api;
        int r = api->append(call, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s",
                            scope->request->description, "MemoryAccounting", "b", 1,
                            "CPUAccounting", "b", 1, "TasksAccounting", "b", 1, "TasksMax", "t",
                            UINT64_MAX, "CollectMode", "s", "inactive-or-failed");

        if (r >= 0 && oom_policy)
                r = api->append(call, "(sv)", "OOMPolicy", "s", "continue");
        if (r >= 0 && scope->request->slice[0])
                r = api->append(call, "(sv)", "Slice", "s", scope->request->slice);
        return r < 0 ? r : append_pids(scope, call);
}

static int new_call(const Scope *scope, bool oom_policy, sd_bus_message **ret)
{
        const Api *api = &scope->api;
        int r = api->new_call(scope->bus, ret, "org.freedesktop.systemd1",
                              "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                              "StartTransientUnit");

        if (r >= 0)
                r = api->append(*ret, "ss", scope->request->unit, "fail");
        if (r >= 0)
                r = api->open(*ret, 'a', "(sv)");
        if (r >= 0)
                r = append_properties(scope, *ret, oom_policy);
        if (r >= 0)
                r = api->close(*ret);
        return r < 0 ? r : api->append(*ret, "a(sa(sv))", 0);
}

/* 1: this systemd does not know a property of ours. */
static int start_unit(Scope *scope, bool oom_policy, Error *why)
{
        const Api *api = &scope->api;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus_message *call = NULL, *reply = NULL;
        const char *job = NULL;
        uint64_t left = left_us(scope);
        int r = left ? new_call(scope, oom_policy, &call) : -ETIMEDOUT;

        if (r >= 0)
                r = api->call(scope->bus, call, left, &error, &reply);
        if (r >= 0)
                r = api->read(reply, "o", &job);
        if (r >= 0 && !text_copy(scope->job, sizeof scope->job, job))
                r = -ENAMETOOLONG;
        if (r < 0 && oom_policy &&
            api->error_has_name(&error, "org.freedesktop.DBus.Error.PropertyReadOnly"))
                r = 1;
        else if (r == -ETIMEDOUT)
                error_set(why, r, "systemd did not answer in time");
        else if (r < 0)
                error_set(why, r, "systemd refused a scope: %s",
                          error.message ? error.message : strerror(-r));
        else
                r = 0;
        api->message_unref(call);
        api->message_unref(reply);
        api->error_free(&error);
        return r;
}

static int wait_for_job(Scope *scope, Error *why)
{
        const Api *api = &scope->api;

        while (!scope->finished) {
                int r = api->process(scope->bus, NULL);
                if (r < 0)
                        return error_set_errno(why, r, "the bus closed before the scope was there");
                if (r > 0)
                        continue;
                uint64_t left = left_us(scope);
                if (left == 0)
                        return error_set(why, ETIMEDOUT, "systemd did not make the scope in time");
                r = api->wait(scope->bus, left);
                if (r < 0 && r != -EINTR)
                        return error_set_errno(why, r, "D-Bus");
        }
        if (!text_equal(scope->result, "done"))
                return error_set(why, EIO, "systemd could not make the scope (%s)", scope->result);
        return 0;
}

int systemd_scope_start(const ScopeRequest *request, Error *why)
{
        Scope scope = {.request = request};
        int r = load(&scope.api, why);

        if (r < 0)
                return r;
        r = connect_bus(&scope, why);
        if (r == 0) {
                r = start_unit(&scope, true, why);
                if (r > 0)
                        r = start_unit(&scope, false, why);
        }
        if (r == 0)
                r = wait_for_job(&scope, why);
        scope.api.close_unref(scope.bus);
        return r;
}

int systemd_scope_available(void)
{
        return 1;
}
