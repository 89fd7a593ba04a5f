# The monitor of named perf events, against programs whose truth is known.
load common

setup()
{
        common_setup
        [[ -r /proc/sys/kernel/perf_event_paranoid ]] || skip "this kernel has no perf events"
        [[ $(id -u) == 0 && $USER_NAME == root ]] || skip "counts the kernel, which needs root"
        local why
        why=$(monitor-rows / perf | jq -r 'select(.absent) | .absent')
        [[ -z $why ]] || skip "$why"
}

# events NAME…: a configuration that counts them.
events()
{
        printf '[monitors.perf]\nenabled = true\nevents = ["%s"' "$1" >vigia.toml
        [[ $# == 1 ]] || printf ', "%s"' "${@:2}" >>vigia.toml
        printf ']\n' >>vigia.toml
        chmod a+r vigia.toml
}

# Of the event's last row: last EVENT JQ-PATH.
last()
{
        rows perf | jq -s -r --arg event "$1" "map(select(.event == \$event)) | last | $2"
}

@test "perf: CPU time of the tree is what another counter of the kernel's says, and no less than wait" {
        events task-clock page-faults
        record -c vigia.toml -- truth truth.json burn 300 200 2
        rows perf >all
        is "$(jq -s 'map(.scope) | unique == ["command"]' all)" == true
        within "$(last task-clock .value)" "$(jq .task_clock_ns truth.json)" 0.01 5e6
        # Interrupts and a busy hypervisor are in it, and not in what wait tells.
        is "$(last task-clock '.value / 1e3')" '>=' "$(jq '(.user_us + .system_us) * 0.98 - 5000' truth.json)"
        is "$(last page-faults .value)" '>=' 50
        [[ $(last task-clock .unit) == ns ]]
}

@test "perf: every fork and exec of the tree is counted, by tracepoints" {
        [[ -r /sys/kernel/tracing/events/sched/sched_process_fork/id ]] || skip "tracefs is not mounted"
        events sched:sched_process_fork sched:sched_process_exec
        record -c vigia.toml -- forkstorm 120
        is "$(last sched:sched_process_fork .value)" == 120
        is "$(last sched:sched_process_exec .value)" == 121
}

@test "perf: what the processor does not offer is null and says why; the rest is counted" {
        events task-clock r0
        record -c vigia.toml -- burn 50 0
        is "$(last task-clock .value)" '>' 1e7
        if [[ $(last r0 .why) != null ]]; then
                [[ $(last r0 .value) == null && $(last r0 .why) == "perf: r0 cannot be counted"* ]]
        fi
}

@test "perf: a name that is none is said, and the recording goes on" {
        events task-clock cyclez
        record -c vigia.toml -- true
        [[ $(info '.monitors[] | select(.name == "perf") | .why') == "perf: there is no event cyclez"* ]]
        [[ $(figure processes length) == 1 ]]
}

@test "perf: processes that run already, and what they fork from then on" {
        sh -c 'while :; do burn 20 0 >/dev/null; done' &
        local pid=$!
        events task-clock
        as_user "$VIGIA" attach -c vigia.toml -p $pid -d 3 -o "$RUN" 2>/dev/null
        kill $pid
        [[ $(last task-clock .scope) == processes ]]
        is "$(last task-clock .value)" '>' 1e7
}

@test "perf: an ordinary user counts user space, and is told how to count more" {
        [[ $(</proc/sys/kernel/perf_event_paranoid) == 2 ]] || skip "kernel.perf_event_paranoid is not 2"
        events page-faults context-switches
        chmod a+rwx . && chown nobody "$DIR"
        USER_NAME=nobody record -c vigia.toml --source poll -- burn 50 0
        is "$(last page-faults:u .value)" '>' 0
        [[ $(last context-switches .value) == null ]]
        [[ $(last context-switches .why) == *"sysctl kernel.perf_event_paranoid=1"* ]]
}
