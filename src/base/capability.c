/* capget(2) and capset(2) have no wrappers in libc. */
#include "base/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

static int set(uint64_t effective, const Capabilities *all)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        const struct __user_cap_data_struct data[] = {
                {(uint32_t)effective, (uint32_t)all->permitted, (uint32_t)all->inheritable},
                {(uint32_t)(effective >> 32), (uint32_t)(all->permitted >> 32),
                 (uint32_t)(all->inheritable >> 32)},
        };

        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int capabilities_lower(Capabilities *saved)
{
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

        *saved = (Capabilities){0};
        if (!getauxval(AT_SECURE))
                return 0;
        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        saved->effective = data[0].effective | (uint64_t)data[1].effective << 32;
        saved->permitted = data[0].permitted | (uint64_t)data[1].permitted << 32;
        saved->inheritable = data[0].inheritable | (uint64_t)data[1].inheritable << 32;
        saved->lowered = true;
        return set(0, saved);
}

void capabilities_restore(const Capabilities *saved)
{
        if (saved->lowered)
                set(saved->effective, saved);
}
