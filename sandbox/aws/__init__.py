"""The local AWS: moto behind a layer that keeps to AWS's documented behaviour, on loopback only."""
