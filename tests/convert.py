#!/usr/bin/env python3
"""Converts every net of shared/corpus from text to text, to YAML, to JSON and to the binary form and back.

usage: tests/convert.py CREMA SHARED
A net passes when its text, written and read and written again, is the same bytes; when it, the text made from its
YAML, its JSON and its binary form are the same net (`crema diff` says so); and when every comment of it is still
there, in the text and in what comes back from YAML. Nets that `crema convert` can't read must be those that
tests/corpus.py refuses. What Caffe's own upgrade tools made of a net must be what crema makes of it.
The last line is "N passed, M failed".
"""
import json, os, subprocess, sys, tempfile

import corpus

def crema(*args):
    run = subprocess.run([CREMA, *args], capture_output=True, text=True, errors='replace')
    return run.returncode, run.stdout, run.stderr.strip().split('\n')[-1]

def convert(source, target, *more):
    code, _, err = crema('convert', source, target, '--force', *more)
    return None if code == 0 else err

def differ(a, b):
    code, out, err = crema('diff', a, b)
    return None if code == 0 else (out.split('\n')[0] if code == 1 else err)

def n_comments(path):
    """The # outside of strings: of all lines that have one, since a comment ends its line."""
    n = 0
    for line in open(path, 'rb'):
        quote = None
        i = 0
        while i < len(line):
            c = line[i:i + 1]
            if quote:
                if c == b'\\':
                    i += 1
                elif c == quote:
                    quote = None
            elif c in (b'"', b"'"):
                quote = c
            elif c == b'#':
                n += 1
                break
            i += 1
    return n

# Templates and one reference to another net's shape are read by nobody; a Reshape that does not fit is still a net.
def is_unreadable(name):
    return corpus.REFUSED.get(name, '').startswith(('expected a value', 'num_output must be'))

def check(path, name, at):
    text, again = at('1.prototxt'), at('2.prototxt')
    why = convert(path, text)
    if is_unreadable(name):
        return None if why and corpus.REFUSED[name] in why else 'should be refused, but: %s' % why
    why = why or convert(text, again) or differ(path, text)
    if why:
        return 'to text: ' + why
    if open(text, 'rb').read() != open(again, 'rb').read():
        return 'the text is not stable'
    if n_comments(text) != n_comments(path):
        return '%d comments of %d are left' % (n_comments(text), n_comments(path))
    for suffix in '.yaml', '.json', '.caffemodel':
        # A field that nobody knows has no number.
        unknown = ['--drop-unknown'] if suffix == '.caffemodel' else []
        between, back = at('3' + suffix), at('3.prototxt')
        base = path
        if unknown:
            base = at('4.prototxt')
            why = convert(path, base, *unknown)
        why = why or convert(path, between, *unknown) or convert(between, back) or differ(base, back)
        why = why or (suffix != '.caffemodel' and convert(between, at('5' + suffix)))
        if why:
            return 'by %s: %s' % (suffix, why)
        if suffix != '.caffemodel' and open(between, 'rb').read() != open(at('5' + suffix), 'rb').read():
            return 'the %s is not stable' % suffix
        if suffix == '.yaml' and n_comments(back) != n_comments(path):
            return 'by YAML, %d comments of %d are left' % (n_comments(back), n_comments(path))

# Training nets of Caffe's own models: one input, one prediction.
DEPLOYED = ['BVLC+caffe__models_bvlc_%s_train_val.prototxt' % net for net in
            ('alexnet', 'googlenet', 'reference_caffenet')]

def check_deployed(path, at):
    why = convert(path, at('d.prototxt'), '--to-deploy', '--input-shape', 'data=1,3,227,227')
    if why:
        return 'for deployment: ' + why
    code, out, err = crema('summary', at('d.prototxt'), '--json')
    ends = [[blob['name'] for blob in json.loads(out)[key]] for key in ('inputs', 'outputs')] if code == 0 else err
    return None if ends == [['data'], ['prob']] else 'for deployment: %s' % ends

def main(shared):
    nets, upgraded = (os.path.join(shared, 'corpus', folder) for folder in ('nets', 'upgraded'))
    passed = failed = comments = 0
    with tempfile.TemporaryDirectory() as scratch:
        at = lambda name: os.path.join(scratch, name)
        pairs = [(nets, name, None) for name in sorted(os.listdir(nets))]
        pairs += [(nets, name, os.path.join(upgraded, name)) for name in sorted(os.listdir(upgraded))]
        legacy = os.path.join(shared, 'corpus', 'legacy')
        pairs += [(legacy, 'v0.prototxt', os.path.join(legacy, 'v0.upgraded.prototxt'))]
        for folder, name, want in pairs:
            path = os.path.join(folder, name)
            if want:
                why = convert(path, at('u.prototxt')) or differ(at('u.prototxt'), want)
            else:
                why = check(path, name, at) or (name in DEPLOYED and check_deployed(path, at) or None)
                comments += n_comments(path)
            if why is None:
                passed += 1
            else:
                failed += 1
                print('FAIL  %s: %s' % (name, why))
    print('%d comments in all' % comments)
    print('%d passed, %d failed' % (passed, failed))
    return failed

if __name__ == '__main__':
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    CREMA = sys.argv[1]
    sys.exit(1 if main(sys.argv[2]) else 0)
