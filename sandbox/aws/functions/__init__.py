"""Lambda functions of the local AWS: the deployed zip runs in its own process, as on AWS and with nothing else."""
