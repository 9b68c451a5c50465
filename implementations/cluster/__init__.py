"""Half-sweeps on the workers of a Dask cluster: the tiled kernel, partition by partition."""
