/* Both families of names, MyMonitor's and the shorter ones, are keys; which was used is nobody's
 * business behind this file. */
#include "sweep/project.h"

#include <errno.h>
#include <string.h>


enum {
        KEY_NAME,
        KEY_DIR,
        KEY_SETUP,
        KEY_SETUP_TEMPLATE,
        KEY_BUILD,
        KEY_BUILD_TEMPLATE,
        KEY_CLEAN,
        KEY_CLEAN_TEMPLATE,
        KEY_MATCH,
        KEY_PROCESS_PATTERN,
        KEY_ENVIRONMENT,
        KEY_JOBS,
        KEY_EXIT,
        KEYS,
};

static int check_exit(const char *text, Error *expected)
{
        uint64_t code;

        if (parse_u64z(text, &code) < 0 || code > 255)
                return error_set(expected, EINVAL, "exit codes from 0 to 255");
        return 0;
}

static int check_pair(const char *text, Error *expected)
{
        const char *equals = strchr(text, '=');

        if (!equals || equals == text)
                return error_set(expected, EINVAL, "NAME=VALUE");
        return 0;
}

static const SettingKey project_keys[KEYS] = {
        [KEY_NAME] = {"name", SETTING_TEXT, NULL, "what vigia sweep calls it", .required = true},
        [KEY_DIR] = {"dir", SETTING_TEXT, "the working directory", "where its commands run"},
        [KEY_SETUP] = {"setup", SETTING_TEXT, NULL, "shell command before all builds: configure", .empty = true},
        [KEY_SETUP_TEMPLATE] = {"setup_command_template", SETTING_TEXT, NULL, "the same", .empty = true},
        [KEY_BUILD] = {"build", SETTING_TEXT, NULL, "shell command to measure; {j} or <N> is the number of jobs"},
        [KEY_BUILD_TEMPLATE] = {"build_command_template", SETTING_TEXT, NULL, "the same"},
        [KEY_CLEAN] = {"clean", SETTING_TEXT, NULL, "shell command between builds", .empty = true},
        [KEY_CLEAN_TEMPLATE] = {"clean_command_template", SETTING_TEXT, NULL, "the same", .empty = true},
        [KEY_MATCH] = {"match", SETTING_TEXT, NULL, "processes outside the tree that belong, as --match",
                       .check = setting_check_regex},
        [KEY_PROCESS_PATTERN] = {"process_pattern", SETTING_TEXT, NULL,
                                 "the same by whole names of programs that are begun meanwhile in dir",
                                 .check = setting_check_regex, .empty = true},
        [KEY_ENVIRONMENT] = {"environment", SETTING_TEXTS, NULL, "variables of its commands", .pairs = true,
                             .check = check_pair},
        [KEY_JOBS] = {"jobs", SETTING_WORDS, NULL, "the -j to build with", .numbers = true,
                      .check = sweep_jobs_check},
        [KEY_EXIT] = {"expected_exit", SETTING_WORDS, "0", "exit codes that mean the build is fine",
                      .numbers = true, .check = check_exit},
};

const SettingList sweep_project_list = {"projects", project_keys, KEYS, KEY_NAME};

typedef struct Reading {
        Settings *settings;
        const SettingRecord *record;
        int result;
} Reading;

/* The text of either key. An empty one says that there is nothing to do. */
static const char *either(Reading *r, size_t key, size_t other)
{
        const SettingValue *a = r->record->values[key], *b = r->record->values[other];

        if (a && b) {
                settings_note(r->settings, SETTING_PROBLEM, &b->source, "%s is set beside %s; expected one of them",
                              project_keys[other].name, project_keys[key].name);
                r->result = -EINVAL;
        }
        a = a ? a : b;
        return a ? a->texts[0] : NULL;
}

static const char *text(const Reading *r, size_t key)
{
        return r->record->values[key] ? r->record->values[key]->texts[0] : NULL;
}

static void take_jobs(Reading *r, Project *to)
{
        const SettingValue *v = r->record->values[KEY_JOBS];

        for (size_t i = 0; v && i < v->n_texts; i++) {
                Error why = {0};
                if (sweep_jobs_add(&to->jobs, v->texts[i], &why) == 0)
                        continue;
                settings_note(r->settings, SETTING_PROBLEM, &v->source, "jobs has \"%s\"; expected %s", v->texts[i],
                              why.message);
                r->result = -EINVAL;
        }
}

static void take_exits(const Reading *r, Project *to)
{
        const SettingValue *v = r->record->values[KEY_EXIT];

        for (size_t i = 0; v && i < v->n_texts && to->n_exits < PROJECT_EXITS_MAX; i++) {
                uint64_t code = 0;
                parse_u64z(v->texts[i], &code); /* checked when it was read */
                to->exits[to->n_exits++] = (uint8_t)code;
        }
}

int project_from_record(Settings *settings, const SettingRecord *record, Project *ret)
{
        Reading r = {settings, record, 0};
        const SettingValue *environment = record->values[KEY_ENVIRONMENT];
        Project project = {
                .name = text(&r, KEY_NAME),
                .dir = text(&r, KEY_DIR),
                .setup = either(&r, KEY_SETUP, KEY_SETUP_TEMPLATE),
                .build = either(&r, KEY_BUILD, KEY_BUILD_TEMPLATE),
                .clean = either(&r, KEY_CLEAN, KEY_CLEAN_TEMPLATE),
                .match = text(&r, KEY_MATCH),
                .programs = text(&r, KEY_PROCESS_PATTERN),
                .environment = environment ? environment->texts : NULL,
                .n_environment = environment ? environment->n_texts : 0,
                .source = &record->source,
        };

        take_jobs(&r, &project);
        take_exits(&r, &project);
        if (r.result == 0)
                *ret = project;
        return r.result;
}

const SettingRecord *project_find(const Settings *settings, const char *name)
{
        for (size_t i = 0; i < settings_n_records(settings); i++) {
                const SettingRecord *record = settings_record(settings, i);
                if (record->list == &sweep_project_list &&
                    setting_name_equal(record->values[KEY_NAME]->texts[0], name))
                        return record;
        }
        return NULL;
}

int project_shipped(const char *name, Settings **ret_settings, Project *ret, Error *err)
{
        _cleanup_(settings_freep) Settings *settings = NULL;
        const ShippedProject *shipped = shipped_projects;

        while (shipped->name && !setting_name_equal(shipped->name, name))
                shipped++;
        if (!shipped->name)
                return -ENOENT;
        int r = settings_new(&settings);
        if (r == 0)
                r = settings_read_text(settings, LAYER_SYSTEM, shipped->name, shipped->text, shipped->size,
                                       SIZE_MAX);
        if (r == 0)
                r = settings_gather(settings, &sweep_project_list);
        if (r < 0)
                return error_set_errno(err, r, "project %s", name);
        const SettingRecord *record = project_find(settings, name);
        r = record ? project_from_record(settings, record, ret) : -EINVAL;
        if (r < 0)
                return settings_check(settings, err);
        *ret_settings = TAKE(settings);
        return 0;
}

/* Length of the alternative at the beginning of the text, up to a '|' that no group, class or
 * backslash holds. */
static size_t alternative(const char *text)
{
        unsigned depth = 0;
        bool in_class = false;
        size_t n = 0;

        for (; text[n]; n++) {
                if (text[n] == '\\' && text[n + 1])
                        n++;
                else if (in_class)
                        in_class = text[n] != ']';
                else if (text[n] == '[')
                        in_class = true;
                else if (text[n] == '(')
                        depth++;
                else if (text[n] == ')' && depth > 0)
                        depth--;
                else if (text[n] == '|' && depth == 0)
                        break;
        }
        return n;
}

bool project_programs_regex(const char *pattern, String *to)
{
        bool first = true;

        for (;;) {
                size_t n = alternative(pattern);
                bool ellipsis = strspn(pattern, ".") >= n; /* or nothing at all */
                if (!ellipsis) {
                        string_add(to, first ? "^(?:[^ ]*/)?(?:" : "|");
                        string_add_bytes(to, pattern, n);
                        first = false;
                }
                if (pattern[n] == '\0')
                        break;
                pattern += n + 1;
        }
        if (!first)
                string_add(to, ")(?: |$)");
        return !first && !to->failed;
}

void projects_check(Settings *settings)
{
        for (size_t i = 0; i < settings_n_records(settings); i++) {
                Project project;
                if (settings_record(settings, i)->list == &sweep_project_list)
                        project_from_record(settings, settings_record(settings, i), &project);
        }
}
