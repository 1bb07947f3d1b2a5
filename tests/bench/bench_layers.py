"""Every layer of every net as `crema time --explain` sees it, on one thread. Writes BUILD/bench/layers.csv and a
roofline of each net.

usage: bench_layers.py BUILD
"""
import csv
import json
import os
import subprocess
import sys

import nets

COLUMNS = ('net', 'layer', 'type', 'shape', 'isa', 'algorithm', 'ns', 'gflops', 'share_of_peak', 'gbs',
           'share_of_net')


def layers(build, net):
    weights = ['--allow-missing'] if net.weights == '-' else [net.weights]
    roofline = os.path.join(build, 'bench', f'roofline-{net.name}.svg')
    command = [f'{build}/crema', 'time', net.prototxt, *weights, '--threads', '1', '--json', '--explain',
               '--roofline', roofline]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    for layer in out['layers']:
        yield (net.name, layer['name'], layer['type'], 'x'.join(map(str, layer['shape'])), out['limits']['isa'],
               layer['algorithm'], round(1e6 * layer['ms']), f'{layer["gflops"]:.1f}',
               f'{layer["share_of_peak"]:.3f}', f'{layer["gbs"]:.1f}', f'{layer["share"]:.4f}')


def main(build):
    with open(os.path.join(build, 'bench/layers.csv'), 'w', newline='') as f:
        out = csv.writer(f)
        out.writerow(COLUMNS)
        for net in nets.all_nets(build):
            out.writerows(layers(build, net))


if __name__ == '__main__':
    main(*sys.argv[1:])
