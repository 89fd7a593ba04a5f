# bash completion for vigia(1): commands, their options (from --help), runs.
# Names of hosts that ssh knows by its configuration.
_vigia_hosts()
{
        compgen -W "$(sed -n 's/^[[:space:]]*[Hh]ost[[:space:]]\{1,\}//p' ~/.ssh/config 2>/dev/null | tr ' ' '\n' |
                grep -v '[*?!]')" -- "$1"
}

_vigia()
{
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]-} i
        COMPREPLY=()

        if ((COMP_CWORD == 1)); then
                mapfile -t COMPREPLY < <(compgen -W "--help --version $(vigia --help 2>/dev/null |
                        sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p')" -- "$word")
                return
        fi
        # Behind `run` options comes another command, with its own completion.
        if [[ $verb == run || $verb == sweep ]]; then
                for ((i = 2; i < COMP_CWORD; i++)); do
                        [[ ${COMP_WORDS[i]} == -- ]] || continue
                        if declare -F _command_offset >/dev/null; then
                                _command_offset $((i + 1))
                        else
                                mapfile -t COMPREPLY < <(compgen -c -- "$word")
                        fi
                        return
                done
        fi
        case $previous in
        --export) mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" \
                -W 'nixos-csv memory-log perfetto folded summary.log' -- "${word##*,}") && return ;;
        --send) mapfile -t COMPREPLY < <(_vigia_hosts "$word"; compgen -d -- "$word") && return ;;
        --html) [[ $verb == report || $verb == compare ]] && mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
        --source) mapfile -t COMPREPLY < <(compgen -W 'bpf perf poll' -- "$word") && return ;;
        --compression) mapfile -t COMPREPLY < <(compgen -W 'zstd snappy gzip brotli lz4 none' -- "$word") && return ;;
        --table) mapfile -t COMPREPLY < <(compgen -W 'processes samples totals events' -- "$word") && return ;;
        --user) mapfile -t COMPREPLY < <(compgen -u -- "$word") && return ;;
        -c | --config) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
        --preset) mapfile -t COMPREPLY < <(compgen -W "$(vigia config show --preset '?' 2>&1 |
                sed -n 's/.*expected \([a-z, ]*\).*/\1/p' | sed 's/,//g; s/ or / /')" -- "$word") && return ;;
        -m | --monitor | -x | --without | --only)
                # The part behind the last comma, with what stands before it.
                mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" -W "$(vigia config keys 2>/dev/null |
                        sed -n 's/^monitors\.\([a-z_]*\)\.enabled$/\1/p')" -- "${word##*,}") && return
                ;;
        --by) case $verb in
                export) mapfile -t COMPREPLY < <(compgen -W 'cpu memory' -- "$word") && return ;;
                *) mapfile -t COMPREPLY < <(compgen -W 'label host' -- "$word") && return ;;
                esac ;;
        --to) mapfile -t COMPREPLY < <(compgen -W 'csv json parquet perfetto folded nixos-csv memory-log folio-migration summary.log' -- "$word") && return ;;
        -k | --kind) [[ $verb == plot ]] && mapfile -t COMPREPLY < <(compgen -W 'memory cpu processes column migration sweep categories' -- "$word") && return ;;
        --view) mapfile -t COMPREPLY < <(compgen -W 'major detailed other' -- "$word") && return ;;
        --metric) mapfile -t COMPREPLY < <(compgen -W 'pss rss cgroup' -- "$word") && return ;;
        --for) mapfile -t COMPREPLY < <(compgen -W 'make ninja cargo bazel nix cmake meson ccache systemd sysctl swap' -- "$word") && return ;;
        --theme) mapfile -t COMPREPLY < <(compgen -W 'light dark' -- "$word") && return ;;
        --format) [[ $verb == send ]] && mapfile -t COMPREPLY < <(compgen -W 'tar.zst tar.gz' -- "$word") && return
                mapfile -t COMPREPLY < <(compgen -W 'png svg pdf' -- "$word") && return ;;
        --figures) mapfile -t COMPREPLY < <(compgen -P "${word%"${word##*,}"}" \
                -W 'wall cpu user system peak rss cgroup processes' -- "${word##*,}") && return ;;
        --fail-on) [[ $verb == leak ]] && mapfile -t COMPREPLY < <(compgen -W 'slow leak' -- "$word") && return
                mapfile -t COMPREPLY < <(compgen -W 'info warning critical' -- "$word") && return ;;
        --order) mapfile -t COMPREPLY < <(compgen -W 'given random' -- "$word") && return ;;
        --scheduling) mapfile -t COMPREPLY < <(compgen -W 'off adaptive manual' -- "$word") && return ;;
        --projects) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
        -C | --dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") && return ;;
        --resume) mapfile -t COMPREPLY < <(
                compgen -W "last $(cd "${VIGIA_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/vigia/runs}" 2>/dev/null && ls -d -- *-sweep 2>/dev/null)" -- "$word"
                compgen -d -- "$word"
        ) && return ;;
        -o | --output | -r | --rules) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
        esac
        if [[ $word == -* ]]; then
                mapfile -t COMPREPLY < <(compgen -W "$(vigia "$verb" --help 2>/dev/null |
                        grep -oE -- '(^| )--?[a-z][a-z-]*' | tr -d ' ')" -- "$word")
                return
        fi
        case $verb in
        report | why | advise | plot | leak | compare | export | recover | status | snapshot | stop | kill)
                mapfile -t COMPREPLY < <(
                        compgen -W "last $(ls -- "${VIGIA_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/vigia/runs}" 2>/dev/null)" -- "$word"
                        compgen -d -- "$word"
                )
                ;;
        send)
                mapfile -t COMPREPLY < <(
                        compgen -W "last $(ls -- "${VIGIA_DIR:-${XDG_STATE_HOME:-$HOME/.local/state}/vigia/runs}" 2>/dev/null)" -- "$word"
                        _vigia_hosts "$word"
                        compgen -d -- "$word"
                )
                ;;
        monitors)
                mapfile -t COMPREPLY < <(compgen -W "probe $(vigia monitors 2>/dev/null |
                        sed -n 's/^  \([a-z_-]\{1,\}\) .*/\1/p')" -- "$word")
                ;;
        sweep)
                mapfile -t COMPREPLY < <(compgen -W "$(vigia sweep --list 2>/dev/null | sed -n 's/^  \([^ ]\{1,\}\) .*/\1/p')" -- "$word")
                ;;
        rules)
                if ((COMP_CWORD == 2)); then
                        mapfile -t COMPREPLY < <(compgen -W 'list test check' -- "$word")
                else
                        mapfile -t COMPREPLY < <(compgen -W builtin -- "$word"; compgen -f -- "$word")
                fi
                ;;
        config)
                if ((COMP_CWORD == 2)); then
                        mapfile -t COMPREPLY < <(compgen -W 'show check keys' -- "$word")
                else
                        mapfile -t COMPREPLY < <(compgen -f -- "$word")
                fi
                ;;
        convert | import) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        esac
}
complete -F _vigia vigia
