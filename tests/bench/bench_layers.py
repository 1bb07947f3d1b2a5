"""Every layer of every net as `crema time` sees it, on one thread. Writes BUILD/bench/layers.csv.

usage: bench_layers.py BUILD
"""
import csv
import json
import os
import subprocess
import sys

import machine
import nets

COLUMNS = ('net', 'layer', 'type', 'shape', 'isa', 'algorithm', 'ns', 'gflops', 'share_of_peak',
           'share_of_net')


def layers(build, net):
    weights = ['--allow-missing'] if net.weights == '-' else [net.weights]
    command = [f'{build}/crema', 'time', net.prototxt, *weights, '--threads', '1', '--json']
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    peak = machine.limits(build, 1)[0]
    for layer in json.loads(out)['layers']:
        gflops = layer['gflops']
        yield (net.name, layer['name'], layer['type'], 'x'.join(map(str, layer['shape'])), machine.isa(),
               layer['algorithm'], round(1e6 * layer['ms']), f'{gflops:.1f}', f'{gflops / peak:.3f}',
               f'{layer["share"]:.4f}')


def main(build):
    with open(os.path.join(build, 'bench/layers.csv'), 'w', newline='') as f:
        out = csv.writer(f)
        out.writerow(COLUMNS)
        for net in nets.all_nets(build):
            out.writerows(layers(build, net))


if __name__ == '__main__':
    main(*sys.argv[1:])
