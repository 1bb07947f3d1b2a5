#!/usr/bin/env python3
"""Exports nets to ONNX and compares onnxruntime with crema: tests/onnx_check.py CREMA REFUSED MANIFEST...

For each case of the manifests (README, regression tests): `crema convert NET WEIGHTS x.onnx`, onnx.checker with
shape inference, then every output of the model on the case's inputs against `crema run --exact`, within rtol 1e-3
and atol 1e-4. Shapes must be equal too.

REFUSED lists the cases that have no ONNX equivalent: manifest, case, and a part of crema's sentence. A case that is
refused and not listed fails; so does one that is listed and exported, or listed and not there; and one whose sentence
is another one. The last line is "N passed, M failed".

Needs onnx, onnxruntime, numpy and pyyaml (tests/onnx/requirements.txt).
"""
import os
import subprocess
import sys
import tempfile
import urllib.parse

import numpy
import onnx
import onnxruntime
import yaml

RTOL, ATOL = 1e-3, 1e-4


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr.strip()


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        manifest = yaml.safe_load(f)
    folder = os.path.dirname(path)
    for case in manifest["cases"]:
        net = [os.path.join(folder, case["net"])]
        if case.get("weights"):
            weights = case["weights"]
            net += [os.path.join(folder, w) for w in (weights if isinstance(weights, list) else [weights])]
        inputs = {name: os.path.join(folder, file) for name, file in case.get("inputs", {}).items()}
        yield case["name"], net, inputs


def dumped(folder, blob):
    return numpy.load(os.path.join(folder, urllib.parse.quote(blob, safe="") + ".npy"))


def difference(got, want):
    """What is wrong, or None."""
    if got.shape != want.shape:
        return f"shape {got.shape}, crema has {want.shape}"
    close = numpy.isclose(got, want, rtol=RTOL, atol=ATOL, equal_nan=True)
    if close.all():
        return None
    at = tuple(int(i) for i in numpy.argwhere(~close)[0])
    return f"{(~close).sum()} of {close.size} values differ, the first at {list(at)}: {got[at]}, crema has {want[at]}"


def compare(crema, net, options, inputs, model_path, scratch):
    """What is wrong, or None."""
    onnx.checker.check_model(model_path, full_check=True)
    arguments = [f"{name}={file}" for name, file in inputs.items()]
    command = [crema, "run", *net, *options, "--exact", "--dump", scratch]
    for argument in arguments:
        command += ["--input", argument]
    code, text = run(*command)
    if code != 0:
        return f"crema run: {text}"
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 4
    session = onnxruntime.InferenceSession(model_path, quiet, providers=["CPUExecutionProvider"])
    feed = {i.name: numpy.load(inputs[i.name]).astype(numpy.float32) for i in session.get_inputs()}
    shapes = {i.name: i.shape for i in session.get_inputs()}
    for name, value in feed.items():
        if list(value.shape) != shapes[name]:
            feed[name] = value.reshape(shapes[name])
    names = [o.name for o in session.get_outputs()]
    if not names:
        return "the model has no outputs"
    for name, got in zip(names, session.run(names, feed)):
        wrong = difference(got, dumped(scratch, name))
        if wrong:
            return f"output {name}: {wrong}"
    return None


def export_and_compare(crema, net, inputs):
    """(None, None), or what is wrong; or the sentence of a refusal."""
    with tempfile.TemporaryDirectory() as scratch:
        model = os.path.join(scratch, "x.onnx")
        options = ["--allow-missing"] if len(net) == 1 else []
        for name, file in inputs.items():
            shape = numpy.load(file, mmap_mode="r").shape
            options += ["--input-shape", f"{name}={','.join(map(str, shape))}"]
        code, text = run(crema, "convert", *net, model, *options)
        if code != 0:
            left = os.listdir(scratch)
            return (None, text) if not left else (f"refused, but wrote {left}", None)
        try:
            return compare(crema, net, options, inputs, model, scratch), None
        except Exception as error:  # whatever checker and runtime throw
            return f"{type(error).__name__}: {str(error).splitlines()[0]}", None


def read_refused(path):
    refused = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            words = line.split("#")[0].split(None, 2)
            if len(words) == 3:
                refused[words[0], words[1]] = words[2].strip()
    return refused


def judge(wrong, refusal, listed):
    """What is to be told, or None."""
    if refusal is None:
        return wrong or (listed and "is exported: take it out of the list of refused cases")
    if listed is None:
        return f"refused: {refusal.splitlines()[-1]}"
    return None if listed in refusal else f'refused for another reason than "{listed}": {refusal}'


def main():
    crema, refused_path, *manifests = sys.argv[1:]
    refused = read_refused(refused_path)
    seen = set()
    exported = n_refused = failed = 0
    for path in manifests:
        manifest = "/".join(path.split("/")[-2:])
        for name, net, inputs in read_cases(path):
            seen.add((manifest, name))
            wrong, refusal = export_and_compare(crema, net, inputs)
            told = judge(wrong, refusal, refused.get((manifest, name)))
            if told:
                failed += 1
                print(f"FAIL  {manifest} {name}: {told}", flush=True)
            elif refusal is None:
                exported += 1
            else:
                n_refused += 1
    given = {"/".join(path.split("/")[-2:]) for path in manifests}
    for manifest, name in refused:
        if manifest in given and (manifest, name) not in seen:
            failed += 1
            print(f"FAIL  {manifest} {name}: is in the list of refused cases, but is no case")
    print(f"{exported} nets exported and equal in onnxruntime, {n_refused} without equivalent refused")
    print(f"{exported + n_refused} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
