#include "tests/support/shop.h"
#include "tests/test.h"

void shop_open(shop *s)
{
    folder_make(&s->f);
    s->context = crema_context_create(NULL, NULL);
    ck_assert_ptr_nonnull(s->context);
}

void shop_close(shop *s)
{
    crema_context_free(s->context);
    folder_remove(&s->f);
}

const char *shop_path(shop *s, const char *name)
{
    return folder_path(&s->f, name);
}
