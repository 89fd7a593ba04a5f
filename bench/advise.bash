# The advice's forecast against real sweeps: each tree is built at -j 1, 2 and 4, each level is forecast from every
# recording at another level, and compared with what it took there. Nothing of the model is fitted to these trees.
# BENCH_TREES='lua zstd redis git vigia' (and bash), BENCH_REPEAT=2, BENCH_KEEP=FOLDER for the sweeps; Debian's sources are fetched by apt, the rest is here.

LEVELS=1,2,4

# Debian's source package NAME into $PLACE/sources, from where this machine has its packages, without touching its
# lists. Leaves its folder in SOURCE.
fetch_source() # NAME
{
        local lists=$PLACE/apt from
        local -a apt=(apt-get -q -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$PLACE/apt.d"
                -o Dir::State::lists="$lists" -o APT::Sandbox::User=root)
        mkdir -p "$lists/partial" "$PLACE/sources/$1"
        if [[ ! -e $PLACE/apt.d ]]; then
                mkdir "$PLACE/apt.d"
                for from in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
                        [[ ! -f $from ]] || sed -E 's/^Types:.*/Types: deb-src/; s/^deb /deb-src /' "$from" >"$PLACE/apt.d/${from##*/}"
                done
                "${apt[@]}" update >"$PLACE/apt.log" 2>&1 || return 1
        fi
        (cd "$PLACE/sources/$1" && "${apt[@]}" source "$1") >>"$PLACE/apt.log" 2>&1 || return 1
        SOURCE=$(find "$PLACE/sources/$1" -mindepth 1 -maxdepth 1 -type d | head -n 1)
        [[ -n $SOURCE ]]
}

# Leaves DIR, BUILD_COMMAND and CLEAN_COMMAND of a tree.
set_up_tree() # NAME
{
        case $1 in
        lua)
                fetch_source lua5.4 && DIR=$PLACE/sources/lua && mkdir -p "$DIR" &&
                        tar -xf "$PLACE"/sources/lua5.4/*.orig.tar.* -C "$DIR" --strip-components=1 &&
                        BUILD_COMMAND="make -j{j} linux" CLEAN_COMMAND="make clean"
                ;;
        zstd)
                fetch_source libzstd && DIR=$SOURCE/programs &&
                        BUILD_COMMAND="make -j{j} zstd" CLEAN_COMMAND="make clean; make -C ../lib clean"
                ;;
        redis)
                fetch_source redis && DIR=$SOURCE &&
                        BUILD_COMMAND="make -j{j} MALLOC=libc OPTIMIZATION=-O0" CLEAN_COMMAND="make distclean"
                ;;
        git)
                fetch_source git && DIR=$SOURCE && CLEAN_COMMAND="make clean" &&
                        BUILD_COMMAND="make -j{j} NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PERL=1 NO_PYTHON=1 NO_OPENSSL=1 CFLAGS=-O0 all"
                ;;
        bash)
                fetch_source bash && DIR=$SOURCE && (cd "$DIR" && ./configure -q --without-bash-malloc CFLAGS=-O0 >"$PLACE/configure.log" 2>&1) &&
                        BUILD_COMMAND="make -j{j}" CLEAN_COMMAND="make clean"
                ;;
        vigia)
                make_tree && DIR=$PLACE/tree && BUILD_COMMAND="ninja -C build -j{j}" CLEAN_COMMAND="ninja -C build -t clean"
                ;;
        *) return 1 ;;
        esac
}

# One line a pair of recording and level: FROM TO WALL-ERROR PEAK-ERROR PSS-ERROR, in percent with their sign. The
# forecast is for as many CPUs as others left in the builds at that level: who else is busy is nothing to foresee.
forecast_errors() # SWEEP
{
        local run level left known=$PLACE/known.jsonl forecasts=$PLACE/forecasts.jsonl
        : >"$known"
        : >"$forecasts"
        for run in "$1"/j*-*/; do
                run=${run%/}
                # shellcheck disable=SC2016
                vigia advise "$run" --json | jq -c --arg run "${run##*/}" '{run: $run, jobs: ($run | ltrimstr("j") | split("-")[0] | tonumber),
                        cpus: .machine.cpus_supposed, outside: .machine.outside_cpus, peak: .build.peak_bytes}' >>"$known"
        done
        for level in ${LEVELS//,/ }; do
                left=$(jq -s "map(select(.jobs == $level).cpus) | add / length" "$known")
                for run in "$1"/j*-*/; do
                        run=${run%/}
                        [[ ${run##*/} == j"$level"-* ]] && continue
                        vigia advise "$run" -j "$level" --cores "$left" --json |
                                jq -c --arg run "${run##*/}" '{from: ($run | ltrimstr("j") | split("-")[0] | tonumber)} + .levels[0]' >>"$forecasts"
                done
        done
        # shellcheck disable=SC2016
        jq -r -s --slurpfile sweep "$1/sweep.json" --slurpfile known "$known" '
                def median: sort | if length % 2 == 1 then .[(length - 1) / 2] else (.[length / 2] + .[length / 2 - 1]) / 2 end;
                .[] | .jobs as $to
                | ($sweep[0].runs | map(select(.state == "done" and .jobs == $to))) as $runs
                | select($runs | length > 0)
                | (($runs | map(.wall_ns / 1e9) | median)) as $wall | ($runs | map(.peak_bytes) | median) as $pss
                | ($known | map(select(.jobs == $to).peak) | median) as $peak
                | "\(.from) \($to) \((.wall_s.expected / $wall - 1) * 100) \((.peak_bytes.expected / $peak - 1) * 100) \((.peak_bytes.expected / $pss - 1) * 100)"' "$forecasts"
}

# The largest of a column, without signs, of the means of repeats.
worst() # COLUMN
{
        awk -v c="$1" '{ k = $1 " " $2; sum[k] += $c; n[k]++ }
                END { for (k in sum) { v = sum[k] / n[k]; v = v < 0 ? -v : v; if (v > most) most = v } printf "%.1f", most }'
}

# "1→2 +3, 1→4 -2": the means of repeats.
pairs_of() # COLUMN
{
        awk -v c="$1" '{ k = $1 "→" $2; sum[k] += $c; n[k]++; if (n[k] == 1) order[++m] = k }
                END { for (i = 1; i <= m; i++) printf "%s%s %+.0f", (i > 1 ? ", " : ""), order[i], sum[order[i]] / n[order[i]] }'
}

bench_advise()
{
        local tree sweep errors DIR BUILD_COMMAND CLEAN_COMMAND SOURCE
        for tree in ${BENCH_TREES:-lua zstd redis git vigia}; do
                note "forecasts of $tree at -j $LEVELS, ${BENCH_REPEAT:-2} builds each"
                if ! set_up_tree "$tree"; then
                        note "skipped: no sources of $tree ($(tail -n 1 "$PLACE/apt.log" 2>/dev/null))"
                        continue
                fi
                printf '[[projects]]\nname = "%s"\nbuild = "%s"\nclean = "%s"\n' "$tree" "$BUILD_COMMAND" "$CLEAN_COMMAND" >"$PLACE/advise.toml"
                sweep=$PLACE/advise-$tree
                if ! vigia sweep -q --projects "$PLACE/advise.toml" -C "$DIR" -j "$LEVELS" --repeat "${BENCH_REPEAT:-2}" -o "$sweep" "$tree" >"$PLACE/sweep.log" 2>&1; then
                        note "skipped: $tree cannot be built here: $(tail -n 1 "$PLACE/sweep.log")"
                        continue
                fi
                errors=$(forecast_errors "$sweep")
                line "forecast of $tree, wall, worst error %" "$(worst 3 <<<"$errors")" 15 "$(pairs_of 3 <<<"$errors")"
                line "  peak, pages once, worst error %" "$(worst 4 <<<"$errors")" 10 "$(pairs_of 4 <<<"$errors")"
                line "  against the recorded PSS" "$(worst 5 <<<"$errors")" "" "$(pairs_of 5 <<<"$errors")"
                line "  CPUs that others had meanwhile" "$(jq -s 'map(.outside // 0) | max * 100 | round / 100' "$PLACE/known.jsonl")" "" "at most, of $(nproc)"
                [[ -z ${BENCH_KEEP-} ]] || { mkdir -p "$BENCH_KEEP" && cp -r "$sweep" "$BENCH_KEEP/"; }
                rm -rf "$sweep"
        done
}
