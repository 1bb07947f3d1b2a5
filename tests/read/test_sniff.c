#include "read/sniff.h"
#include "tests/support/wire_writer.h"
#include "tests/test.h"

#include <string.h>

static void expect(const void *bytes, size_t n, cr_sniffed kind, const char *sentence)
{
    cr_file file;
    cr_sniff found;
    crema_file what = {.path = "f", .data = bytes, .size = n};
    ck_assert_int_eq(cr_file_open(&file, &what, NULL), CREMA_OK);
    ck_assert_int_eq(cr_sniff_file(&file, &found, NULL), CREMA_OK);
    ck_assert_msg(found.kind == kind && strstr(found.sentence, sentence), "%d %s", (int)found.kind,
                  found.sentence);
    cr_file_close(&file);
}

static void text(const char *s, cr_sniffed kind, const char *sentence)
{
    expect(s, strlen(s), kind, sentence);
}

START_TEST(fixed_beginnings)
{
    expect("\x89HDF\r\n\x1a\n....", 12, CR_SNIFF_FOREIGN, "is an HDF5 file");
    expect("PK\x03\x04....", 8, CR_SNIFF_FOREIGN, "zip");
    expect("\x1f\x8b\x08....", 7, CR_SNIFF_FOREIGN, "gzip");
    expect("\x89PNG\r\n\x1a\n", 8, CR_SNIFF_FOREIGN, "PNG");
    expect("\xff\xd8\xff\xe0", 4, CR_SNIFF_FOREIGN, "JPEG");
    expect("\x93NUMPY\x01\x00", 8, CR_SNIFF_FOREIGN, "NumPy");
    expect("\x1c\x00\x00\x00TFL3", 8, CR_SNIFF_FOREIGN, "TensorFlow Lite");
    expect("\xff\xfel\0a\0", 6, CR_SNIFF_FOREIGN, "UTF-16");
    char tar[512] = "deploy.prototxt";
    memcpy(tar + 257, "ustar", 5);
    expect(tar, sizeof tar, CR_SNIFF_FOREIGN, "tar");
    expect("\x1f", 1, CR_SNIFF_UNKNOWN, "no known format");
}
END_TEST

START_TEST(kinds_of_text)
{
    text("", CR_SNIFF_EMPTY, "is empty");
    text(" \r\n\t\n", CR_SNIFF_EMPTY, "blank");
    text("<!DOCTYPE html>\n<html>", CR_SNIFF_FOREIGN, "HTML");
    text("\n\n  <HTML lang=en>", CR_SNIFF_FOREIGN, "HTML");
    text("<?xml version=\"1.0\"?>", CR_SNIFF_FOREIGN, "XML");
    text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 553432081\n", CR_SNIFF_FOREIGN,
         "Git-LFS pointer, not the file itself, which has 553432081 bytes");
    text("version https://git-lfs.github.com/spec/v1\n", CR_SNIFF_FOREIGN, "Git-LFS");
    text("name: \"net\"\nlayer { name: \"a\" }\n", CR_SNIFF_TEXT, "is text");
    text("\xef\xbb\xbf# caf\xc3\xa9\nlayers {", CR_SNIFF_TEXT, "is text");
    text("net: \"train.prototxt\"\nbase_lr: 0.01\n", CR_SNIFF_SOLVER, "is a solver");
    text("input: \"data\"\nlr_policy: \"x\"\nlayer {}\n", CR_SNIFF_TEXT, "is text");
    text("# base_lr: 1\n", CR_SNIFF_TEXT, "is text");
}
END_TEST

START_TEST(kinds_of_messages)
{
    ww w = {0};
    ww_net(&w, "a name of thirty-two characters!"); // its length is a space
    ww_layer(&w, "a", "b");
    ww_done(&w);
    expect(w.data, w.size, CR_SNIFF_NET, "binary .caffemodel");
    w.size = 0;
    ww_layer(&w, "a", "b");
    ww_done(&w);
    expect(w.data, w.size, CR_SNIFF_NET, "binary .caffemodel");
    w.size = 0;
    ww_int(&w, 1, 1);
    ww_int(&w, 2, 3);
    expect(w.data, w.size, CR_SNIFF_BLOB, ".binaryproto");
    w.size = 0;
    ww_int(&w, 1, 8);
    ww_string(&w, 2, "pytorch");
    ww_string(&w, 3, "1.13");
    expect(w.data, w.size, CR_SNIFF_FOREIGN, "ONNX");
    w.size = 0;
    ww_int(&w, 1, 5000);
    ww_string(&w, 2, "snapshots/lenet_iter_5000.caffemodel");
    ww_string(&w, 3, "history");
    expect(w.data, w.size, CR_SNIFF_STATE, ".solverstate");
    ww_free(&w);
}
END_TEST

// JSON begins with a brace; and its solvers are known by fields in quotes.
START_TEST(json)
{
    static const struct {
        const char *text;
        cr_sniffed kind;
        bool braces;
    } row[] = {{"{\"name\": \"a\"}", CR_SNIFF_TEXT, true},
               {" \n{}", CR_SNIFF_TEXT, true},
               {"{\n  \"net\": \"a\",\n  \"base_lr\": 1\n}", CR_SNIFF_SOLVER, true},
               {"{\"net\":\"a\",\"base_lr\":1}", CR_SNIFF_SOLVER, true},
               {"{\"base_lr\": 1, \"net_param\": {\"layer\": []}}", CR_SNIFF_TEXT, true},
               {"name: \"{\"", CR_SNIFF_TEXT, false},
               {"\x0a\x01x\xa2\x06\x00", CR_SNIFF_NET, false}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        cr_file file;
        cr_sniff found;
        memset(&found, 0xA5, sizeof found);
        cr_file_open(&file,
                     &(crema_file){.path = "f",
                                   .data = row[i].text,
                                   .size = strlen(row[i].text) + (row[i].kind == CR_SNIFF_NET)},
                     NULL);
        ck_assert_int_eq(cr_sniff_file(&file, &found, NULL), CREMA_OK);
        ck_assert_int_eq(found.kind, row[i].kind);
        ck_assert_int_eq(found.braces, row[i].braces);
    }
}
END_TEST

START_TEST(swapped_files)
{
    static const char net[] = "layer { name: \"a\" }\n", solver[] = "base_lr: 1\n";
    cr_file file;
    cr_err err;
    cr_file_open(&file, &(crema_file){.path = "f", .data = net, .size = sizeof net - 1}, NULL);
    ck_assert_int_eq(cr_sniff_want(&file, CR_SNIFF_TEXT, &err), CREMA_OK);
    ck_assert_int_eq(cr_sniff_want(&file, CR_SNIFF_NET, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "swapped"));
    cr_file_open(&file, &(crema_file){.path = "f", .data = solver, .size = sizeof solver - 1}, NULL);
    ck_assert_int_eq(cr_sniff_want(&file, CR_SNIFF_NET, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "is a solver"));
    cr_file_open(&file, &(crema_file){.path = "f", .data = "\x0a\x01x", .size = 3}, NULL);
    ck_assert_int_eq(cr_sniff_want(&file, CR_SNIFF_TEXT, &err), CREMA_ERR_INPUT);
    ck_assert_ptr_nonnull(strstr(err.message, "swapped"));
    ck_assert_str_eq(err.file, "f");
}
END_TEST

TEST_MAIN("read/sniff", fixed_beginnings, kinds_of_text, kinds_of_messages, json, swapped_files)
