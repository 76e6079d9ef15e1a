"""Notebooks run by one process on kernels forked from a warm interpreter, and made into pages that ask nothing of the network."""
