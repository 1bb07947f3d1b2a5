#!/usr/bin/env python3
"""Summarises every net of shared/corpus and compares shapes with those that Caffe itself gave.

usage: tests/corpus.py CREMA SHARED
A net passes when `crema summary --json` exits 0 in phase TEST or, where TEST has no data, in phase TRAIN; the
nets that shapes.jsonl lists must also have its blobs, parameters, inputs and outputs. The nets in REFUSED are
no nets that Caffe could load; each must be refused with its sentence. The last line is "N passed, M failed".
"""
import json, os, subprocess, sys

DEEPLAB = 'TheLegendAli+DeepLab-Context2__config_%s.prototxt'
SOEAVER = 'soeaver+caffe-model__det_%s.prototxt'
TEMPLATE = 'expected a value for num_output, found "$"'
REFUSED = {  # file: part of the sentence
    # templates, which a script fills in
    DEEPLAB % 'DEEPLABV2-RESNET101_test': TEMPLATE,
    DEEPLAB % 'DEEPLABV2-RESNET101_train': TEMPLATE,
    DEEPLAB % 'DeepLab-MSc-COCO-LargeFOV_train': TEMPLATE,
    DEEPLAB % 'DeepLab-MSc_test': TEMPLATE,
    DEEPLAB % 'DeepLab-MSc_train': TEMPLATE,
    DEEPLAB % 'DeepLab_train': TEMPLATE,
    'chuanqi305+MobileNet-SSD__template_MobileNetSSD_train_template.prototxt':
        'num_output must be a whole number, not cls3x',
    # a Reshape to another number of anchors than the bottom has, which Caffe refuses, too
    SOEAVER % 'faster_rcnn_models_coco_air101_rpn_rcnn_deploys_rpn_deploy_faster_coco_air101-merge-fc2-multigrid':
        '(1x2x570x38) don\'t make a top of 1x18x-1x38',
    SOEAVER % 'rfcn_models_coco_inception-v4_rpn_rcnn_deploys_rpn_deploy_rfcn_coco_inception-v4-merge-aligned':
        '(1x2x570x38) don\'t make a top of 1x18x-1x38',
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

def check_refused(err, sentence):
    if sentence not in err:
        return 'should be refused with: %s; got: %s' % (sentence, err.strip() or 'nothing')

def check(crema, folder, name, want):
    path = os.path.join(folder, name)
    code, out, err = summary(crema, path)
    first = err
    if name in REFUSED:
        return check_refused(err if code != 0 else '', REFUSED[name])
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
    passed = failed = 0
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
