/* An object on one line, its keys stable. */
#include "app/note-json.h"

void note_add_json(Json *j, const char *severity, const char *file, TomlPlace place, const char *sentence)
{
        json_open_object(j, NULL, JSON_ONE_LINE);
        json_add_text(j, "severity", severity);
        json_add_text(j, "file", file);
        json_add_u64(j, "line", place.line > 0 ? place.line : UINT64_MAX);
        json_add_u64(j, "column", place.line > 0 ? place.column : UINT64_MAX);
        json_add_text(j, "message", sentence);
        json_close(j);
}
