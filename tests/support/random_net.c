#include "tests/support/random_net.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void random_net_start(random_net *net, uint64_t seed)
{
    memset(net, 0, sizeof *net);
    net->seed = seed * 7919 + 12345;
}

unsigned random_net_pick(random_net *net, unsigned n)
{
    net->seed = net->seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(net->seed >> 33) % n;
}

void random_net_say(random_net *net, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    net->n += (size_t)vsnprintf(net->text + net->n, sizeof net->text - net->n, fmt, args);
    va_end(args);
}
