"""The workloads, one file each: what is trained, on what, and its gradient by hand."""

from benchmarks.workload import Workload
from benchmarks.workloads import w1_xor, w2_moons, w3_small, w4_mnist

__all__ = ["WORKLOADS"]

WORKLOADS: dict[str, Workload] = {
    module.WORKLOAD.name: module.WORKLOAD for module in (w1_xor, w2_moons, w3_small, w4_mnist)
}
