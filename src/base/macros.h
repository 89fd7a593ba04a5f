/* The few macros the house allows: lengths, ownership transfer, scope-bound cleanup. */
#pragma once

#include <stddef.h>

#define ARRAY_LENGTH(a) (sizeof(a) / sizeof((a)[0]))

#define MIN(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) min_a_ = (a);                                                        \
                __typeof__(b) min_b_ = (b);                                                        \
                min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
        })
#define MAX(a, b)                                                                                  \
        ({                                                                                         \
                __typeof__(a) max_a_ = (a);                                                        \
                __typeof__(b) max_b_ = (b);                                                        \
                max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
        })

/* Hands a pointer on and forgets it here, so that a cleanup on it does nothing. */
#define TAKE(p)                                                                                    \
        ({                                                                                         \
                __typeof__(p) taken_ = (p);                                                        \
                (p) = NULL;                                                                        \
                taken_;                                                                            \
        })

/* The same for a descriptor. */
#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int taken_ = (fd);                                                                 \
                (fd) = -1;                                                                         \
                taken_;                                                                            \
        })

#define _cleanup_(f)     __attribute__((cleanup(f)))
#define _printf_(a, b)   __attribute__((format(printf, a, b)))
#define _unused_         __attribute__((unused))
#define _must_check_     __attribute__((warn_unused_result))

/* Defines type_freep(), for _cleanup_, from type_free(), which takes NULL and returns NULL. */
#define DEFINE_CLEANUP(type, name)                                                                 \
        static inline void name##_freep(type **p)                                                  \
        {                                                                                          \
                *p = name##_free(*p);                                                              \
        }
