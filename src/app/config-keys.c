/* The keys themselves. A monitor's own come from its MonitorKey table. */
#include "app/config-keys.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/recording.h"
#include "base/clock.h"
#include "base/text.h"
#include "config/presets.h"
#include "detect/thresholds.h"
#include "send/send.h"
#include "store/parquet/parquet.h"
#include "sweep/cpus.h"
#include "sweep/jobs.h"
#include "sweep/sweep.h"

enum { DAY_S = 86400, THRESHOLD_MOST = 10000 /* percent, degrees */ };

static const char *const sources[] = {"auto", "bpf", "perf", "poll", NULL};
static const char *const compressions[] = {"zstd", "snappy", "gzip", "brotli", "lz4", "none", NULL};

static int check_compression(const char *text, Error *expected)
{
        ParquetCodec codec;

        if (parquet_codec_parse(text, &codec) < 0 || !parquet_codec_available(codec))
                return error_set(expected, EINVAL, "a compression that this vigia was built with");
        return 0;
}

static int check_destination(const char *text, Error *expected)
{
        Destination to = {0};
        Error why = {0};
        int r = destination_parse(text, &to, &why);

        destination_done(&to);
        return r < 0 ? error_set(expected, r, "a destination; %s", why.message) : 0;
}

static int check_ssh(const char *text, Error *expected)
{
        Error why = {0};
        int r = send_check_ssh(text, &why);

        return r < 0 ? error_set(expected, r, "words of a command; %s", why.message) : 0;
}

static const char *const orders[] = {"given", "random", NULL};
static const char *const schedulings[] = {"off", "adaptive", "manual", NULL};

static const SettingKey fixed_keys[] = {
        {"run.interval", SETTING_DURATION, "50ms (attach -a: 1s)", "time between samples of processes",
         .min = NS_PER_MS, .max = 3600 * NS_PER_SECOND},
        {"run.label", SETTING_TEXT, "the command's name", "name of the run"},
        {"run.source", SETTING_TEXT, "auto", "capture source (auto: the best that works)",
         .choices = sources},
        {"run.match", SETTING_TEXT, NULL, "processes outside the tree that belong, a regular expression",
         .check = setting_check_regex},
        {"run.rules", SETTING_TEXT, "builtin", "rules that say what each process is for, a file"},
        {"run.pss_budget", SETTING_REAL, "1 (attach -a: 0.6)", "CPU for reading PSS, in percent of one core", .max = 100},
        {"run.compression", SETTING_TEXT, "zstd", "compression of the tables", .choices = compressions,
         .check = check_compression},
        {"run.cgroup", SETTING_BOOL, "yes", "a cgroup of its own for the command"},
        {"run.output_log", SETTING_BOOL, "yes", "keep what the command writes in output.log"},
        {"run.timeout", SETTING_DURATION, NULL, "stop the command then", .min = NS_PER_MS,
         .max = 366ull * DAY_S * NS_PER_SECOND},
        {"run.user", SETTING_TEXT, NULL, "run the command as this user"},
        {"run.report", SETTING_BOOL, "yes", "a summary at the end"},
        {"run.html", SETTING_BOOL, "no", "a page for a browser at the end: report.html"},
        {"run.quiet", SETTING_BOOL, "no", "print nothing but errors"},
        {"run.verbose", SETTING_NUMBER, "0", "say more (1), much more (2)", .max = 2},
        {"run.export", SETTING_WORDS, NULL, "made in the run's folder when it is over", .check = recording_check_export},
        {"run.send", SETTING_TEXT, NULL, "send the run there when it is over", .check = check_destination},
        {"send.ssh", SETTING_TEXT, "ssh", "the ssh command, blanks between its words", .check = check_ssh},
        {"send.rsync", SETTING_BOOL, "yes", "use rsync where both sides have it"},
        {"send.connect_timeout", SETTING_DURATION, "10s", "for a host to answer", .min = NS_PER_SECOND,
         .max = 3600 * NS_PER_SECOND},
        {"send.timeout", SETTING_DURATION, "10m (vigia send: none)", "give up then; the archive stays", .min = NS_PER_SECOND,
         .max = 7ull * DAY_S * NS_PER_SECOND},
        {"run.preset", SETTING_TEXT, NULL, "monitors and settings for a kind of work"},
        {"sweep.jobs", SETTING_WORDS, "1, 2, 4 … all CPUs", "the -j to build with", .numbers = true,
         .check = sweep_jobs_check},
        {"sweep.repeat", SETTING_NUMBER, "1", "builds at each -j", .min = 1, .max = SWEEP_REPEAT_MAX},
        {"sweep.order", SETTING_TEXT, "given", "of the -j, in each round", .choices = orders},
        {"sweep.pre_clean", SETTING_BOOL, "yes", "clean before a build"},
        {"sweep.post_clean", SETTING_BOOL, "yes", "clean after a build"},
        {"sweep.warm_up", SETTING_BOOL, "no", "one build more in front, left out of the result"},
        {"sweep.keep_going", SETTING_BOOL, "no", "go on after a build that failed"},
        {"sweep.limit", SETTING_DURATION, NULL, "end the sweep then", .min = NS_PER_MS,
         .max = 366ull * DAY_S * NS_PER_SECOND},
        {"sweep.scheduling", SETTING_TEXT, "off", "CPUs of build and recorder apart", .choices = schedulings},
        {"sweep.affinity", SETTING_BOOL, "yes", "no: scheduling is off, whatever it says"},
        {"sweep.build_cpus", SETTING_WORDS, "the others", "of scheduling manual: CPUs of the build",
         .numbers = true, .check = cpu_set_check},
        {"sweep.recorder_cpus", SETTING_WORDS, "the others", "of scheduling manual: CPUs of the recorder",
         .numbers = true, .check = cpu_set_check},
        {"sweep.recorder_cpu", SETTING_NUMBER, NULL, "of scheduling adaptive: a CPU that is not the build's",
         .max = CPUS_MAX - 1},
        {"monitors.on", SETTING_WORDS, NULL, "monitors beside those that are on by themselves"},
        {"monitors.off", SETTING_WORDS, NULL, "monitors to leave out"},
        {"monitors.only", SETTING_WORDS, NULL, "these monitors and no other (process: none)"},
};

#define LATER "a later version will use it"
#define OTHER "of another program"

/* The tables that the specification names for later, and the shape of MyMonitor's config.toml. */
static const SettingOther other_keys[] = {
        {"redact", NULL, LATER},
        {"rules", NULL, LATER},
        {"monitor.collection.interval_seconds", "run.interval", NULL},
        {"monitor.storage.compression", "run.compression", NULL},
        {"monitor.general.default_jobs", "sweep.jobs", NULL},
        {"monitor.general.skip_plots", NULL, OTHER},
        {"monitor.general.log_root_dir", NULL, OTHER},
        {"monitor.general.categorization_cache_size", NULL, OTHER},
        {"monitor.collection.metric_type", NULL, OTHER},
        {"monitor.collection.pss_collector_mode", NULL, OTHER},
        {"monitor.collection.process_check_interval", NULL, OTHER},
        {"monitor.collection.monitoring_timeout", NULL, OTHER},
        {"monitor.collection.graceful_shutdown_timeout", NULL, OTHER},
        {"monitor.scheduling.scheduling_policy", "sweep.scheduling", NULL},
        {"monitor.scheduling.monitor_core", "sweep.recorder_cpu", NULL},
        {"monitor.scheduling.manual_build_cores", "sweep.build_cpus", NULL},
        {"monitor.scheduling.manual_monitoring_cores", "sweep.recorder_cpus", NULL},
        {"monitor.scheduling.enable_cpu_affinity", "sweep.affinity", NULL},
        {"monitor.scheduling.max_concurrent_monitors", NULL, OTHER},
        {"monitor.scheduling.thread_name_prefix", NULL, OTHER},
        {"monitor.storage.format", NULL, OTHER},
        {"monitor.storage.generate_legacy_formats", NULL, OTHER},
        {"monitor.hybrid", NULL, OTHER},
        {NULL},
};

/* Places, and what vigia's own build and tests use. */
static const char *const variables[] = {
        "VIGIA_DIR", "VIGIA_CONFIG", "VIGIA_CGROUP_WAIT", "VIGIA_BUILD", "VIGIA_UPDATE_GOLDEN", "VIGIA_VM_*", NULL,
};

/* ---- [[monitor]] ---- */

static const char *const formats[] = {"key-value", "number", "table", "regex", NULL};
static const char *const kinds[] = {"gauge", "counter", NULL};
static const char *const column_kinds[] = {"gauge", "counter", "key", "text", NULL};
static const char *const types[] = {"auto", "u64", "i64", "f64", "text", NULL};

static const SettingKey column_keys[COLUMN_KEYS] = {
        [COLUMN_KEY_NAME] = {"name", SETTING_TEXT, NULL, "in the table", .required = true},
        [COLUMN_KEY_SOURCE] = {"source", SETTING_TEXT, "the name", "its key, heading or group in the text"},
        [COLUMN_KEY_FIELD] = {"field", SETTING_NUMBER, NULL, "of a table: which field, from 1", .min = 1,
                              .max = 1024},
        [COLUMN_KEY_TYPE] = {"type", SETTING_TEXT, "auto", "of its values", .choices = types},
        [COLUMN_KEY_KIND] = {"kind", SETTING_TEXT, "the monitor's", "what the values mean",
                             .choices = column_kinds},
        [COLUMN_KEY_UNIT] = {"unit", SETTING_TEXT, "as found", "bytes, us, percent …"},
        [COLUMN_KEY_SCALE] = {"scale", SETTING_REAL, "1", "values are multiplied by it"},
        [COLUMN_KEY_NOISE] = {"noise", SETTING_REAL, NULL, "changes up to this are not worth a row"},
        [COLUMN_KEY_HELP] = {"help", SETTING_TEXT, NULL, "one line"},
};

static const SettingList column_list = {"columns", column_keys, COLUMN_KEYS, COLUMN_KEY_NAME};

static const SettingKey declared_keys[DECLARED_KEYS] = {
        [DECLARED_KEY_NAME] = {"name", SETTING_TEXT, NULL, "of the monitor and its table",
                               .required = true},
        [DECLARED_KEY_HELP] = {"help", SETTING_TEXT, NULL, "one line for vigia monitors"},
        [DECLARED_KEY_ENABLED] = {"enabled", SETTING_BOOL, "yes", "on without being asked for"},
        [DECLARED_KEY_FILE] = {"file", SETTING_TEXT, NULL, "the file to read; an absolute path"},
        [DECLARED_KEY_COMMAND] = {"command", SETTING_TEXTS, NULL,
                                  "its output is read: a text for the shell, or a list of words"},
        [DECLARED_KEY_HOST_PREFIX] = {"host_prefix", SETTING_TEXT, NULL,
                                      "goes before file: where the host's tree is mounted"},
        [DECLARED_KEY_ENVIRONMENT] = {"environment", SETTING_TEXTS, NULL, "NAME=VALUE for the command"},
        [DECLARED_KEY_INTERVAL] = {"interval", SETTING_DURATION, "1s", "time between samples",
                                   .min = NS_PER_MS, .max = DAY_S * NS_PER_SECOND},
        [DECLARED_KEY_TIMEOUT] = {"timeout", SETTING_DURATION, "the interval, at most 10s",
                                  "the command is killed then", .min = NS_PER_MS,
                                  .max = DAY_S * NS_PER_SECOND},
        [DECLARED_KEY_FORMAT] = {"format", SETTING_TEXT, "key-value", "what the text looks like",
                                 .choices = formats},
        [DECLARED_KEY_KIND] = {"kind", SETTING_TEXT, "gauge", "what the values mean", .choices = kinds},
        [DECLARED_KEY_UNIT] = {"unit", SETTING_TEXT, "as found", "of all columns: bytes, us, percent …"},
        [DECLARED_KEY_SCALE] = {"scale", SETTING_REAL, "1", "values are multiplied by it"},
        [DECLARED_KEY_NOISE] = {"noise", SETTING_REAL, NULL, "changes up to this are not worth a row"},
        [DECLARED_KEY_COLUMNS] = {"columns", SETTING_TABLES, "all that are found",
                                  "names, or tables of what is said about each", .list = &column_list},
        [DECLARED_KEY_PATTERN] = {"pattern", SETTING_TEXT, NULL,
                                  "of format regex: its named groups are the columns"},
        [DECLARED_KEY_SEPARATOR] = {"separator", SETTING_TEXT, "as found", "between fields: one character"},
        [DECLARED_KEY_COMMENT] = {"comment", SETTING_TEXT, "#", "begins a line to be passed over",
                                  .empty = true},
        [DECLARED_KEY_KEY] = {"key", SETTING_TEXT, NULL, "of format table: heading of the key column"},
        [DECLARED_KEY_HEADER] = {"header", SETTING_BOOL, "yes", "of format table: the first line has names"},
        [DECLARED_KEY_SKIP] = {"skip", SETTING_NUMBER, "0", "lines at the beginning that are nothing",
                               .max = 1024},
};

const SettingList config_declared_list = {"monitor", declared_keys, DECLARED_KEYS, DECLARED_KEY_NAME};

/* ---- [monitors.NAME] ---- */

static SettingKind setting_kind(MonitorKeyKind kind)
{
        switch (kind) {
        case MONITOR_KEY_TEXTS:
                return SETTING_TEXTS;
        case MONITOR_KEY_NUMBER:
                return SETTING_NUMBER;
        case MONITOR_KEY_DURATION:
                return SETTING_DURATION;
        case MONITOR_KEY_BYTES:
                return SETTING_BYTES;
        case MONITOR_KEY_BOOL:
                return SETTING_BOOL;
        }
        return SETTING_TEXT;
}

typedef struct Keys {
        Settings *settings;
        SettingKey *keys;
        size_t n;
        bool failed;
} Keys;

static void add_key(Keys *k, const Monitor *m, const char *name, SettingKey key)
{
        char path[SETTING_PATH_MAX];
        int n = snprintf(path, sizeof path, "monitors.%s.%s", m->name, name);

        for (char *c = path; *c; c++)
                if (*c == '-')
                        *c = '_';
        key.name = n < (int)sizeof path ? settings_copy(k->settings, path, (size_t)n) : NULL;
        k->failed |= !key.name;
        k->keys[k->n++] = key;
}

/* [findings] */
static void add_thresholds(Keys *k)
{
        size_t n;
        const ThresholdKey *thresholds = threshold_keys(&n);

        for (size_t i = 0; i < n; i++) {
                char path[SETTING_PATH_MAX];
                int size = snprintf(path, sizeof path, "findings.%s", thresholds[i].name);
                const char *name = size < (int)sizeof path ? settings_copy(k->settings, path, (size_t)size) : NULL;
                k->failed |= !name;
                SettingKey *key = &k->keys[k->n++];
                *key = (SettingKey){.name = name, .kind = SETTING_REAL, .initial = thresholds[i].initial, .help = thresholds[i].help};
                switch (thresholds[i].kind) {
                case THRESHOLD_BYTES:
                        key->kind = SETTING_BYTES;
                        break;
                case THRESHOLD_DURATION:
                        key->kind = SETTING_DURATION;
                        key->min = NS_PER_SECOND;
                        key->max = 366ull * DAY_S * NS_PER_SECOND;
                        break;
                case THRESHOLD_PERCENT:
                case THRESHOLD_CELSIUS:
                        key->max = THRESHOLD_MOST;
                        break;
                case THRESHOLD_NUMBER:
                        break;
                }
        }
}

static const char *interval_text(Settings *settings, uint64_t interval_us)
{
        static const SettingKey key = {.kind = SETTING_DURATION};
        SettingValue value = {.key = &key, .number = interval_us * NS_PER_US};
        _cleanup_string_ String text = {0};

        setting_value_add(&text, &value);
        return settings_copy(settings, string_get(&text), text.size);
}

static void add_monitor(Keys *k, const Monitor *m)
{
        add_key(k, m, "enabled",
                (SettingKey){.kind = SETTING_BOOL,
                             .initial = m->off ? "no" : "yes",
                             .help = m->what});
        if (m->interval_us > 0)
                add_key(k, m, "interval",
                        (SettingKey){.kind = SETTING_DURATION,
                                     .initial = interval_text(k->settings, m->interval_us),
                                     .help = "time between samples",
                                     .min = NS_PER_MS,
                                     .max = DAY_S * NS_PER_SECOND});
        for (const MonitorKey *own = m->keys; own && own->name; own++)
                add_key(k, m, own->name,
                        (SettingKey){.kind = setting_kind(own->kind), .help = own->help});
}

/* The presets are the build's; so are the choices. */
static int add_presets(Settings *settings, SettingKey *keys, size_t n)
{
        size_t n_presets = 0;

        while (presets[n_presets].name)
                n_presets++;
        const char **names = settings_allocate(settings, (n_presets + 1) * sizeof *names);
        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n_presets; i++)
                names[i] = presets[i].name;
        for (size_t i = 0; i < n; i++)
                if (text_equal(keys[i].name, "run.preset"))
                        keys[i].choices = names;
        return 0;
}

static size_t count_keys(const Monitor *const *list)
{
        size_t n = 0;

        for (; list && *list; list++) {
                n += 2;
                for (const MonitorKey *own = (*list)->keys; own && own->name; own++)
                        n++;
        }
        return n;
}

int config_schema(Settings *settings, Monitor *const *more, const SettingSchema **ret)
{
        const Monitor *const *declared = (const Monitor *const *)more;
        size_t n_thresholds;
        threshold_keys(&n_thresholds);
        size_t n = ARRAY_LENGTH(fixed_keys) + n_thresholds + count_keys(monitors) + count_keys(declared);
        Keys k = {.settings = settings, .keys = settings_allocate(settings, n * sizeof *k.keys)};
        SettingSchema *schema = settings_allocate(settings, sizeof *schema);

        if (!k.keys || !schema)
                return -ENOMEM;
        memcpy(k.keys, fixed_keys, sizeof fixed_keys);
        k.n = ARRAY_LENGTH(fixed_keys);
        add_thresholds(&k);
        for (size_t i = 0; monitors[i]; i++)
                add_monitor(&k, monitors[i]);
        for (size_t i = 0; declared && declared[i]; i++)
                add_monitor(&k, declared[i]);
        *schema = (SettingSchema){
                .keys = k.keys,
                .n_keys = k.n,
                .others = other_keys,
                .variables = "VIGIA_",
                .short_section = "run.",
                .known_variables = variables,
        };
        *ret = schema;
        return k.failed ? -ENOMEM : add_presets(settings, k.keys, ARRAY_LENGTH(fixed_keys));
}
