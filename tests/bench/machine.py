"""What the benchmark ran on."""
import datetime
import os
import platform
import subprocess


def cpu_field(name):
    with open('/proc/cpuinfo') as f:
        return next((line.split(':', 1)[1].strip() for line in f if line.startswith(name)), '')


def isa():
    """The level of kernels that crema takes: $CREMA_ISA, or the best that this CPU has."""
    flags = cpu_field('flags').split()
    amd = cpu_field('vendor_id') == 'AuthenticAMD' and int(cpu_field('cpu family')) >= 25
    best = ('zen4' if amd else 'v4') if 'avx512vl' in flags else 'v3' if 'avx2' in flags else 'v2' if flags else 'neon'
    return os.environ.get('CREMA_ISA') or best


def limits(build, threads):
    """(GFLOP/s, GB/s read from memory, GB/s copied) of so many threads, measured now."""
    out = subprocess.run([f'{build}/bench_machine', str(threads)], check=True, capture_output=True, text=True)
    return [float(x) for x in out.stdout.split()]


def cores():
    return len(os.sched_getaffinity(0))


def describe():
    commit = subprocess.run(['git', 'describe', '--always', '--dirty'], capture_output=True, text=True).stdout
    with open('/proc/meminfo') as f:
        memory = int(f.readline().split()[1]) / 1e6
    return (f'{datetime.datetime.now():%Y-%m-%d %H:%M}, crema {commit.strip() or "?"} ({isa()})\n'
            f'{cpu_field("model name") or platform.processor()} ({platform.machine()}), '
            f'{cores()} cores, {memory:.0f} GB, load {os.getloadavg()[0]:.1f} before the start')
