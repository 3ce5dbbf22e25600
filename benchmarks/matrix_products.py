"""How fast PyTorch multiplies matrices with and without the AVX2 kernels of its MKL, which it denies AMD processors.

Run from the project folder: `python -m benchmarks.matrix_products`. Each side runs in a process of its own, for MKL
reads `MKL_DEBUG_CPU_TYPE` once; on an Intel processor both are the same.
"""

from __future__ import annotations

import os
import subprocess
import sys

SHAPES = ((640, 384, 1536), (640, 768, 3072))
MEASURE = """
import sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
rows, width, outputs = map(int, sys.argv[2:])
first, second = torch.randn(rows, width), torch.randn(outputs, width)
for number in range(33):
    if number == 3:
        started = time.perf_counter()
    torch.nn.functional.linear(first, second)
print(30 * 2 * rows * width * outputs / (time.perf_counter() - started) / 1e9)
"""


def gflops(shape: tuple[int, int, int], kernels: str) -> float:
    """Return the billion operations a second of one product.

    :param kernels: value of `MKL_DEBUG_CPU_TYPE`; empty: not set.
    """
    environment = {name: value for name, value in os.environ.items() if name != "MKL_DEBUG_CPU_TYPE"}
    if kernels:
        environment["MKL_DEBUG_CPU_TYPE"] = kernels
    command = [sys.executable, "-c", MEASURE, str(len(os.sched_getaffinity(0))), *map(str, shape)]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print the table."""
    print("| rows x width x outputs | as it comes, GFLOPS | MKL_DEBUG_CPU_TYPE=5 | ratio |\n|---|---|---|---|")
    for shape in SHAPES:
        plain, fast = gflops(shape, ""), gflops(shape, "5")
        print(f"| {' x '.join(map(str, shape))} | {plain:.0f} | {fast:.0f} | {fast / plain:.1f} |")


if __name__ == "__main__":
    main()
