from . import bench_visit
