"""Running compiled programs: loaders, threads, result arrays."""
