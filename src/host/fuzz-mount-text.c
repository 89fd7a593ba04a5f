/* mountinfo and the recorded statvfs of any bytes, copied to their exact size. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "host/mount-list.h"
#include "host/mount-text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        char *text = malloc(size ? size : 1), path[64];
        struct statvfs figures;
        MountList list;
        MountLine line;

        if (!text)
                return 0;
        memcpy(text, data, size);
        for (const char *at = text; mount_line_next(&at, text + size, &line);) {
                int n = mount_field_unescape(line.directory, path, sizeof path);
                if (n >= 0 && (strlen(path) != (size_t)n || path[0] != '/'))
                        abort();
                text_part_in_list(line.options, ',', "ro");
                mount_field_unescape(line.source, path, 4);
        }
        statvfs_parse(text, size, "/", &figures);
        if (mount_list_read(text, size, &list) == 0) {
                if (list.n > MOUNT_LIST_MAX)
                        abort();
                mount_list_done(&list);
        }
        free(text);
        return 0;
}
