/* Which mounts df(1) would show, over the recorded machines and hostile tables. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "host/host.h"
#include "host/mount-list.h"
#include "host/test-recorded-host.h"

static void read_root(const char *name, MountList *ret)
{
        static char text[65536];
        Host *host = recorded_host(name);
        ssize_t n = host_read(host, "proc/self/mountinfo", text, sizeof text);

        assert_true(n > 0);
        assert_int_equal(mount_list_read(text, (size_t)n, ret), 0);
        host_free(host);
}

/* "/ ext4|/home btrfs|", a '*' behind what may hang. */
static const char *shown(const MountList *list, char ret[4096])
{
        ret[0] = '\0';
        for (size_t i = 0; i < list->n; i++) {
                const MountEntry *m = &list->entries[i];
                size_t used = strlen(ret);
                snprintf(ret + used, 4096 - used, "%s %s%s|", m->directory, m->type,
                         m->kind == MOUNT_LOCAL ? "" : "*");
        }
        return ret;
}

static void test_recorded(void **state)
{
        static const char *const machines[][2] = {
                {"laptop/1", "/ ext4|/dev/shm tmpfs|/boot/efi vfat|/home btrfs|"
                             "/media/user/BACKUP DISK exfat|"},
                {"workstation/1", "/ ext4|/dev/shm tmpfs|/boot/efi vfat|/srv/data xfs|/mnt/nas nfs4*|"},
                {"server-v1/1", "/dev/shm tmpfs|/ xfs|/boot xfs|/var xfs|/srv/dead nfs*|"},
                {"container/1", "/ overlay|/dev/shm tmpfs|/root/.cache/ccache ext4|"},
                {"patched/1", "/ ext4|/data xfs|/media/test xfs|"},
        };
        char text[4096];

        for (size_t i = 0; i < ARRAY_LENGTH(machines); i++) {
                MountList list;
                read_root(machines[i][0], &list);
                assert_string_equal(shown(&list, text), machines[i][1]);
                mount_list_done(&list);
        }
}

static void check(const char *mountinfo, const char *expected)
{
        char text[4096];
        MountList list;

        assert_int_equal(mount_list_read(mountinfo, strlen(mountinfo), &list), 0);
        assert_string_equal(shown(&list, text), expected);
        mount_list_done(&list);
}

static void test_choice(void **state)
{
        /* The whole file system beats a part of it, then the shorter path. */
        check("1 0 8:1 /sub /a rw - ext4 /dev/sda1 rw\n"
              "2 0 8:1 / /much/longer rw - ext4 /dev/sda1 rw\n"
              "3 0 8:1 / /long rw - ext4 /dev/sda1 rw\n"
              "4 0 8:1 /sub /b rw - ext4 /dev/sda1 rw\n",
              "/long ext4|");
        /* What is mounted over is not to be seen. */
        check("1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n2 1 8:2 / /mnt rw - xfs /dev/sda2 rw\n",
              "/mnt xfs|");
        check("1 0 8:1 / /mnt rw - ext4 /dev/sda1 rw\n2 1 0:5 / /mnt rw - proc proc rw\n", "");
        /* The root is shown, whatever it is. */
        check("1 0 0:5 / / rw - squashfs /dev/loop0 ro\n2 1 7:1 / /snap/x ro - squashfs /dev/loop1 ro\n",
              "/ squashfs|");
        check("1 0 0:5 / / rw - fuse.fuse-overlayfs fuse-overlayfs rw\n", "/ fuse.fuse-overlayfs*|");
        check("1 0 0:7 / /a rw - fuse.sshfs h:/ rw\n2 0 0:8 / /b rw - cifs //h/s rw\n"
              "3 0 0:9 / /c rw - new-and-unknown x rw\n4 0 0:10 / /d rw - overlay overlay rw\n",
              "/a fuse.sshfs*|/b cifs*|/c new-and-unknown|");
        check("1 0 0:7 / /tmp rw - tmpfs tmpfs rw\n2 0 0:8 / /ro ro - tmpfs tmpfs rw\n"
              "3 0 0:9 / /run/user/0 rw - tmpfs tmpfs rw\n4 0 0:10 / /runner rw - tmpfs t rw\n"
              "5 0 0:11 / /var/lib/kubelet/pods/1/volumes/token rw - tmpfs tmpfs rw\n",
              "/tmp tmpfs|/runner tmpfs|");
        check("1 0 8:1 / /a\\000b rw - ext4 x rw\n2 0 8:2 / /q\"\\134\\012 rw - ext4 y rw\n",
              "/q\"\\\n ext4|");
        check("", "");
}

static void test_many(void **state)
{
        String text = {0};
        MountList list;

        for (unsigned i = 0; i < 2000; i++)
                string_add_format(&text, "%u 0 9:%u / /m/%u rw - ext4 /dev/md%u rw\n", i, i, i, i);
        assert_int_equal(mount_list_read(string_get(&text), text.size, &list), 0);
        assert_int_equal(list.n, MOUNT_LIST_MAX);
        assert_true(list.cut);
        assert_string_equal(list.entries[MOUNT_LIST_MAX - 1].directory, "/m/511");
        mount_list_done(&list);
        string_done(&text);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_recorded),
                cmocka_unit_test(test_choice),
                cmocka_unit_test(test_many),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
