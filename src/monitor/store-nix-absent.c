/* Built without SQLite. */
#include <errno.h>

#include "monitor/store-measure.h"

const bool store_nix_built = false;

int store_nix_measure(int folder_fd, StoreSeen *seen, const StoreWatch *watch, StoreFigures *ret)
{
        return -EOPNOTSUPP;
}
