"""What the benchmark found, for the eye: tables of BUILD/bench/*.csv on stdout.

usage: tables.py BUILD
"""
import csv
import json
import math
import os
import sys

import peer


def rows(path):
    if not os.path.exists(path):
        return []
    with open(path, newline='') as f:
        return list(csv.DictReader(f))


def machine_of(folder):
    path = os.path.join(folder, 'machine.json')
    if not os.path.exists(path):
        return None
    with open(path) as f:
        return json.load(f)


def by_net(path):
    """{(net, threads): {runtime: row}} of nets.csv, in its order."""
    found = {}
    for row in rows(path):
        found.setdefault((row['net'], int(row['threads'])), {})[row['runtime']] = row
    return found


def times(runtimes):
    """ms of the runtimes whose results were right"""
    return {name: int(row['ns']) / 1e6 for name, row in runtimes.items() if row['ns']}


def ratio(runtimes):
    """crema's time by the fastest other's, and that one's name; None where there is no such pair"""
    ms = times(runtimes)
    ours = ms.pop('crema', None)
    if ours is None or not ms:
        return None
    fastest = min(ms, key=ms.get)
    return ours / ms[fastest], fastest


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def print_table(head, body):
    widths = [max(len(row[i]) for row in [head, *body]) for i in range(len(head))]
    for row in [head, *body]:
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths))]
        print('  '.join(cells).rstrip())
    print()


def print_times(found, names, threads):
    clock = 'CPU time' if threads == 1 else 'wall clock'
    print(f'Milliseconds ({clock}), batch 1, float32, threads: {threads}')
    body, ratios = [], []
    for (net, n), runtimes in found.items():
        if n != threads:
            continue
        ms, best = times(runtimes), ratio(runtimes)
        cells = [f'{ms[name]:.1f}' if name in ms else 'wrong' if name in runtimes else '-' for name in names]
        body.append([net, *cells, f'{best[0]:.2f}' if best else '-', best[1] if best else '',
                     runtimes['crema']['share_of_peak'], runtimes['crema']['error'],
                     max(row['spread'] for row in runtimes.values())])
        ratios += [best[0]] if best else []
    if ratios:
        body.append(['geometric mean', *[''] * len(names), f'{geometric_mean(ratios):.2f}', '', '', '', ''])
    print_table(['net', *names, 'ratio', 'to', 'of peak', 'error', 'spread'], body)


def pair(row, first, unit, layout, second):
    return layout.format(*[round(int(row[field]) / unit) for field in (first, second)]) if row else '-'


def print_memory(found, names):
    print('Milliseconds until the net is loaded / until the first result; peak resident MB of the process and, in')
    print('brackets, MB before loading, which for the others is Python and its modules. One thread.')
    body = []
    for (net, threads), runtimes in found.items():
        if threads == 1:
            kept = [runtimes.get(name) for name in names]
            body.append([net, *[pair(r, 'load_ns', 1e6, '{} / {}', 'first_ns') for r in kept],
                         *[pair(r, 'peak_kb', 1e3, '{} ({})', 'base_kb') for r in kept]])
    print_table(['net', *names, *[name + ' MB' for name in names]], body)


def share(time, of_peak):
    if time < 0.005:
        return ''
    return f'{100 * time:.0f}%' + (f' at {100 * of_peak / time:.0f}%' if of_peak else '')


def print_algorithms(layers):
    print('Where the time of crema goes, one thread: share of a net, and of the peak while there')
    nets, sums = list(dict.fromkeys(row['net'] for row in layers)), {}
    for row in layers:
        if float(row['share_of_net']) > 0:
            key = row['type'] + (' ' + row['algorithm'] if row['gflops'] != '0.0' else '')
            total = sums.setdefault(key, {}).setdefault(row['net'], [0, 0])
            total[0] += float(row['share_of_net'])
            total[1] += float(row['share_of_net']) * float(row['share_of_peak'])
    body = []
    for key, totals in sorted(sums.items(), key=lambda item: -sum(t[0] for t in item[1].values())):
        cells = [totals.get(net, [0, 0]) for net in nets]
        if max(cell[0] for cell in cells) >= 0.02:
            body.append([key, *[share(*cell) for cell in cells]])
    print_table(['layers', *nets], body)


def main(build):
    folder = os.path.join(build, 'bench')
    about = machine_of(folder)
    if about:
        print(about['machine'])
        for threads, (gflops, gbs) in about['limits'].items():
            print(f'threads: {threads}: peak {gflops} GFLOP/s, reads {gbs} GB/s from memory')
        print()
    found = by_net(f'{folder}/nets.csv')
    names = list(dict.fromkeys(name for runtimes in found.values() for name in runtimes))
    for threads in sorted({threads for _, threads in found}):
        print_times(found, names, threads)
    if found:
        versions = {name: row['version'] for runtimes in found.values() for name, row in runtimes.items()}
        print('ratio: crema by the fastest other; error: from Caffe; spread: quartiles by median, the worst.')
        print('Versions:', ', '.join(f'{name} {text}' for name, text in versions.items() if text) or '-')
        for name, reason in peer.UNREACHABLE.items():
            print(f'skipped: {name} {reason}')
        print()
        print_memory(found, names)
    layers = rows(f'{folder}/layers.csv')
    if layers:
        print_algorithms(layers)


if __name__ == '__main__':
    main(*sys.argv[1:])
