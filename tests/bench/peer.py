"""One net in one process of another runtime, run on demand. bench_net.c does the same for crema and says how
driver and process talk.

usage: peer.py RUNTIME MODEL WEIGHTS THREADS INPUT.npy BLOB OUTPUT

MODEL is what the runtime's own reader takes: Caffe's files, or what nets.py made of them. What is compared is BLOB,
the scores before the softmax: random weights make probabilities that say little.

All compute in float32, which some do not by themselves: MNN takes shorter floats unless its precision is "high", ncnn
fp16 and bf16 where its options allow them, OpenVINO bf16 on CPUs that have it.
"""
import os
import sys
import time
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Callable

import numpy as np

SCORES = 'scores_of_net'  # a second name for BLOB in ONNX models, where it is an output beside prob


def mnn(model, weights, threads, x, blob):
    import MNN

    def start():
        config = {'backend': 'CPU', 'numThread': threads, 'precision': 'high'}
        runtime = MNN.nn.create_runtime_manager((config,))
        module = MNN.nn.load_module_from_file(model, ['data'], [blob, 'prob'], runtime_manager=runtime)
        data = MNN.expr.const(x, list(x.shape), MNN.expr.NCHW, MNN.expr.float)
        data = MNN.expr.convert(data, MNN.expr.NC4HW4)

        def run():
            scores, prob = module.forward([data])
            prob.read()
            return np.array(scores.read())  # read() shows memory of `scores`
        return run
    return start


def opencv(model, weights, threads, x, blob):
    import cv2

    def start():
        cv2.setNumThreads(threads)
        net = cv2.dnn.readNetFromCaffe(model, weights)
        net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        net.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

        def run():
            net.setInput(x)
            return net.forward([blob, 'prob'])[0]
        return run
    return start


def ncnn(model, weights, threads, x, blob):
    import ncnn as library

    def start():
        net = library.Net()
        net.opt.num_threads = threads
        for option in ('fp16_packed', 'fp16_storage', 'fp16_arithmetic', 'bf16_storage', 'int8_inference'):
            setattr(net.opt, f'use_{option}', False)
        if net.load_param(model) or net.load_model(model.replace('.param', '.bin')):
            raise RuntimeError('ncnn could not load the net')

        def run():
            extractor = net.create_extractor()
            extractor.input('in0', library.Mat(x[0]))
            extractor.extract('out0')
            return np.array(extractor.extract('out1')[1])  # outputs have numbers in the order of their names
        return run
    return start


def onnxruntime(model, weights, threads, x, blob):
    import onnxruntime as library

    def start():
        options = library.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        session = library.InferenceSession(model, options, providers=['CPUExecutionProvider'])
        source = session.get_inputs()[0].name
        return lambda: session.run([SCORES, 'prob'], {source: x})[0]
    return start


def openvino(model, weights, threads, x, blob):
    import openvino as library

    def start():
        core = library.Core()
        how = {'INFERENCE_PRECISION_HINT': 'f32', 'INFERENCE_NUM_THREADS': threads, 'NUM_STREAMS': 1,
               'PERFORMANCE_HINT': 'LATENCY'}
        request = core.compile_model(core.read_model(model), 'CPU', how).create_infer_request()

        def run():
            request.infer([x])
            return np.array(request.get_tensor(SCORES).data)
        return run
    return start


@dataclass
class Runtime:
    package: str  # on PyPI
    model: str    # what it reads: a kind of nets.Net.model
    prepare: Callable

    def version(self):
        """None where it is not installed"""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return None


RUNTIMES = {'ncnn': Runtime('ncnn', 'ncnn', ncnn),
            'mnn': Runtime('MNN', 'mnn', mnn),
            'opencv': Runtime('opencv-python-headless', 'caffe', opencv),
            'onnxruntime': Runtime('onnxruntime', 'onnx', onnxruntime),
            'openvino': Runtime('openvino', 'onnx', openvino)}


def convert_mnn(net, weights, out):
    """MNN's converter. Not by its command, mnnconvert: that one installs packages into whatever `pip`
    it finds, and reports its use to the maker."""
    import _tools
    _tools.mnnconvert(['mnnconvert', '-f', 'CAFFE', '--modelFile', weights, '--prototxt', net,
                       '--MNNModel', out, '--bizCode', 'bench'])


def memory_kb(field):
    with open('/proc/self/status') as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field + ':'))


def main(runtime, model, weights, threads, source, blob, out):
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)  # what libraries print is not for the driver
    x = np.load(source).astype(np.float32)
    start = RUNTIMES[runtime].prepare(model, weights, int(threads), x, blob)
    base = memory_kb('VmRSS')
    begin = time.perf_counter_ns()
    run = start()
    loaded = time.perf_counter_ns()
    y = run()
    first = time.perf_counter_ns()
    np.asarray(y, np.float32).tofile(out)
    print('ready', loaded - begin, first - begin, base, memory_kb('VmHWM'), 0, file=answers, flush=True)
    clock = time.process_time_ns if threads == '1' else time.perf_counter_ns
    for line in sys.stdin:
        run()
        times = []
        for _ in range(int(line)):
            begin = clock()
            run()
            times.append(clock() - begin)
        print(*times, file=answers, flush=True)


if __name__ == '__main__':
    main(*sys.argv[1:])
