"""The nets of the benchmark, with all that running them takes, under build/bench.

From ../shared (or $SHARED): seven nets, weights made on the spot, and Caffe's outputs. Without it: our own
nets/, with their fillers' values, which only crema can run and nothing can be compared with.

Each net is there in the forms that runtimes read: Caffe's own, MNN's (by its converter), ONNX (by `crema convert`),
ncnn's (by pnnx, from the ONNX model). A form that can't be made has a reason instead, and its runtimes are skipped.
"""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field

import numpy as np

import peer


@dataclass
class Net:
    name: str
    prototxt: str
    weights: str = '-'  # .caffemodel
    input: str = '-'    # bare floats
    npy: str = ''       # the same with its shape
    blob: str = '-'     # what is compared: the scores before the softmax
    expected: np.ndarray = None
    model: dict = field(default_factory=dict)  # path by form: caffe, mnn, onnx, ncnn
    why: dict = field(default_factory=dict)    # reason by form that is not there


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


def run(command, **options):
    """Runs it in silence; what it said last is the reason if it fails."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise RuntimeError((done.stdout.strip().splitlines() or ['failed'])[-1])


def make_mnn(build, net, out):
    program = 'import peer, sys; peer.convert_mnn(*sys.argv[1:])'
    run([sys.executable, '-c', program, net.prototxt, net.weights, out],
        env=dict(os.environ, PYTHONPATH=os.path.dirname(__file__)))


def make_onnx(build, net, out):
    # The scores are an output beside prob.
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
        path = os.path.join(folder, 'net.prototxt')
        with open(net.prototxt) as source, open(path, 'w') as target:
            target.write(source.read() + f"\nlayer {{ name: '{peer.SCORES}' type: 'Split' bottom: '{net.blob}' "
                                         f"top: '{peer.SCORES}' }}\n")
        model = os.path.join(folder, 'net.onnx')
        run([f'{build}/crema', 'convert', path, net.weights, model])
        os.rename(model, out)


def make_ncnn(build, net, out):
    if 'onnx' not in net.model:
        raise RuntimeError(net.why['onnx'])
    spec = importlib.util.find_spec('pnnx')  # importing it would ask for torch, its program does not
    if not spec:
        raise RuntimeError('pnnx is not installed')
    program = os.path.join(spec.submodule_search_locations[0], 'pnnx')
    with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as folder:
        os.symlink(os.path.abspath(net.model['onnx']), os.path.join(folder, 'net.onnx'))
        run([os.path.abspath(program), 'net.onnx', 'fp16=0'], cwd=folder)
        os.rename(os.path.join(folder, 'net.ncnn.bin'), out.replace('.param', '.bin'))
        os.rename(os.path.join(folder, 'net.ncnn.param'), out)


FORMS = {'mnn': ('.mnn', make_mnn), 'onnx': ('.onnx', make_onnx), 'ncnn': ('.ncnn.param', make_ncnn)}


def make_forms(build, folder, net):
    net.model['caffe'] = net.prototxt
    for form, (suffix, make) in FORMS.items():
        out = os.path.join(folder, net.name + suffix)
        try:
            if not os.path.exists(out):
                make(build, net, out)
            net.model[form] = out
        except (RuntimeError, OSError) as error:
            net.why[form] = f'no {form} model: {error}'


def from_shared(shared, build, folder, wanted):
    for name, source, blob, expected in manifest(os.path.join(shared, 'bench/bench.yaml')):
        if not wanted(name):
            continue
        bench = os.path.join(shared, 'bench')
        net = Net(name, os.path.join(bench, name + '.prototxt'), os.path.join(folder, name + '.caffemodel'),
                  os.path.join(folder, name + '.input'), os.path.join(bench, source),
                  blob=blob, expected=np.load(os.path.join(bench, expected)).ravel())
        np.load(net.npy).astype(np.float32).tofile(net.input)
        make_weights(shared, name, net.weights)
        make_forms(build, folder, net)
        yield net


def all_nets(build):
    folder = os.path.join(build, 'bench', 'models')
    os.makedirs(folder, exist_ok=True)
    names = os.environ.get('BENCH_NETS', '').split()

    def wanted(name):
        return not names or name in names

    if os.path.exists(os.path.join(shared_folder(), 'bench/bench.yaml')):
        nets = list(from_shared(shared_folder(), build, folder, wanted))
    else:
        print(f'{shared_folder()} is not there: our own nets with random weights, for crema alone',
              file=sys.stderr)
        own = ('caffenet', 'googlenet', 'mobilenet_v1', 'mobilenet_v2', 'resnet50', 'squeezenet_v1.1',
               'vgg16')
        nets = [Net(name, f'nets/{name}.prototxt') for name in own if wanted(name)]
    return nets or sys.exit('BENCH_NETS names no net')
