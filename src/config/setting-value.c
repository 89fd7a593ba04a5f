/* One value of a known kind, out of TOML or out of a variable's or option's text; and back into
 * words. A value that does not fit is told with what would. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/regex.h"
#include "config/settings-internal.h"

int setting_check_regex(const char *text, Error *expected)
{
        _cleanup_(regex_freep) Regex *regex = NULL;
        Error why = {0};
        int r = regex_new(text, &regex, &why);

        return r < 0 ? error_set(expected, r, "a regular expression; %s", why.message) : 0;
}

/* ---- into words ---- */

static void add_duration(String *to, uint64_t ns)
{
        static const struct {
                uint64_t ns;
                const char *name;
        } units[] = {{86400000000000, "d"}, {3600000000000, "h"}, {60000000000, "m"}, {1000000000, "s"},
                     {1000000, "ms"},       {1000, "us"},         {1, "ns"}};
        size_t i = 0;

        while (ns % units[i].ns != 0)
                i++;
        if (ns == 0)
                string_add(to, "0");
        else
                string_add_format(to, "%" PRIu64 "%s", ns / units[i].ns, units[i].name);
}

static void add_bytes(String *to, uint64_t bytes)
{
        static const char *const units[] = {"", " KiB", " MiB", " GiB", " TiB"};
        size_t i = 0;

        while (bytes > 0 && bytes % 1024 == 0 && i + 1 < ARRAY_LENGTH(units)) {
                bytes /= 1024;
                i++;
        }
        string_add_format(to, "%" PRIu64 "%s", bytes, units[i]);
}

static void add_number(String *to, SettingKind kind, uint64_t number)
{
        if (kind == SETTING_DURATION)
                add_duration(to, number);
        else if (kind == SETTING_BYTES)
                add_bytes(to, number);
        else if (kind == SETTING_BOOL)
                string_add(to, number ? "yes" : "no");
        else
                string_add_format(to, "%" PRIu64, number);
}

void setting_value_add(String *to, const SettingValue *value)
{
        SettingKind kind = value->key->kind;

        if (kind == SETTING_REAL)
                string_add_format(to, "%.15g", value->real);
        else if (kind == SETTING_TABLES)
                string_add_format(to, "%zu", value->n_records);
        else if (kind <= SETTING_WORDS && value->n_texts == 0)
                string_add(to, "none");
        else if (kind <= SETTING_WORDS)
                for (size_t i = 0; i < value->n_texts; i++)
                        string_add_format(to, "%s%s", i ? ", " : "", value->texts[i]);
        else
                add_number(to, kind, value->number);
}

/* ---- what was expected ---- */

static void add_choices(String *to, const char *const *choices)
{
        for (size_t i = 0; choices[i]; i++)
                string_add_format(to, "%s%s", i == 0 ? "" : choices[i + 1] ? ", " : " or ", choices[i]);
}

static void add_bounds(String *to, const SettingKey *key)
{
        if (key->max == 0)
                return;
        string_add(to, " from ");
        add_number(to, key->kind, key->min);
        string_add(to, " to ");
        add_number(to, key->kind, key->max);
}

void setting_expected_add(String *to, const SettingKey *key)
{
        static const char *const words[] = {
                [SETTING_TEXT] = "a text",
                [SETTING_TEXTS] = "a text or a list of texts",
                [SETTING_WORDS] = "a name or a list of names",
                [SETTING_TABLES] = "a list of names or tables",
                [SETTING_BOOL] = "true or false",
                [SETTING_NUMBER] = "a whole number",
                [SETTING_REAL] = "a number",
                [SETTING_DURATION] = "a time",
                [SETTING_BYTES] = "a size",
        };

        if (key->choices)
                add_choices(to, key->choices);
        else if (key->pairs)
                string_add(to, "a table of texts or a list of NAME=VALUE");
        else if (key->numbers)
                string_add(to, key->kind == SETTING_TEXT ? "a number or a text" : "a number or a list of them");
        else
                string_add(to, words[key->kind]);
        add_bounds(to, key);
}

/* As a person would write it there: quoted in a file. */
static void add_wanted(String *to, const SettingKey *key, bool in_file)
{
        if (key->kind == SETTING_BOOL && !in_file)
                string_add(to, "yes or no");
        else
                setting_expected_add(to, key);
        if (key->kind == SETTING_DURATION)
                string_add(to, in_file ? ", such as \"50ms\"" : ", such as 50ms");
        if (key->kind == SETTING_BYTES)
                string_add(to, in_file ? ", such as \"16 MiB\"" : ", such as 16MiB");
}

/* A value as somebody wrote it, for the first half of the sentence. */
typedef struct Written {
        Settings *settings;
        const SettingKey *key;
        SettingSource source;
        const char *text;  /* of a string; else NULL */
        const char *other; /* what it is instead: "an array" */
} Written;

static int wrong(const Written *w, const char *expected)
{
        _cleanup_string_ String sentence = {0};
        _cleanup_string_ String shown = {0};
        char hint[NEAREST_HINT_MAX] = "";
        bool in_file = w->source.place.line > 0;

        if (w->text && w->key->choices) {
                Nearest n = nearest_to(w->text);
                for (size_t i = 0; w->key->choices[i]; i++)
                        nearest_offer(&n, w->key->choices[i]);
                nearest_hint(&n, "", hint);
        }
        if (expected)
                string_add(&sentence, expected);
        else
                add_wanted(&sentence, w->key, in_file);
        if (w->text)
                string_add_shown(&shown, w->text, 48, false);
        if (in_file)
                settings_note(w->settings, SETTING_PROBLEM, &w->source,
                              w->text ? "%s is \"%s\"; expected %s%s" : "%s is %s; expected %s%s",
                              w->key->name, w->text ? string_get(&shown) : w->other,
                              string_get(&sentence), hint);
        else
                settings_note(w->settings, SETTING_PROBLEM, &w->source, "%s%s%s: expected %s%s",
                              w->source.name, w->source.layer == LAYER_ENVIRONMENT ? "=" : " ",
                              string_get(&shown), string_get(&sentence), hint);
        return -EINVAL;
}

/* ---- texts ---- */

static int check_text(const Written *w)
{
        const SettingKey *key = w->key;
        Error expected = {0};
        bool known = !key->choices;

        for (size_t i = 0; key->choices && key->choices[i] && !known; i++)
                known = text_equal(key->choices[i], w->text);
        if (!known)
                return wrong(w, NULL);
        if (strlen(w->text) > SETTING_TEXT_MAX)
                return wrong(w, "at most 65536 bytes");
        if (w->text[0] == '\0' && !key->empty)
                return wrong(w, "a text that is not empty");
        if (key->check && key->check(w->text, &expected) < 0)
                return wrong(w, expected.message);
        return 0;
}

/* Texts that are being gathered; they are borrowed. */
typedef struct Texts {
        const char *items[SETTING_TEXTS_MAX];
        size_t n;
} Texts;

static int add_text(Written *w, Texts *texts, const char *text)
{
        w->text = text;
        int r = check_text(w);
        if (r < 0)
                return r;
        if (texts->n == SETTING_TEXTS_MAX)
                return wrong(w, "a list of at most 1024");
        texts->items[texts->n++] = text;
        return 0;
}

static int add_words(Written *w, Texts *texts, const char *text)
{
        int result = 0;

        while (*text) {
                text += strspn(text, ", ");
                size_t n = strcspn(text, ",");
                size_t end = n;
                while (end > 0 && text[end - 1] == ' ')
                        end--;
                if (end > 0) {
                        const char *word = settings_copy(w->settings, text, end);
                        int r = word ? add_text(w, texts, word) : -ENOMEM;
                        result = r < 0 ? r : result;
                }
                text += n;
        }
        return result;
}

static int add_number_as_text(Written *w, Texts *texts, int64_t number)
{
        char digits[24];
        int n = snprintf(digits, sizeof digits, "%" PRId64, number);
        const char *copy = settings_copy(w->settings, digits, (size_t)n);

        return copy ? add_text(w, texts, copy) : -ENOMEM;
}

static int add_toml_text(Written *w, Texts *texts, const TomlValue *value)
{
        TomlText text;
        int64_t number;

        w->text = NULL;
        w->source.place = toml_place(value);
        w->other = toml_kind_name(toml_kind(value));
        if (w->key->numbers && toml_get_integer(value, &number))
                return add_number_as_text(w, texts, number);
        if (!toml_get_string(value, &text))
                return wrong(w, NULL);
        if (memchr(text.bytes, '\0', text.size)) {
                w->other = "a text with a NUL in it";
                return wrong(w, "one without");
        }
        return w->key->kind == SETTING_WORDS ? add_words(w, texts, text.bytes)
                                             : add_text(w, texts, text.bytes);
}

static int keep_texts(Settings *s, const Texts *texts, SettingValue *value)
{
        const char **copy = settings_allocate(s, (texts->n + 1) * sizeof *copy);

        if (!copy)
                return -ENOMEM;
        memcpy(copy, texts->items, texts->n * sizeof *copy);
        value->texts = copy;
        value->n_texts = texts->n;
        return 0;
}

/* A table of texts, as "NAME=VALUE" each. */
static int add_toml_pairs(Written *w, Texts *texts, const TomlValue *table)
{
        int result = 0;

        for (const TomlValue *v = toml_first(table); v; v = toml_next(v)) {
                _cleanup_string_ String pair = {0};
                TomlText name = toml_key(v), value = {0};
                int64_t number;
                char digits[24];

                w->text = NULL;
                w->source.place = toml_place(v);
                w->other = toml_kind_name(toml_kind(v));
                if (toml_get_integer(v, &number))
                        value = (TomlText){digits, (size_t)snprintf(digits, sizeof digits, "%" PRId64, number)};
                else if (!toml_get_string(v, &value) || memchr(value.bytes, '\0', value.size))
                        return wrong(w, "a text");
                string_add_bytes(&pair, name.bytes, name.size);
                string_add_char(&pair, '=');
                string_add_bytes(&pair, value.bytes, value.size);
                const char *copy = pair.failed || memchr(name.bytes, '\0', name.size)
                                           ? NULL
                                           : settings_copy(w->settings, string_get(&pair), pair.size);
                int r = copy ? add_text(w, texts, copy) : -ENOMEM;
                result = r < 0 ? r : result;
        }
        return result;
}

static int texts_from_toml(Written *w, const TomlValue *value, SettingValue *to)
{
        TomlKind kind = toml_kind(value);
        SettingKind wanted = w->key->kind;
        Texts texts;
        int result = 0;

        texts.n = 0;
        to->single = kind != TOML_ARRAY;
        if (kind == TOML_ARRAY && wanted != SETTING_TEXT)
                for (const TomlValue *v = toml_first(value); v; v = toml_next(v)) {
                        int r = add_toml_text(w, &texts, v);
                        result = r < 0 ? r : result;
                }
        else if (kind == TOML_TABLE && w->key->pairs)
                result = add_toml_pairs(w, &texts, value);
        else
                result = add_toml_text(w, &texts, value);
        return result < 0 ? result : keep_texts(w->settings, &texts, to);
}

/* ---- numbers ---- */

static int check_number(const Written *w, const SettingValue *value)
{
        const SettingKey *key = w->key;
        bool fits = key->max == 0 || (key->kind == SETTING_REAL
                                              ? value->real >= (double)key->min && value->real <= (double)key->max
                                              : value->number >= key->min && value->number <= key->max);

        return fits ? 0 : wrong(w, NULL);
}

static bool bool_from_text(const char *text, uint64_t *ret)
{
        static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};

        for (size_t i = 0; i < ARRAY_LENGTH(yes); i++)
                if (text_equal(text, yes[i]) || text_equal(text, no[i])) {
                        *ret = text_equal(text, yes[i]);
                        return true;
                }
        return false;
}

static int number_from_text(const Written *w, const char *text, SettingValue *to)
{
        bool fine = false;

        switch (w->key->kind) {
        case SETTING_BOOL:
                fine = bool_from_text(text, &to->number);
                break;
        case SETTING_NUMBER:
                fine = parse_u64z(text, &to->number) == 0;
                break;
        case SETTING_REAL:
                fine = parse_doublez(text, &to->real) == 0;
                break;
        case SETTING_DURATION:
                fine = parse_duration(text, &to->number) == 0;
                break;
        case SETTING_BYTES:
                fine = parse_bytes(text, &to->number) == 0;
                break;
        default:
                break;
        }
        return fine ? check_number(w, to) : wrong(w, NULL);
}

/* Seconds without quotes. */
static bool seconds(double value, uint64_t *ret)
{
        if (!(value >= 0 && value <= 9e9))
                return false;
        *ret = (uint64_t)llround(value * 1e9);
        return true;
}

static int number_from_toml(Written *w, const TomlValue *value, SettingValue *to)
{
        SettingKind kind = w->key->kind;
        TomlText text;
        int64_t integer = 0;
        double real = 0;
        bool boolean, fine = false;
        char shown[32];

        if (toml_get_string(value, &text) && (kind == SETTING_DURATION || kind == SETTING_BYTES) &&
            !memchr(text.bytes, '\0', text.size)) {
                w->text = text.bytes;
                return number_from_text(w, text.bytes, to);
        }
        if (toml_get_string(value, &text))
                w->text = text.bytes;
        if (kind == SETTING_BOOL && toml_get_bool(value, &boolean)) {
                to->number = boolean;
                return 0;
        }
        if (toml_get_integer(value, &integer)) {
                snprintf(shown, sizeof shown, "%" PRId64, integer);
                w->other = shown;
                real = (double)integer;
                to->number = (uint64_t)integer;
                fine = integer >= 0 && (kind == SETTING_NUMBER || kind == SETTING_BYTES);
        } else if (toml_get_float(value, &real)) {
                snprintf(shown, sizeof shown, "%.15g", real);
                w->other = shown;
        } else {
                return wrong(w, NULL);
        }
        if (kind == SETTING_DURATION)
                fine = seconds(real, &to->number);
        if (kind == SETTING_REAL) {
                fine = isfinite(real);
                to->real = real;
        }
        return fine ? check_number(w, to) : wrong(w, NULL);
}

/* ---- both ---- */

static int tables_from_toml(Written *w, const TomlValue *value, SettingValue *to)
{
        if (toml_kind(value) != TOML_ARRAY)
                return wrong(w, NULL);
        return settings_read_records(w->settings, w->key->list, value, &w->source, &to->records,
                                     &to->n_records);
}

static SettingValue *new_value(const Written *w)
{
        SettingValue *value = settings_allocate(w->settings, sizeof *value);

        if (value) {
                value->key = w->key;
                value->source = w->source;
        }
        return value;
}

int setting_value_from_toml(Settings *s, const SettingKey *key, const TomlValue *value,
                            const SettingSource *source, SettingValue **ret)
{
        Written w = {s, key, *source, NULL, toml_kind_name(toml_kind(value))};
        SettingValue *v = new_value(&w);
        int r = !v                             ? -ENOMEM
                : key->kind <= SETTING_WORDS   ? texts_from_toml(&w, value, v)
                : key->kind == SETTING_TABLES ? tables_from_toml(&w, value, v)
                                              : number_from_toml(&w, value, v);

        if (r == 0)
                *ret = v;
        return r;
}

int setting_value_from_text(Settings *s, const SettingKey *key, const char *text,
                            const SettingSource *source, SettingValue **ret)
{
        Written w = {s, key, *source, text, NULL};
        SettingValue *v = new_value(&w);
        Texts texts;
        int r;

        if (!v)
                return -ENOMEM;
        texts.n = 0;
        v->single = true;
        if (key->kind == SETTING_TEXTS || key->kind == SETTING_WORDS) {
                r = add_words(&w, &texts, text);
                if (r == 0 && texts.n == 0)
                        r = wrong(&w, NULL);
        } else if (key->kind == SETTING_TEXT) {
                r = add_text(&w, &texts, text);
        } else if (key->kind == SETTING_TABLES) {
                r = wrong(&w, "it in a file: it is a list of tables");
        } else {
                r = number_from_text(&w, text, v);
        }
        if (r == 0 && key->kind <= SETTING_WORDS)
                r = keep_texts(s, &texts, v);
        if (r == 0)
                *ret = v;
        return r;
}
