/*
 * mem.h - the only home of malloc; arenas; checked sizes.
 *
 * Long-lived things (a message, a graph, a plan) live in an arena and are freed with it; there are no
 * per-object destructors. Sizes that come from a file are multiplied and added with overflow checks.
 * Built with -DCR_TEST_ALLOC, cr_test_fail_alloc(n) makes the n-th allocation of this thread fail.
 */
#ifndef CR_BASE_MEM_H
#define CR_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *cr_alloc(size_t bytes);            // NULL when out of memory; uninitialised
void *cr_alloc_zero(size_t bytes);       // NULL when out of memory
void *cr_realloc(void *p, size_t bytes); // NULL when out of memory; p stays valid then
// For tensors and packs; freed with cr_free. NULL too when it is more than the machine has.
void *cr_alloc_aligned(size_t bytes, size_t align);
void cr_free(void *p);

// Whether so many bytes in all can make sense on this machine. The kernel promises more than there is and kills the
// process when it is used: sums of large allocations are asked about before.
bool cr_fits_machine(size_t bytes);

bool cr_size_mul(size_t a, size_t b, size_t *out); // false on overflow
bool cr_size_add(size_t a, size_t b, size_t *out);
bool cr_i64_mul(int64_t a, int64_t b, int64_t *out);
bool cr_i64_add(int64_t a, int64_t b, int64_t *out);

typedef struct cr_arena_block cr_arena_block;
typedef struct cr_arena {
    cr_arena_block *block; // the newest
    size_t total_bytes;
} cr_arena;

// An arena that is all zero is empty and ready. Memory from it is zeroed and aligned to 16 bytes.
void *cr_arena_alloc(cr_arena *arena, size_t bytes); // NULL when out of memory
void *cr_arena_array(cr_arena *arena, size_t n, size_t item_bytes);
char *cr_arena_strndup(cr_arena *arena, const char *s, size_t n);
char *cr_arena_strdup(cr_arena *arena, const char *s);
char *cr_arena_printf(cr_arena *arena, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void cr_arena_free(cr_arena *arena); // frees everything; the arena is empty again

#ifdef CR_TEST_ALLOC
void cr_test_fail_alloc(int64_t n); // the n-th allocation from now on fails (0: the next); -1: none
int64_t cr_test_alloc_count(void);  // allocations since the last cr_test_fail_alloc
#endif

#endif
