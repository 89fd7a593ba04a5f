/* The time between two rows counts to what the first of them said. */
#include "detect/episode.h"

bool episode_note(Episode *e, int64_t t_ns, double value, EpisodeLevel level, bool higher_is_worse)
{
        bool news = level > e->worst_level;

        if (e->any && e->now != EPISODE_FINE && t_ns > e->last_ns)
                e->total_ns += (uint64_t)(t_ns - e->last_ns);
        e->from_the_start |= !e->any && level != EPISODE_FINE;
        e->any = true;
        e->now = level;
        e->last_ns = t_ns;
        if (level == EPISODE_FINE)
                return false;
        if (e->worst_level == EPISODE_FINE)
                e->first_ns = t_ns;
        if (e->worst_level == EPISODE_FINE || (higher_is_worse ? value > e->worst : value < e->worst)) {
                e->worst = value;
                e->worst_ns = t_ns;
        }
        if (news)
                e->worst_level = level;
        return news;
}

Severity episode_severity(const Episode *e)
{
        return e->worst_level == EPISODE_CRITICAL ? SEVERITY_CRITICAL
               : e->worst_level == EPISODE_WARNING ? SEVERITY_WARNING
                                                   : SEVERITY_INFO;
}

void episode_duration(const Episode *e, String *to)
{
        char length[FORMAT_MAX];

        if (e->from_the_start)
                string_add(to, "from the start");
        if (e->total_ns > 0)
                string_add_format(to, "%sfor %s", to->size > 0 ? ", " : "", format_duration(length, e->total_ns));
}
