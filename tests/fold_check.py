"""Folded nets by a stranger's eyes: tests/fold_check.py CREMA DESCRIPTORS NET WEIGHTS...

Folds each NET with its WEIGHTS. The result must give the outputs of the source within 1e-4 (crema's --verify), and
Python's own protobuf must read the .caffemodel: the layers of the .prototxt beside it, in that order, each blob with as
many values as its shape says, a weight and a bias for every convolution and inner product that something was folded
into, and none of the layers that were folded. DESCRIPTORS is proto/crema.proto as protoc-c --descriptor_set_out
writes it. The last line is "N passed, M failed".
"""
import math
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

TOLERANCE = 1e-4


def net_class(path):
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, 'rb') as f:
        files.ParseFromString(f.read())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    package = files.file[-1].package
    return message_factory.GetMessageClass(
        pool.FindMessageTypeByName(package + '.NetParameter' if package else 'NetParameter'))


def read_text(net, path):
    with open(path) as f:
        return text_format.Parse(f.read(), net())


def compare(lines):
    found = re.findall(r'largest difference (\S+), values up to (\S+)', lines)
    assert found, 'crema compared nothing: ' + lines
    for difference, most in found:
        assert float(difference) <= TOLERANCE * max(1, float(most)), lines


def heads(source, left):
    """Names of the layers that something was folded into."""
    maker, found = {}, set()
    for layer in source.layer:
        head = layer.name
        if head not in left:
            head = maker[layer.bottom[0]]
            found.add(head)
        maker.update((top, head) for top in layer.top)
    return found


def check_layers(source, text, binary):
    assert [layer.name for layer in binary.layer] == [layer.name for layer in text.layer]
    left = {layer.name for layer in text.layer}
    gone = [layer for layer in source.layer if layer.name not in left]
    assert gone, 'nothing was folded'
    assert {layer.type for layer in gone} <= {'BatchNorm', 'BN', 'Scale', 'Bias'}, gone
    folded = heads(source, left)
    for layer in binary.layer:
        for blob in layer.blobs:
            assert len(blob.data) == math.prod(blob.shape.dim), layer.name
        if layer.name not in folded:
            continue
        param = layer.convolution_param if layer.HasField('convolution_param') else layer.inner_product_param
        assert param.bias_term and len(layer.blobs) == 2, layer.name
        assert layer.blobs[0].shape.dim[0] == param.num_output, layer.name
        assert list(layer.blobs[1].shape.dim) == [param.num_output], layer.name


def check(crema, net, source, weights, folder):
    out = os.path.join(folder, 'folded.caffemodel')
    run = subprocess.run([crema, 'convert', source, weights, out, '--fold', '--verify', '--force'],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    compare(run.stdout)
    binary = net()
    with open(out, 'rb') as f:
        binary.ParseFromString(f.read())
    check_layers(read_text(net, source), read_text(net, out[:-len('caffemodel')] + 'prototxt'), binary)


def main():
    crema, descriptors, *pairs = sys.argv[1:]
    net = net_class(descriptors)
    passed = failed = 0
    for source, weights in zip(pairs[::2], pairs[1::2]):
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(crema, net, source, weights, folder)
                passed += 1
            except Exception as e:
                print(f'FAILED: {source}: {type(e).__name__}: {e}')
                failed += 1
    print(f'{passed} passed, {failed} failed')
    sys.exit(failed > 0)


main()
