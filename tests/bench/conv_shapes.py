#!/usr/bin/python3
"""Prints the distinct convolutions of nets, one a line, as bench_conv reads them.

usage: conv_shapes.py NET.prototxt ... > conv_shapes.txt

Only what sizes need is understood: the text format's fields and blocks, and of layers Convolution, Pooling,
Concat and InnerProduct. All other layers are taken to keep the shape of their first bottom.
"""
import math
import os
import re
import sys

TOKEN = re.compile(r'#[^\n]*|"[^"]*"|\'[^\']*\'|[{}\[\],:;<>]|[^\s{}\[\],:;<>#"\']+')


def parse(tokens):
    """Fields of one block: a list of (name, value); a value is a word or such a list."""
    fields = []
    while tokens and tokens[0] not in '}>':
        name = tokens.pop(0)
        if name in ',;':
            continue
        if tokens[0] == ':':
            tokens.pop(0)
        if tokens[0] in '{<':
            tokens.pop(0)
            fields.append((name, parse(tokens)))
            tokens.pop(0)
        else:
            fields.append((name, tokens.pop(0).strip('"\'')))
    return fields


def every(fields, name):
    return [value for key, value in fields if key == name]


def one(fields, name, default):
    return (every(fields, name) or [default])[0]


def window(p, default_kernel=0):
    size = lambda name, default: int(one(p, name, one(p, name + '_h', default)))
    return size('kernel_size', one(p, 'kernel_h', default_kernel)), size('stride', 1), size('pad', 0)


def is_test(layer):
    return all(one(rule, 'phase', 'TEST') == 'TEST' for rule in every(layer, 'include'))


def convolutions(net):
    shapes = {}
    dims = [int(d) for d in every(net, 'input_dim')]
    for block in every(net, 'input_shape'):
        dims = [int(d) for d in every(block, 'dim')]
    for name in every(net, 'input'):
        shapes[name] = dims[1:]
    for layer in filter(is_test, every(net, 'layer')):
        kind, bottoms = one(layer, 'type', ''), every(layer, 'bottom')
        if kind == 'Input':
            shape = [int(d) for d in every(one(one(layer, 'input_param', []), 'shape', []), 'dim')][1:]
        elif not bottoms:
            continue
        else:
            shape = list(shapes[bottoms[0]])
        if kind == 'Convolution':
            p = one(layer, 'convolution_param', [])
            kernel, stride, pad = window(p)
            dilation, group, n = (int(one(p, f, d)) for f, d in (('dilation', 1), ('group', 1), ('num_output', 0)))
            yield (*shape, n, kernel, stride, pad, dilation, group)
            extent = dilation * (kernel - 1) + 1
            shape = [n] + [(x + 2 * pad - extent) // stride + 1 for x in shape[1:]]
        elif kind == 'Pooling':
            p = one(layer, 'pooling_param', [])
            kernel, stride, pad = window(p, shape[1])
            out = [math.ceil((x + 2 * pad - kernel) / stride) + 1 for x in shape[1:]]
            out = [o - 1 if pad and (o - 1) * stride >= x + pad else o for o, x in zip(out, shape[1:])]
            shape = [shape[0]] + out
        elif kind == 'Concat':
            shape[0] = sum(shapes[b][0] for b in bottoms)
        elif kind == 'InnerProduct':
            shape = [int(one(one(layer, 'inner_product_param', []), 'num_output', 0)), 1, 1]
        for top in every(layer, 'top'):
            shapes[top] = shape


print('# net times channels height width num_output kernel stride pad dilation group')
for path in sys.argv[1:]:
    with open(path) as file:
        tokens = [t for t in TOKEN.findall(file.read()) if not t.startswith('#')]
    counts = {}
    for shape in convolutions(parse(tokens)):
        counts[shape] = counts.get(shape, 0) + 1
    for shape, count in counts.items():
        print(os.path.basename(path)[: -len('.prototxt')], count, *shape)
