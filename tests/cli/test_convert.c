/*
 * test_convert.c - crema convert as a user meets it: exit status, what is said, and what is left on the disk.
 */
#include "tests/support/shell.h"

START_TEST(convert_writes_by_suffix)
{
    shell_begin();
    shell_check(
        sh("$CREMA convert ip.prototxt a.yaml && $CREMA convert a.yaml b.prototxt && head -n 1 b.prototxt"),
        0, "name: \"ip\"\n", "");
    shell_check(sh("$CREMA convert ip.prototxt a.yaml"), 1, "",
                "crema: a.yaml: exists already and is not overwritten; --force replaces it\n");
    ck_assert_int_eq(sh("$CREMA convert ip.prototxt a.yaml --force")->code, 0);
    shell_check(sh("$CREMA convert ip.prototxt a.xyz; ls a.xyz 2>/dev/null; true"), 0, "",
                "crema: a.xyz: the suffix says what to write, and this is none that is known; there are: "
                ".prototxt .pbtxt "
                ".txt .yaml .yml .json .caffemodel .h5 .hdf5 FOLDER/ .onnx .binaryproto .npy\n");
    ck_assert_int_eq(sh("$CREMA convert ip.prototxt a.xyz")->code, 2);
    shell_end();
}
END_TEST

START_TEST(convert_says_what_it_did)
{
    shell_begin();
    shell_check(sh("$CREMA convert ip.prototxt a.caffemodel && $CREMA convert a.caffemodel b.prototxt"), 0,
                "a.caffemodel is binary, with the field numbers of base; 0 weight blobs are left out\n", "");
    shell_put("train.prototxt", "layer { name: 'd' type: 'HDF5Data' top: 'x' top: 'label' }\n"
                                "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'x' }\n"
                                "layer { name: 'l' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' }\n");
    shell_check(sh("$CREMA convert train.prototxt c.prototxt --to-deploy"), 1, "",
                "crema: train.prototxt:1:1: layer \"d\" (HDF5Data): the shape of \"x\" can't be known from "
                "it and must be "
                "given (--input-shape BLOB=N,C,H,W)\n");
    shell_check(sh("$CREMA convert train.prototxt c.prototxt --to-deploy --input-shape x=1,2"), 0,
                "layer \"d\" (HDF5Data) is now the input \"x\", 1x2\n"
                "layer \"l\" (SoftmaxWithLoss) is now \"prob\" (Softmax)\n",
                "");
    ck_assert_int_eq(sh("$CREMA summary c.prototxt")->code, 0);
    shell_end();
}
END_TEST

START_TEST(convert_drops_what_it_is_told_to)
{
    shell_begin();
    shell_put("odd.prototxt", "name: 'x'\nodd: 3\n");
    shell_check(sh("$CREMA convert odd.prototxt a.caffemodel 2>&1 | tail -n 1"), 0,
                "crema: odd.prototxt:2:1: odd has no number in the binary form, so it can't be written; "
                "--drop-unknown "
                "leaves it out\n",
                "");
    ck_assert_int_eq(sh("$CREMA convert odd.prototxt a.caffemodel --drop-unknown")->code, 0);
    ck_assert_int_eq(sh("$CREMA convert odd.prototxt a.yaml --strict")->code, 1);
    shell_check(sh("$CREMA convert odd.prototxt a.yaml 2>/dev/null && cat a.yaml"), 0, "name: x\nodd: 3\n",
                "");
    shell_end();
}
END_TEST

TEST_MAIN("cli/convert", convert_writes_by_suffix, convert_says_what_it_did, convert_drops_what_it_is_told_to)
