# Read by the guest suites: results as TAP lines, and what a run says of itself.
export VIGIA_DIR=/tmp/runs
at=/tmp/run

# record COMMAND…: a run in $at, which is new; as_nobody likewise.
record()
{
        rm -rf "$at"
        vigia run --no-report -q -o "$at" -- "$@"
}

as_nobody()
{
        rm -rf "$at"
        su nobody -c "vigia run --no-report -q -o $at -- $*"
}

# ok NAME: counts the exit status of what ran before it.
ok()
{
        if [ $? -eq 0 ]; then
                echo "ok - $1"
        else
                echo "not ok - $1"
                [ -f /tmp/why ] && sed 's/^/#   /' /tmp/why
        fi
        rm -f /tmp/why
}

# What run.json of that run says.
info()
{
        jq -r "$1" "$at/run.json"
}

# A figure of its processes, a line a row.
processes()
{
        vigia export "$at" --to json --table processes -o - | jq -r "$1"
}

# is VALUE WANTED; what differs is kept for ok.
is()
{
        [ "$1" = "$2" ] && return 0
        echo "got $1, wanted $2" >/tmp/why
        return 1
}

# between LOW VALUE HIGH
between()
{
        [ "$2" -ge "$1" ] 2>/dev/null && [ "$2" -le "$3" ] && return 0
        echo "got $2, wanted $1 to $3" >/tmp/why
        return 1
}

# A unit test's own cases, as TAP; "ok 3 - name" loses its number.
unit()
{
        CMOCKA_MESSAGE_OUTPUT=TAP "$@" 2>/tmp/unit.err | grep -E '^(not )?ok ' |
                sed 's/^\(not ok\|ok\) [0-9]* - /\1 - '"$(basename "$1")"': /' || cat /tmp/unit.err
}

# Cgroup folders of vigia's that are there.
folders()
{
        find /sys/fs/cgroup -name 'vigia-*' -type d | wc -l
}

# A figure of any table of that run, a line a row.
rows() # TABLE FILTER
{
        vigia export "$at" --to json --table "$1" -o - | jq -r "$2"
}

# Runs a function or program in a cgroup below the root.
into() # CGROUP COMMAND…
{
        cgroup=$1
        shift
        echo $$ >"/sys/fs/cgroup/$cgroup/cgroup.procs"
        "$@"
        status=$?
        echo $$ >/sys/fs/cgroup/cgroup.procs
        return $status
}

# What `vigia monitors probe` says of one to an ordinary user, in /tmp/probe.
probe() # MONITOR
{
        su nobody -c 'vigia monitors probe --json' | jq ".monitors[] | select(.name == \"$1\")" >/tmp/probe
}

# What the run's first finding says of itself.
first() # FILTER
{
        vigia report --json "$at" | jq -r ".findings[0] | $1"
}
