"""How fast PyTorch multiplies matrices: as it comes, with the AVX2 kernels that its MKL denies AMD, in bfloat16.

Run from the project folder: `python -m benchmarks.matrix_products`. Each side runs in a process of its own, for MKL
reads `MKL_DEBUG_CPU_TYPE` once; on an Intel processor the first two are the same. The third casts float32 as training
the alarm classifier does where the processor has instructions for it (`healthqa/safety/trainer.py`).
"""

from __future__ import annotations

import os
import subprocess
import sys

SHAPES = ((640, 384, 1536), (640, 768, 3072))
MEASURE = """
import sys, time, torch
torch.set_num_threads(int(sys.argv[1]))
rows, width, outputs = map(int, sys.argv[2:5])
half = sys.argv[5] == "bfloat16"
first, second = torch.randn(rows, width), torch.randn(outputs, width)
for number in range(33):
    if number == 3:
        started = time.perf_counter()
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        torch.nn.functional.linear(first, second)
print(30 * 2 * rows * width * outputs / (time.perf_counter() - started) / 1e9)
"""


def gflops(shape: tuple[int, int, int], kernels: str, kind: str = "float32") -> float:
    """Return the billion operations a second of one product.

    :param kernels: value of `MKL_DEBUG_CPU_TYPE`; empty: not set.
    :param kind: `float32` or `bfloat16`.
    """
    environment = {name: value for name, value in os.environ.items() if name != "MKL_DEBUG_CPU_TYPE"}
    if kernels:
        environment["MKL_DEBUG_CPU_TYPE"] = kernels
    command = [sys.executable, "-c", MEASURE, str(len(os.sched_getaffinity(0))), *map(str, shape), kind]
    return float(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print the table."""
    print("| rows x width x outputs | as it comes, GFLOPS | MKL_DEBUG_CPU_TYPE=5 | ratio | bfloat16 | ratio |")
    print("|---|---|---|---|---|---|")
    for shape in SHAPES:
        plain, fast, half = gflops(shape, ""), gflops(shape, "5"), gflops(shape, "5", "bfloat16")
        name = " x ".join(map(str, shape))
        print(f"| {name} | {plain:.0f} | {fast:.0f} | {fast / plain:.1f} | {half:.0f} | {half / fast:.1f} |")


if __name__ == "__main__":
    main()
