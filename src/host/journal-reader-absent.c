/* Built without the headers of libsystemd. */
#include "host/journal-reader.h"

#include <errno.h>

int journal_reader_probe(const char *directory, Error *why, Error *fix)
{
        return error_set(why, EOPNOTSUPP, "built without libsystemd");
}

int journal_reader_new(const char *directory, const char *const *units, size_t n,
                       JournalReader **ret, Error *err)
{
        return error_set(err, EOPNOTSUPP, "built without libsystemd");
}

JournalReader *journal_reader_free(JournalReader *reader)
{
        return NULL;
}

int journal_reader_fd(JournalReader *reader)
{
        return -1;
}

int journal_reader_process(JournalReader *reader)
{
        return -EOPNOTSUPP;
}

int journal_reader_next(JournalReader *reader, JournalEntry *ret)
{
        return -EOPNOTSUPP;
}
