"""Whole nets: crema beside the runtimes that still read Caffe nets, in turns. Writes BUILD/bench/nets.csv.

usage: bench_nets.py BUILD        BENCH_ROUNDS=7, BENCH_NETS="names" and CREMA_ISA change what runs

For each net and number of threads every runtime is a process of its own (bench_net.c, peer.py). They take
turns of about a third of a second, so that a busy moment of the machine hurts all alike; who waits is
stopped, since waiting threads may spin. The median over all turns is a runtime's time. An output that is not
Caffe's takes its runtime out. The machine's peak is measured in each round.
"""
import csv
import json
import os
import signal
import statistics
import subprocess
import sys

import numpy as np

import machine
import nets
import peer

TURN_NS = 300e6
TOLERANCE = 1e-3  # of the largest difference from Caffe's output, by the root mean square of that
COLUMNS = ('net', 'threads', 'runtime', 'version', 'isa', 'algorithm', 'ns', 'gflops', 'share_of_peak',
           'error', 'load_ns', 'first_ns', 'base_kb', 'peak_kb', 'spread')


class Process:
    """A runtime with a net in it, asleep but for its turns."""

    def __init__(self, build, name, net, threads):
        self.name, self.times = name, []
        out = os.path.join(build, 'bench', f'{name}.output')
        if name == 'crema':
            self.version = ''
            command = [f'{build}/bench_net', net.prototxt, net.weights, str(threads), net.input, net.blob,
                       out]
        else:
            runtime = peer.RUNTIMES[name]
            self.version, model = runtime.version(), net.model[runtime.model]
            script = os.path.join(os.path.dirname(__file__), 'peer.py')
            command = [sys.executable, script, name, model, net.weights, str(threads), net.npy, net.blob, out]
        self.process = subprocess.Popen(command, text=True, bufsize=1, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.load_ns, self.first_ns, self.base_kb, self.peak_kb, self.macs = self.answer()
        self.error = None
        if net.expected is not None:
            expected, got = net.expected, np.fromfile(out, np.float32)
            same = got.size == expected.size
            self.error = np.abs(got - expected).max() / np.sqrt(np.mean(expected**2)) if same else np.inf
        self.repeats = max(1, round(TURN_NS / statistics.median(self.ask(3))))
        self.process.send_signal(signal.SIGSTOP)

    def right(self):
        return self.error is None or self.error <= TOLERANCE  # NaN is not

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            said = self.process.communicate()[1].strip().splitlines()
            raise RuntimeError(said[-1] if said else 'ended')
        return [int(word) for word in line.split() if word != 'ready']

    def ask(self, n):
        print(n, file=self.process.stdin, flush=True)
        return self.answer()

    def turn(self):
        self.process.send_signal(signal.SIGCONT)
        times = self.ask(self.repeats)
        self.process.send_signal(signal.SIGSTOP)
        self.times += times

    def end(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.communicate()


def why_not(name, net):
    """Why a runtime can't run the net; None where it may."""
    runtime = peer.RUNTIMES.get(name)
    if not runtime:
        return None  # crema
    if not runtime.version():
        return 'is not installed'
    return None if runtime.model in net.model else net.why.get(runtime.model, 'needs weights')


def measure(build, net, threads, rounds, skipped):
    processes, peaks = [], []
    for name in ['crema', *peer.RUNTIMES]:
        reason = why_not(name, net)
        try:
            if not reason:
                processes.append(Process(build, name, net, threads))
        except RuntimeError as error:
            reason = str(error)
        if reason:
            skipped.setdefault(name, {}).setdefault(reason, set()).add(net.name)
    for _ in range(rounds):
        for process in processes:
            process.turn()
        peaks.append(machine.limits(build, threads)[0])
    for process in processes:
        process.end()
    macs = max(process.macs for process in processes)
    return [row(net, threads, process, macs, statistics.median(peaks)) for process in processes]


def row(net, threads, process, macs, peak):
    ns = statistics.median(process.times)
    low, high = np.percentile(process.times, [25, 75])
    gflops = 2 * macs / ns
    ours = process.name == 'crema'
    # A wrong result has no time.
    timed = (round(ns), f'{gflops:.1f}', f'{gflops / peak:.3f}') if process.right() else ('', '', '')
    error = '' if process.error is None else f'{process.error:.1e}'
    return dict(zip(COLUMNS, (net.name, threads, process.name, process.version, machine.isa() if ours else '',
                              'net', *timed, error, process.load_ns, process.first_ns, process.base_kb,
                              process.peak_kb, f'{(high - low) / ns:.2f}')))


def main(build):
    rounds = int(os.environ.get('BENCH_ROUNDS', '7'))
    counts = [n for n in (1, 2) if n <= machine.cores()]
    selection = nets.all_nets(build)
    about = {'machine': machine.describe(), 'limits': {n: machine.limits(build, n) for n in counts}}
    skipped = {}  # {runtime: {reason: names of nets}}
    with open(f'{build}/bench/nets.csv', 'w', newline='') as f:
        out = csv.DictWriter(f, COLUMNS)
        out.writeheader()
        for net in selection:
            for threads in counts:
                print(f'timing {net.name}, threads: {threads}', file=sys.stderr)
                out.writerows(measure(build, net, threads, rounds, skipped))
                f.flush()
    about['skipped'] = [f'{name} ({", ".join(sorted(names)) if len(names) < len(selection) else "all nets"}): {why}'
                        for name, reasons in skipped.items() for why, names in reasons.items()]
    with open(f'{build}/bench/machine.json', 'w') as f:
        json.dump(about, f, indent=1)


if __name__ == '__main__':
    main(*sys.argv[1:])
