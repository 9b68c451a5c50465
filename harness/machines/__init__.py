"""Groups of cells on the machines of a cluster."""
