/*
 * random_net.h - the text of a net that a test writes layer by layer, and the numbers that it draws for that.
 */
#ifndef TESTS_SUPPORT_RANDOM_NET_H
#define TESTS_SUPPORT_RANDOM_NET_H

#include <stddef.h>
#include <stdint.h>

typedef struct random_net {
    char text[30000];
    size_t n; // of text
    uint64_t seed;
    int n_blobs, channels[64]; // of blobs b0, b1, ...
} random_net;

void random_net_start(random_net *net, uint64_t seed);
unsigned random_net_pick(random_net *net, unsigned n); // 0 .. n - 1
__attribute__((format(printf, 2, 3))) void random_net_say(random_net *net, const char *fmt, ...);

#endif
