/* A recorded machine of tests/roots. Behind cmocka.h. */
#pragma once

#include "base/test-source.h"
#include "host/host.h"

/* name: "laptop/1". host_free. */
static inline Host *recorded_host(const char *name)
{
        char path[SOURCE_PATH_MAX];
        Host *host = NULL;

        assert_int_equal(host_new(source_path(path, "tests/roots/%s", name), &host), 0);
        return host;
}
