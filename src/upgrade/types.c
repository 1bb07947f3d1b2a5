/*
 * types.c - a layer type's names in the three formats.
 *
 * The 24 names of V0 and the 40 of V1 are Caffe's. Below them stand enum names of forks of 2014 and 2015
 * (DeepLab, SegNet, happynear, YOLO) for layers that came to V2 later or only there.
 */
#include "upgrade/types.h"

#include <stddef.h>
#include <string.h>

static const cr_type_names rows[] = {
    {NULL, "NONE", ""},
    {NULL, "ABSVAL", "AbsVal"},
    {"accuracy", "ACCURACY", "Accuracy"},
    {NULL, "ARGMAX", "ArgMax"},
    {"bnll", "BNLL", "BNLL"},
    {"concat", "CONCAT", "Concat"},
    {NULL, "CONTRASTIVE_LOSS", "ContrastiveLoss"},
    {"conv", "CONVOLUTION", "Convolution"},
    {"data", "DATA", "Data"},
    {NULL, "DECONVOLUTION", "Deconvolution"},
    {"dropout", "DROPOUT", "Dropout"},
    {NULL, "DUMMY_DATA", "DummyData"},
    {NULL, "ELTWISE", "Eltwise"},
    {"euclidean_loss", "EUCLIDEAN_LOSS", "EuclideanLoss"},
    {NULL, "EXP", "Exp"},
    {"flatten", "FLATTEN", "Flatten"},
    {"hdf5_data", "HDF5_DATA", "HDF5Data"},
    {"hdf5_output", "HDF5_OUTPUT", "HDF5Output"},
    {NULL, "HINGE_LOSS", "HingeLoss"},
    {"im2col", "IM2COL", "Im2col"},
    {"images", "IMAGE_DATA", "ImageData"},
    {"infogain_loss", "INFOGAIN_LOSS", "InfogainLoss"},
    {"innerproduct", "INNER_PRODUCT", "InnerProduct"},
    {"lrn", "LRN", "LRN"},
    {NULL, "MEMORY_DATA", "MemoryData"},
    {"multinomial_logistic_loss", "MULTINOMIAL_LOGISTIC_LOSS", "MultinomialLogisticLoss"},
    {NULL, "MVN", "MVN"},
    {"pool", "POOLING", "Pooling"},
    {NULL, "POWER", "Power"},
    {"relu", "RELU", "ReLU"},
    {"sigmoid", "SIGMOID", "Sigmoid"},
    {NULL, "SIGMOID_CROSS_ENTROPY_LOSS", "SigmoidCrossEntropyLoss"},
    {NULL, "SILENCE", "Silence"},
    {NULL, "SLICE", "Slice"},
    {"softmax", "SOFTMAX", "Softmax"},
    {"softmax_loss", "SOFTMAX_LOSS", "SoftmaxWithLoss"},
    {"split", "SPLIT", "Split"},
    {"tanh", "TANH", "TanH"},
    {NULL, "THRESHOLD", "Threshold"},
    {"window_data", "WINDOW_DATA", "WindowData"},

    {NULL, "BATCH_NORM", "BatchNorm"},
    {NULL, "BN", "BN"},
    {NULL, "CROP", "Crop"},
    {NULL, "IMAGE_SEG_DATA", "ImageSegData"},
    {NULL, "IMSHOW", "Imshow"},
    {NULL, "INTERP", "Interp"},
    {NULL, "LOCAL", "Local"},
    {NULL, "MAT_READ", "MatRead"},
    {NULL, "MAT_WRITE", "MatWrite"},
    {NULL, "NORMALIZE", "Normalize"},
    {NULL, "PERMUTE", "Permute"},
    {NULL, "PRELU", "PReLU"},
    {NULL, "RELU6", "ReLU6"},
    {NULL, "RESHAPE", "Reshape"},
    {NULL, "SEG_ACCURACY", "SegAccuracy"},
    {NULL, "SPP", "SPP"},
    {NULL, "UNPOOLING", "Unpooling"},
    {NULL, "UPSAMPLE", "Upsample"},
};

static const cr_type_names *find(const char *name, size_t offset)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *own = *(const char *const *)((const char *)&rows[i] + offset);
        if (own && own[0] && strcmp(own, name) == 0)
            return &rows[i];
    }
    return NULL;
}

const cr_type_names *cr_type_by_v0(const char *name)
{
    return find(name, offsetof(cr_type_names, v0));
}

const cr_type_names *cr_type_by_v1(const char *name)
{
    return find(name, offsetof(cr_type_names, v1));
}

const cr_type_names *cr_type_by_any(const char *name)
{
    const cr_type_names *row = cr_type_by_v1(name);
    row = row ? row : cr_type_by_v0(name);
    return row ? row : find(name, offsetof(cr_type_names, v2));
}
