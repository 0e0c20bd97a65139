"""Measurements: this server beside a bare echo, on the same machine in the same run."""
