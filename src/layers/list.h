// All layer types, one line each: cr_layer_<name> stands at the end of src/layers/<name>.c.
CR_LAYER(input)
