/*
 * shop.h - a folder and a context, for tests of conversions from file to file.
 */
#ifndef TESTS_SUPPORT_SHOP_H
#define TESTS_SUPPORT_SHOP_H

#include "crema.h"
#include "tests/support/folder.h"

typedef struct shop {
    folder f;
    crema_context *context;
} shop;

void shop_open(shop *s);
void shop_close(shop *s);
const char *shop_path(shop *s, const char *name); // of a file in the folder; valid until shop_close

#endif
