"""What the benchmark found, for the eye: tables of BUILD/bench/*.csv on stdout.

usage: tables.py BUILD
"""
import csv
import json
import math
import os
import sys


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
    print('Milliseconds until the net is loaded / until the first result, in fresh processes, files and memory at')
    print('hand; peak resident MB of the process and, in brackets, MB before loading, which for the others is')
    print('Python and its modules. One thread.')
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


def print_kernels(rows):
    print('Kernels on data in the caches, one thread: share of the peak of their own ISA level (dot: GB/s)')
    isas = list(dict.fromkeys(row['isa'] for row in rows))
    found = {}
    for row in rows:
        cell = row['gbs'] if row['kernel'] == 'dot' else f'{100 * float(row["share_of_peak"]):.0f}%'
        found.setdefault((row['kernel'], row['shape']), {})[row['isa']] = (cell, row['error'])
    body = [[kernel, shape, *[cells[isa][0] for isa in isas], max(e for _, e in cells.values())]
            for (kernel, shape), cells in found.items()]
    print_table(['kernel', 'm x n x k', *isas, 'error'], body)


def print_convolutions(rows):
    """Per net and algorithm in use; errors are the worst of its shapes."""
    print('Distinct convolutions of the nets, the algorithm in use, one thread: shapes, median share of the peak,')
    print('worst error against im2col, all algorithms on the same shapes: time of im2col by that of the one in use')
    groups, last = {}, {}
    for row in rows:
        shape = tuple(row[k] for k in ('net', 'input', 'outputs', 'kernel', 'stride', 'pad', 'dilation', 'group'))
        last.setdefault(shape, {})[row['algorithm']] = row
    for by_algorithm in last.values():
        row = list(by_algorithm.values())[-1]
        groups.setdefault(row['algorithm'], []).append((row, float(by_algorithm['im2col']['ns']) / float(row['ns'])))
    body = []
    for name, used in sorted(groups.items(), key=lambda item: -len(item[1])):
        shares = sorted(float(row['share_of_peak']) for row, _ in used)
        body.append([name, str(len(used)), f'{100 * shares[len(shares) // 2]:.0f}%',
                     f'{max(float(row["error"]) for row, _ in used):.1e}',
                     f'{geometric_mean([gain for _, gain in used]):.2f}'])
    print_table(['algorithm', 'shapes', 'of peak', 'error', 'im2col by it'], body)


def print_large(rows):
    print('Large kernels, stride 1, one thread: time of fft by that of the fastest other, error against im2col')
    shapes = {}
    for row in rows:
        shape = (row['input'], row['outputs'], row['group'][1:], row['kernel'][1:])
        shapes.setdefault(shape, {})[row['algorithm']] = row
    body = []
    for shape, by_algorithm in shapes.items():
        used, fft = list(by_algorithm)[-1], by_algorithm.pop('fft')
        other = min(by_algorithm.values(), key=lambda row: float(row['ns']))
        body.append([*shape, other['algorithm'], f'{float(fft["ns"]) / float(other["ns"]):.2f}', fft['error'], used])
    print_table(['input', 'outputs', 'group', 'kernel', 'other', 'fft by it', 'error', 'in use'], body)


def print_padding(rows):
    print('Padding: time by that of the same layer padded with as many zeros, one thread')
    layers = list(dict.fromkeys((row['layer'], row['input'], row['algorithm']) for row in rows))
    body = []
    for pad in dict.fromkeys(row['pad'] for row in rows):
        ratio = {(row['layer'], row['input'], row['algorithm']): row['ratio'] for row in rows if row['pad'] == pad}
        body.append([pad, *[ratio.get(layer, '') for layer in layers]])
    for i, layer in enumerate(layers):
        print(f'  {chr(ord("a") + i)}: {layer[0]} of {layer[1]}, {layer[2]}')
    print_table(['padding', *[chr(ord('a') + i) for i in range(len(layers))]], body)


def main(build):
    folder = os.path.join(build, 'bench')
    about = machine_of(folder)
    if about:
        print(about['machine'])
        for threads, (gflops, read, copy) in about['limits'].items():
            print(f'threads: {threads}: peak {gflops} GFLOP/s; memory: {read} GB/s read, {copy} GB/s copied')
        print()
    found = by_net(f'{folder}/nets.csv')
    names = list(dict.fromkeys(name for runtimes in found.values() for name in runtimes))
    for threads in sorted({threads for _, threads in found}):
        print_times(found, names, threads)
    if found:
        versions = {name: row['version'] for runtimes in found.values() for name, row in runtimes.items()}
        print('ratio: crema by the fastest other; error: from Caffe; spread: quartiles by median, the worst.')
        print('Versions:', ', '.join(f'{name} {text}' for name, text in versions.items() if text) or '-')
        for line in (about or {}).get('skipped', []):
            print('skipped:', line)
        print()
        print_memory(found, names)
    for name, show in (('layers', print_algorithms), ('kernels', print_kernels),
                       ('convolutions', print_convolutions), ('large', print_large),
                       ('padding', print_padding)):
        found = rows(f'{folder}/{name}.csv')
        if found:
            show(found)


if __name__ == '__main__':
    main(*sys.argv[1:])
