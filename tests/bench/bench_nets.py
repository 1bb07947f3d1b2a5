"""Whole nets: crema beside the runtimes that still read Caffe nets, in turns. Writes BUILD/bench/nets.csv.

usage: bench_nets.py BUILD        BENCH_ROUNDS=7, BENCH_LOADS=5, BENCH_NETS="names" and CREMA_ISA change what runs

For each net and number of threads every runtime is a process of its own (bench_net.c, peer.py). They take
turns of about a third of a second, so that a busy moment of the machine hurts all alike; who waits is
stopped, since waiting threads may spin. The median over all turns is a runtime's time. An output that is not
Caffe's takes its runtime out. The machine's peak is measured in each round.

Loading is measured before, each time in a fresh process that ends after its first result, BENCH_LOADS times
with one thread and once with more; medians, too. The runtimes take turns here as well, and each round begins
with another one. All find the same: the driver has just read the files, so they are in the page cache, and used
and freed more memory than any of them takes. (A virtual machine gives memory that is free for some seconds back
to its host, and then pays up to ten times the price to have it again.) The clock starts when the process is up:
dynamic linking, and for the others Python and its modules, do not count.
"""
import csv
import json
import mmap
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
BASE_BYTES = 256 << 20  # more than any runtime takes without weights
TOLERANCE = 1e-3  # of the largest difference from Caffe's output, by the root mean square of that
COLUMNS = ('net', 'threads', 'runtime', 'version', 'isa', 'algorithm', 'ns', 'gflops', 'share_of_peak',
           'error', 'load_ns', 'first_ns', 'base_kb', 'peak_kb', 'spread')


def read_whole(path):
    """So that it is in the page cache."""
    with open(path, 'rb') as f:
        while f.read(1 << 22):
            pass


def use_memory(n_bytes):
    """So that the machine has it at hand."""
    memory = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    np.frombuffer(memory, np.uint8)[::mmap.PAGESIZE] = 1
    memory.close()


class Process:
    """A runtime that has loaded a net and run it once."""

    def __init__(self, build, name, net, threads):
        self.name, self.net, self.times = name, net, []
        for path in files_of(name, net):
            read_whole(path)
        use_memory(BASE_BYTES + 3 * sum(os.path.getsize(path) for path in files_of(name, net)))
        self.out = os.path.join(build, 'bench', f'{name}.output')
        if name == 'crema':
            self.version = ''
            command = [f'{build}/bench_net', net.prototxt, net.weights, str(threads), net.input, net.blob,
                       self.out]
        else:
            runtime = peer.RUNTIMES[name]
            self.version, model = runtime.version(), net.model[runtime.model]
            script = os.path.join(os.path.dirname(__file__), 'peer.py')
            command = [sys.executable, script, name, model, net.weights, str(threads), net.npy, net.blob,
                       self.out]
        self.process = subprocess.Popen(command, text=True, bufsize=1, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        *self.start, self.macs = self.answer()

    def get_ready(self):
        """For turns; it sleeps between them."""
        self.error = None
        if self.net.expected is not None:
            expected, got = self.net.expected, np.fromfile(self.out, np.float32)
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


def files_of(name, net):
    """What a runtime reads to load the net."""
    runtime = peer.RUNTIMES.get(name)
    if runtime and runtime.model != 'caffe':
        model = net.model[runtime.model]
        return {model, model.replace('.param', '.bin')}
    return {net.prototxt, net.weights} - {'-'}


def why_not(name, net):
    """Why a runtime can't run the net; None where it may."""
    runtime = peer.RUNTIMES.get(name)
    if not runtime:
        return None  # crema
    if not runtime.version():
        return 'is not installed'
    return None if runtime.model in net.model else net.why.get(runtime.model, 'needs weights')


def load_in_turns(build, net, threads, loads, skipped):
    """{name: medians of load_ns, first_ns, base_kb, peak_kb} of the runtimes that can run the net"""
    starts = {}
    for name in ['crema', *peer.RUNTIMES]:
        reason = why_not(name, net)
        if reason:
            skipped.setdefault(name, {}).setdefault(reason, set()).add(net.name)
        else:
            starts[name] = []
    for i in range(loads):
        names = list(starts)
        first = i % max(1, len(names))
        for name in names[first:] + names[:first]:
            try:
                process = Process(build, name, net, threads)
                starts[name].append(process.start)
                process.end()
            except RuntimeError as error:
                skipped.setdefault(name, {}).setdefault(str(error), set()).add(net.name)
                del starts[name]
    return {name: [round(statistics.median(column)) for column in zip(*rows)] for name, rows in starts.items()}


def measure(build, net, threads, rounds, loads, skipped):
    starts = load_in_turns(build, net, threads, loads, skipped)
    processes, peaks = [], []
    for name in starts:
        processes.append(Process(build, name, net, threads))
        processes[-1].get_ready()
    for _ in range(rounds):
        for process in processes:
            process.turn()
        peaks.append(machine.limits(build, threads)[0])
    for process in processes:
        process.end()
    macs = max(process.macs for process in processes)
    return [row(net, threads, process, starts[process.name], macs, statistics.median(peaks))
            for process in processes]


def row(net, threads, process, start, macs, peak):
    ns = statistics.median(process.times)
    low, high = np.percentile(process.times, [25, 75])
    gflops = 2 * macs / ns
    ours = process.name == 'crema'
    # A wrong result has no time.
    timed = (round(ns), f'{gflops:.1f}', f'{gflops / peak:.3f}') if process.right() else ('', '', '')
    error = '' if process.error is None else f'{process.error:.1e}'
    return dict(zip(COLUMNS, (net.name, threads, process.name, process.version, machine.isa() if ours else '',
                              'net', *timed, error, *start, f'{(high - low) / ns:.2f}')))


def main(build):
    rounds, loads = [int(os.environ.get(name, n)) for name, n in (('BENCH_ROUNDS', 7), ('BENCH_LOADS', 5))]
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
                out.writerows(measure(build, net, threads, rounds, loads if threads == 1 else 1, skipped))
                f.flush()
    about['skipped'] = [f'{name} ({", ".join(sorted(names)) if len(names) < len(selection) else "all nets"}): {why}'
                        for name, reasons in skipped.items() for why, names in reasons.items()]
    with open(f'{build}/bench/machine.json', 'w') as f:
        json.dump(about, f, indent=1)


if __name__ == '__main__':
    main(*sys.argv[1:])
