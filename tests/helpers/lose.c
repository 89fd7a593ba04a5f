/*
 * lose: for memcheck: loses 10 blocks of 100 bytes, a list of 5 elements of 48 bytes, and keeps 77 bytes.
 * lose PER_SECOND BYTES MS: that many blocks of so many bytes a second for MS, never given back, beside as many that
 * are: for vigia leak --heap. Ends with 3.
 */
#include "helper.h"

typedef struct Element {
        struct Element *next;
        char room[40];
} Element;

void *volatile kept;

__attribute__((noinline)) static void lose_block(size_t size)
{
        volatile char *block = malloc(size);

        if (block)
                block[0] = 1;
}

__attribute__((noinline)) static void lose_list(void)
{
        Element *head = NULL;

        for (int i = 0; i < 5; i++) {
                Element *element = calloc(1, sizeof *element);
                if (!element)
                        helper_die("calloc");
                element->next = head;
                head = element;
        }
        kept = head;
        kept = NULL;
}

__attribute__((noinline)) static void give_back(size_t size)
{
        kept = malloc(size);
        free(kept);
}

static void go_on(uint64_t per_second, size_t size, uint64_t ms)
{
        uint64_t begun = helper_now_ns(), done = 0, now = 0;

        while (now < ms * 1000000) {
                for (; done < per_second * now / 1000000000; done++) {
                        lose_block(size);
                        give_back(size);
                }
                helper_sleep_ms(5);
                now = helper_now_ns() - begun;
        }
}

int main(int argc, char **argv)
{
        if (argc >= 4) {
                go_on(helper_number(argv[1]), helper_number(argv[2]), helper_number(argv[3]));
                return 3;
        }
        for (int i = 0; i < 10; i++)
                lose_block(100);
        lose_list();
        kept = malloc(77);
        return 3;
}
