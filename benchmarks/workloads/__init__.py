"""The benchmarks, one file each; the file of a network has its gradient written by hand."""

from benchmarks.benchmark import Benchmark
from benchmarks.workload import Workload
from benchmarks.workloads import (
    attention,
    batches,
    callbacks,
    compile_time,
    convolutions,
    crowded,
    derivatives,
    estimators,
    filters,
    full_batch,
    gaussian_process,
    growth,
    import_time,
    install_size,
    integrations,
    lorenz,
    neural_ode,
    peak_memory,
    products,
    rbm,
    residual,
    shapes,
    sweep,
    transformer,
    w1_xor,
    w2_moons,
    w3_small,
    w4_mnist,
    w5_wide,
    w6_images,
    w7_series,
    w8_call,
    w9_first_call,
)

__all__ = ["BENCHMARKS", "WORKLOADS"]

WORKLOADS: dict[str, Workload] = {
    module.WORKLOAD.name: module.WORKLOAD
    for module in (w1_xor, w2_moons, w3_small, w4_mnist, w5_wide)
}

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark
    for module in (
        *(w1_xor, w2_moons, w3_small, w4_mnist, w5_wide),
        *(w6_images, w7_series, w8_call, w9_first_call),
        *(import_time, install_size, peak_memory, attention, convolutions, products, rbm, crowded),
        *(derivatives, batches, gaussian_process, full_batch, lorenz, integrations, filters),
        *(neural_ode, transformer, callbacks, sweep, estimators, growth, compile_time),
        *(shapes, residual),
    )
    for benchmark in module.BENCHMARKS
}
