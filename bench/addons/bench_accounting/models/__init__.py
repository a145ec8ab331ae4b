from . import bench_expense
