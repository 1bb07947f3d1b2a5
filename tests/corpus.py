#!/usr/bin/env python3
"""Summarises every net of shared/corpus and compares shapes with those that Caffe itself gave.

usage: tests/corpus.py CREMA SHARED
A net passes when `crema summary --json` exits 0 in phase TEST or, where TEST has no data, in phase TRAIN; the
nets that shapes.jsonl lists must also have its blobs, parameters, inputs and outputs. The nets in REFUSED are
no nets that Caffe could load; each must be refused with its sentence. The last line is "N passed, M failed".
"""
import json, os, subprocess, sys

REFUSED = {  # part of the file's name: part of the sentence
    'MobileNetSSD_train_template': 'expected a value for num_output',  # ${...} and cls3x: templates of a script
}

def summary(crema, path, *more):
    run = subprocess.run([crema, 'summary', path, '--json', *more], capture_output=True, text=True)
    return run.returncode, run.stdout, run.stderr

def shapes_of(net):
    blobs, params = {}, {}
    for layer in net['layers']:
        for blob in layer['tops']:
            blobs[blob['name']] = blob['shape']
        if layer['params'] and layer['name'] not in params:
            params[layer['name']] = [p['shape'] for p in layer['params']]
    return blobs, params

def compare(net, want):
    blobs, params = shapes_of(net)
    for name, shape in want['blobs'].items():
        if '_split_' not in name and blobs.get(name, 'missing') != shape:
            return 'blob %s is %s, Caffe has %s' % (name, blobs.get(name, 'missing'), shape)
    for name, shapes in want['params'].items():
        if params.get(name, 'missing') != shapes:
            return 'parameters of %s are %s, Caffe has %s' % (name, params.get(name, 'missing'), shapes)
    for key in 'inputs', 'outputs':
        have = [blob['name'] for blob in net[key]]
        if have != want[key]:
            return '%s are %s, Caffe has %s' % (key, have, want[key])

def check(crema, folder, name, want):
    path = os.path.join(folder, name)
    code, out, err = summary(crema, path)
    first = err
    if code != 0 and want is None:
        code, out, err = summary(crema, path, '--phase', 'train')
    if code != 0:
        lines = [l for l in first.strip().split('\n') if not l.startswith('crema: warning')]
        return lines[-1] if lines else 'no sentence'
    net = json.loads(out)
    return compare(net, want) if want else None

def main(crema, shared):
    folder = os.path.join(shared, 'corpus', 'nets')
    wanted = {}
    for line in open(os.path.join(shared, 'corpus', 'shapes.jsonl')):
        row = json.loads(line)
        wanted[row['file']] = row
    passed = failed = refused = 0
    for name in sorted(os.listdir(folder)):
        why = check(crema, folder, name, wanted.get(name))
        if why is None:
            passed += 1
        else:
            failed += 1
            print('FAIL  %s: %s' % (name, why))
    print('%d passed, %d failed' % (passed, failed))
    return failed

if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(1 if main(*sys.argv[1:]) else 0)
