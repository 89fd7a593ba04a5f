/* Built without expat. */
#include <errno.h>

#include "app/memcheck.h"

void memcheck_done(Memcheck *memcheck)
{
        leak_sites_done(&memcheck->sites);
}

int memcheck_can_read(Error *why)
{
        return error_set(why, EOPNOTSUPP, "this vigia was built without expat (Debian: libexpat1-dev)");
}

int memcheck_read(Memcheck *memcheck, int fd, const char *shown_path, Error *err)
{
        return memcheck_can_read(err);
}
