#!/bin/sh
# Every layer of src/layers/list.h has its file and its test: src/layers/NAME.c, tests/layers/test_NAME.c. Rows that
# share a file are listed here, "NAME FILE". usage: tests/layer_files.sh. The last line is "N passed, M failed".
cd "$(dirname "$0")/.." || exit 2
shared='data data_source
image_data data_source
window_data data_source
hdf5_data data_source
annotated_data data_source
video_data data_source
image_seg_data data_source
dense_image_data data_source
seg_data data_source
detect_net_transformation data_source
hdf5_output file_output
mat_write file_output
smooth_l1_loss_ohem train_only
softmax_loss_ohem train_only
box_annotator_ohem train_only
multibox_loss train_only
detection_evaluate train_only
region_loss train_only
yolov3 train_only
eval_detection train_only
assisted_excitation train_only
ctc_loss train_only
warp_ctc_loss train_only
labelsequence_accuracy train_only
seg_accuracy train_only
center_loss train_only
triplet_loss train_only
l1_loss train_only
lpq_loss train_only'
passed=0 failed=0
check() { # MESSAGE COMMAND...
    message=$1
    shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $message"; fi
}
for name in $(sed -n 's/^CR_LAYER(\(.*\))$/\1/p' src/layers/list.h); do
    file=$(echo "$shared" | sed -n "s/^$name //p")
    file=${file:-$name}
    check "$name: its row is not in src/layers/$file.c" grep -q "^const cr_layer_type cr_layer_$name = " "src/layers/$file.c"
    check "$name: there is no tests/layers/test_$file.c" test -f "tests/layers/test_$file.c"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
