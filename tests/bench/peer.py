"""One net in one process of another runtime, run on demand. bench_net.c does the same for crema and says how
driver and process talk.

usage: peer.py RUNTIME NET WEIGHTS THREADS INPUT.npy BLOB OUTPUT

BLOB, the scores before the softmax, is what is compared: random weights make probabilities that say little.

All compute in float32: MNN takes shorter floats unless its precision is "high"; OpenCV does when asked only.
"""
import os
import sys
import time

import numpy as np


def mnn(net, weights, threads, x, blob):
    # NET is what convert_mnn() made. Converting is not part of loading; OpenCV and crema read Caffe's files.
    import MNN

    def start():
        config = {'backend': 'CPU', 'numThread': threads, 'precision': 'high'}
        runtime = MNN.nn.create_runtime_manager((config,))
        module = MNN.nn.load_module_from_file(net, ['data'], [blob, 'prob'], runtime_manager=runtime)
        data = MNN.expr.const(x, list(x.shape), MNN.expr.NCHW, MNN.expr.float)
        data = MNN.expr.convert(data, MNN.expr.NC4HW4)

        def run():
            scores, prob = module.forward([data])
            prob.read()
            return np.array(scores.read())  # read() shows memory of `scores`
        return run
    return start


def opencv(net, weights, threads, x, blob):
    import cv2

    def start():
        cv2.setNumThreads(threads)
        model = cv2.dnn.readNetFromCaffe(net, weights)
        model.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        model.setPreferableTarget(cv2.dnn.DNN_TARGET_CPU)

        def run():
            model.setInput(x)
            return model.forward([blob, 'prob'])[0]
        return run
    return start


RUNTIMES = {'mnn': mnn, 'opencv': opencv}

# Runtimes that a user would compare with and that a Caffe net can't reach today.
UNREACHABLE = {
    'ncnn': 'reads its own format; neither its PyPI package nor Debian has its caffe2ncnn',
    'onnxruntime': 'needs the ONNX export',
    'openvino': 'has no Caffe reader since 2024; needs the ONNX export',
}


def convert_mnn(net, weights, out):
    """MNN's converter. Not by its command, mnnconvert: that one installs packages into whatever `pip`
    it finds, and reports its use to the maker."""
    import _tools
    _tools.mnnconvert(['mnnconvert', '-f', 'CAFFE', '--modelFile', weights, '--prototxt', net,
                       '--MNNModel', out, '--bizCode', 'bench'])


def memory_kb(field):
    with open('/proc/self/status') as f:
        return next(int(line.split()[1]) for line in f if line.startswith(field + ':'))


def main(runtime, net, weights, threads, source, blob, out):
    answers = os.fdopen(os.dup(1), 'w')
    os.dup2(2, 1)  # what libraries print is not for the driver
    x = np.load(source).astype(np.float32)
    start = RUNTIMES[runtime](net, weights, int(threads), x, blob)
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
