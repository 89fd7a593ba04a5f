/* Built without libarchive. */
#include "send/archive.h"

#include <errno.h>

const char *archive_extension(ArchiveFormat format)
{
        return format == ARCHIVE_TAR_GZ ? ".tar.gz" : ".tar.zst";
}

int archive_available(ArchiveFormat format, Error *why)
{
        return error_set(why, EOPNOTSUPP, "this vigia is built without libarchive (Debian: libarchive-dev), "
                                          "which makes the archive");
}

int archive_write(int fd, ArchiveFormat format, const char *directory, const char *name, const ArchiveExtra *extra,
                  ArchiveTold *ret, Error *err)
{
        return archive_available(format, err);
}
