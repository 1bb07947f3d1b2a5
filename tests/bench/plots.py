"""Pictures of BUILD/bench/*.csv: ratios.svg and roofline.svg beside them.

usage: plots.py BUILD
"""
import os
import sys

import matplotlib

matplotlib.use('svg')
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import LogLocator

import tables

COLOURS = ('#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#777777', '#000000')
MARK = 0.9  # of the fastest other's time: where we want to be

plt.rcParams.update({'font.size': 10, 'axes.spines.top': False, 'axes.spines.right': False,
                     'svg.hashsalt': 'crema', 'font.family': 'sans-serif'})


def save(figure, path, about):
    figure.supxlabel(about, x=0.99, ha='right', fontsize=7, color='#777777')
    figure.savefig(path, metadata={'Date': None})
    plt.close(figure)


def ratios(found, path, about):
    """A bar for each net and number of threads: crema's time by that of the fastest other. Bars grow from 1,
    to the left where crema is ahead."""
    counts = sorted({threads for _, threads in found})
    nets = list(dict.fromkeys(net for net, _ in found))
    by_count = {n: [tables.ratio(found.get((net, n), {})) for net in nets] for n in counts}
    known = [r[0] for column in by_count.values() for r in column if r]
    if not known:
        return
    figure, axes = plt.subplots(figsize=(8, 0.62 * (len(nets) + 1) + 1.6), layout='constrained')
    height = 0.8 / len(counts)
    names = nets + ['geometric mean']
    for i, n in enumerate(counts):
        column = by_count[n] + [(tables.geometric_mean([r[0] for r in by_count[n] if r]), '')]
        label = f'{n} thread' + ('s' if n > 1 else '')
        for row, value in enumerate(column):
            if not value:
                continue
            y = row + (i - (len(counts) - 1) / 2) * height
            axes.barh(y, value[0] - 1, height * 0.92, left=1, color=COLOURS[i],
                      label=label if row == 0 else None)
            axes.text(max(1, value[0]), y, f' {value[0]:.2f} {value[1]}', va='center', fontsize=8)
    axes.axvline(1, color='black', lw=1)
    axes.axvline(MARK, color='#009e73', lw=1, ls='--')
    axes.text(MARK, -0.62, f'{MARK} ', color='#009e73', ha='right', va='bottom', fontsize=8)
    axes.axhline(len(nets) - 0.5, color='#cccccc', lw=0.8)
    axes.set(xscale='log', xlim=(min(0.45, 0.9 * min(known)), max(2.2, 1.4 * max(known))),
             ylim=(len(names) - 0.4, -0.6), yticks=range(len(names)),
             yticklabels=names,
             xlabel='time of crema / time of the fastest other runtime (named); left of 1 crema is ahead')
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter('{x:g}')
    axes.minorticks_off()
    axes.spines['left'].set_visible(False)
    axes.tick_params(left=False)
    axes.legend(frameon=False, loc='lower right', bbox_to_anchor=(1, 1), ncols=len(counts))
    save(figure, path, about)


def chosen(rows):
    """The rows of convolutions.csv that nets use: the last of each shape (so bench_conv.c prints them)."""
    keys = ('input', 'outputs', 'kernel', 'stride', 'pad', 'dilation', 'group')
    return list({tuple(row[key] for key in keys): row for row in rows}.values())


def intensity(row):
    """Operations by bytes that have to move at least once: input, weights, output."""
    channels, height, width = (int(x) for x in row['input'].split('x'))
    kernel, stride, pad, dilation, group = (int(row[k].lstrip('kspdg'))
                                            for k in ('kernel', 'stride', 'pad', 'dilation', 'group'))
    outputs = int(row['outputs'])
    out = [(n + 2 * pad - dilation * (kernel - 1) - 1) // stride + 1 for n in (height, width)]
    weights = outputs * (channels // group) * kernel**2
    moved = channels * height * width + weights + outputs * out[0] * out[1]
    return 2 * weights * out[0] * out[1] / (4 * moved)


def roofline(rows, limits, path, about):
    """Every convolution of the nets under the limits of one core. Small ones, timed over and over, stay in
    the caches and may stand above the line of memory; Winograd multiplies less than is counted."""
    gflops, gbs = limits[:2]
    rows = chosen(rows)
    figure, axes = plt.subplots(figsize=(8, 5.4), layout='constrained')
    points = [(intensity(row), float(row['gflops'])) for row in rows]
    low, high = 0.7 * min(x for x, _ in points), 1.5 * max(x for x, _ in points)
    x = np.geomspace(low, high, 200)
    axes.plot(x, np.minimum(gflops, gbs * x), color='black', lw=1.2)
    axes.text(high, gflops * 1.04, f'multiply-adds on registers: {gflops:.0f} GFLOP/s', ha='right',
              va='bottom', fontsize=8)
    axes.annotate(f'memory: {gbs:.0f} GB/s', (low, gbs * low), (22, 2), textcoords='offset points', fontsize=8)
    total = sum(float(row['ns']) for row in rows)
    for colour, name in zip(COLOURS, sorted({row['algorithm'] for row in rows})):
        own = [(p, row) for p, row in zip(points, rows) if row['algorithm'] == name]
        area = [12 + 4000 * float(row['ns']) / total for _, row in own]
        axes.scatter([p[0] for p, _ in own], [p[1] for p, _ in own], area, colour, alpha=0.6, lw=0.4,
                     edgecolor='white', label=f'{name} ({len(own)})')
    axes.set(xscale='log', yscale='log',
             xlabel='operations by byte moved at least (input + weights + output)',
             ylabel='GFLOP/s, counted as direct convolution', xlim=(low, high))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter('{x:g}')
    axes.xaxis.set_major_formatter('{x:g}')
    axes.minorticks_off()
    axes.grid(color='#eeeeee')
    axes.set_axisbelow(True)
    legend = axes.legend(frameon=False, loc='lower right', alignment='left',
                         title='algorithm (shapes); area: time')
    for handle in legend.legend_handles:
        handle.set_sizes([40])
    save(figure, path, about)


def main(build):
    folder = os.path.join(build, 'bench')
    about = tables.machine_of(folder)
    found, convolutions = tables.by_net(f'{folder}/nets.csv'), tables.rows(f'{folder}/convolutions.csv')
    if not about:
        return
    text = about['machine'].replace('\n', '; ')
    if found:
        ratios(found, f'{folder}/ratios.svg', text)
    if convolutions:
        roofline(convolutions, about['limits']['1'], f'{folder}/roofline.svg', text)


if __name__ == '__main__':
    main(*sys.argv[1:])
