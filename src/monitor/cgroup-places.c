/* The first controller that has the run somewhere says where; the others are compared with it. */
#include "monitor/cgroup-places.h"

#include "base/text.h"

static const char *const controllers[CGROUP_CONTROLLERS] = {"memory", "cpu", "cpuacct", "blkio", "pids"};

const CgroupPlace *cgroup_places_of(const CgroupPlaces *places, const char *controller)
{
        size_t i = 0;

        while (i + 1 < CGROUP_CONTROLLERS && !text_equal(controllers[i], controller))
                i++;
        return &places->places[i];
}

const char *cgroup_places_wanted(const MonitorContext *context)
{
        const MonitorSetting *setting = monitor_setting(context, "path");
        MonitorContext of = *context;

        of.monitor = monitor_find("cgroup"); /* whoever asks: above that one, then */
        if (!setting && of.monitor)
                setting = monitor_setting(&of, "path");
        return setting && setting->n_texts > 0 ? setting->texts[0] : context->cgroup;
}

static int take_first(const MonitorProcess *process, void *data)
{
        *(pid_t *)data = process->pid;
        return 1;
}

pid_t cgroup_places_pid(const MonitorContext *context)
{
        pid_t pid = context->root;

        if (pid == 0 && context->scope && !context->all)
                context->scope->each(context->scope, take_first, &pid);
        return pid;
}

bool cgroup_places_awaited(const MonitorContext *context)
{
        return !cgroup_places_wanted(context) && context->scope && !context->all &&
               cgroup_places_pid(context) == 0;
}

static void find_place(const MonitorContext *context, pid_t pid, const char *controller, CgroupPlace *ret)
{
        const char *wanted = cgroup_places_wanted(context);
        int r;

        ret->level = 0;
        if (wanted) {
                r = cgroup_path_at(context->host, wanted, controller, &ret->path);
        } else {
                r = cgroup_path_find(context->host, pid, controller, &ret->path);
                if (r == 0 && context->all) /* the machine's top, or the container's */
                        ret->level = ret->path.n_levels - 1;
        }
        ret->seen = r == 0;
}

bool cgroup_places_find(CgroupPlaces *places, const MonitorContext *context)
{
        const pid_t pid = cgroup_places_pid(context);
        char path[CGROUP_PATH_MAX];

        places->path[0] = '\0';
        for (size_t i = 0; i < CGROUP_CONTROLLERS; i++) {
                CgroupPlace *place = &places->places[i];
                find_place(context, pid, controllers[i], place);
                if (!place->seen)
                        continue;
                cgroup_path_level(&place->path, place->level, path);
                if (!places->path[0])
                        text_copy(places->path, sizeof places->path, path);
                else
                        place->seen = text_equal(places->path, path);
        }
        return places->path[0] != '\0';
}
