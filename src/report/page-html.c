/* The file around the data. Nothing that a stranger wrote is markup or script: texts are escaped, and the
 * only script that may run is the one with the bundle's hash. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/page-bundle.h"
#include "report/page-internal.h"

bool report_page_available(Error *why)
{
        if (page_bundle.script_size > 0)
                return true;
        error_set(why, EOPNOTSUPP,
                  "this vigia was built without the report page: its script is made with npm when vigia is built");
        return false;
}

/* Inside an element: control bytes but newlines and tabs become U+FFFD. */
static void add_escaped(String *to, const char *text)
{
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                if (c == '&')
                        string_add(to, "&amp;");
                else if (c == '<')
                        string_add(to, "&lt;");
                else if (c == '>')
                        string_add(to, "&gt;");
                else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
                        string_add(to, "\xef\xbf\xbd");
                else
                        string_add_char(to, *text);
        }
}

/* JSON in which no end tag or comment can begin. */
static void add_json(String *to, const String *json)
{
        const char *at = string_get(json), *end = at + json->size, *open;

        for (; (open = memchr(at, '<', (size_t)(end - at))); at = open + 1) {
                string_add_bytes(to, at, (size_t)(open - at));
                string_add(to, "\\u003c");
        }
        string_add_bytes(to, at, (size_t)(end - at));
}

static void make_title(String *to, const char *name, const char *host)
{
        _cleanup_string_ String title = {0};

        string_add(&title, name);
        if (host)
                string_add_format(&title, " on %s", host);
        string_add_shown(to, string_get(&title), 120, false);
        string_add(to, " \xc2\xb7 vigia");
}

int page_write_file(const char *title, const String *text, const String *json, const PageSections *sections,
                    String *out)
{
        const PageBundle *b = &page_bundle;

        string_add_format(out,
                          "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
                          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
                          "script-src 'sha256-%s'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
                          "form-action 'none'\">\n"
                          "<meta name=\"generator\" content=\"vigia " VIGIA_VERSION "\">\n<title>",
                          b->script_hash, b->style_hash);
        add_escaped(out, title);
        string_add(out, "</title>\n<style>");
        string_add_bytes(out, b->style, b->style_size);
        string_add(out, "</style>\n</head>\n<body>\n<main id=\"vigia\"><pre class=\"plain\">");
        add_escaped(out, string_get(text));
        string_add(out, "</pre></main>\n<script type=\"application/json\" id=\"vigia-page\">");
        add_json(out, json);
        string_add(out, "</script>\n<script type=\"text/plain\" id=\"vigia-data\">");
        if (sections)
                page_sections_write_base64(sections, out);
        string_add(out, "</script>\n<script>");
        string_add_bytes(out, b->script, b->script_size);
        string_add(out, "</script>\n</body>\n</html>\n");
        return out->failed || text->failed || json->failed ? -ENOMEM : 0;
}

int page_write_html(const ReportData *data, const String *text, const String *json, const PageSections *sections,
                    String *out)
{
        const RunInfo *info = data->info;
        _cleanup_string_ String title = {0};

        make_title(&title, info->label ? info->label : info->id ? info->id : "run", info->host);
        return page_write_file(string_get(&title), text, json, sections, out);
}

int report_page_of_sweep(const char *name, const char *host, const String *text, const String *sweep, String *out)
{
        _cleanup_string_ String title = {0}, json = {0};

        if (page_bundle.script_size == 0)
                return -EOPNOTSUPP;
        make_title(&title, name ? name : "sweep", host);
        string_add(&json, "{\"format\":1,\"kind\":\"sweep\",\"version\":\"" VIGIA_VERSION "\",\"sweep\":");
        string_add_bytes(&json, string_get(sweep), sweep->size);
        string_add(&json, "}");
        return page_write_file(string_get(&title), text, &json, NULL, out);
}
