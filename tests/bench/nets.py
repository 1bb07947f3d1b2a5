"""The nets of the benchmark, with all that running them takes, under build/bench.

From ../shared (or $SHARED): seven nets, weights made on the spot, and Caffe's outputs. Without it: our own
nets/, with their fillers' values, which only crema can run and nothing can be compared with.
"""
import os
import re
import subprocess
import sys
from dataclasses import dataclass

import numpy as np

import peer


@dataclass
class Net:
    name: str
    prototxt: str
    weights: str = '-'  # .caffemodel
    input: str = '-'    # bare floats
    npy: str = ''       # the same with its shape
    mnn: str = ''
    blob: str = '-'     # what is compared: the scores before the softmax
    expected: np.ndarray = None


def shared_folder():
    return os.environ.get('SHARED', '../shared')


def manifest(path):
    """name, input, and the output beside `prob` with its file, of each case: a case stands on a line."""
    with open(path) as f:
        for line in f:
            case = re.search(r'name: ([^,]+), .*{data: ([^}]+)}.*{prob: [^,]+, "?([^:"]+)"?: ([^,}]+)', line)
            if case:
                yield case.groups()


def make_weights(shared, name, out):
    if not os.path.exists(out):
        print('making weights of', name, file=sys.stderr)
        tool = os.path.join(shared, 'tools/make_weights.py')
        subprocess.run([sys.executable, tool, name, out + '.part'], check=True)
        os.rename(out + '.part', out)


def make_mnn(net, out):
    if not os.path.exists(out):
        program = 'import peer, sys; peer.convert_mnn(*sys.argv[1:])'
        subprocess.run([sys.executable, '-c', program, net.prototxt, net.weights, out + '.part'], check=True,
                       env=dict(os.environ, PYTHONPATH=os.path.dirname(__file__)), stdout=subprocess.DEVNULL)
        os.rename(out + '.part', out)
    return out


def from_shared(shared, folder):
    for name, source, blob, expected in manifest(os.path.join(shared, 'bench/bench.yaml')):
        bench = os.path.join(shared, 'bench')
        net = Net(name, os.path.join(bench, name + '.prototxt'), os.path.join(folder, name + '.caffemodel'),
                  os.path.join(folder, name + '.input'), os.path.join(bench, source),
                  blob=blob, expected=np.load(os.path.join(bench, expected)).ravel())
        np.load(net.npy).astype(np.float32).tofile(net.input)
        make_weights(shared, name, net.weights)
        net.mnn = make_mnn(net, os.path.join(folder, name + '.mnn'))
        yield net


def all_nets(build):
    folder = os.path.join(build, 'bench', 'models')
    os.makedirs(folder, exist_ok=True)
    wanted = os.environ.get('BENCH_NETS', '').split()
    if os.path.exists(os.path.join(shared_folder(), 'bench/bench.yaml')):
        nets = from_shared(shared_folder(), folder)
    else:
        print(f'{shared_folder()} is not there: our own nets with random weights, for crema alone',
              file=sys.stderr)
        names = ('caffenet', 'googlenet', 'mobilenet_v1', 'mobilenet_v2', 'resnet50', 'squeezenet_v1.1',
                 'vgg16')
        nets = (Net(name, f'nets/{name}.prototxt') for name in names)
    return [net for net in nets if not wanted or net.name in wanted] or sys.exit('BENCH_NETS names no net')
