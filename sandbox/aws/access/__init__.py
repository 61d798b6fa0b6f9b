"""IAM in the local AWS: who calls (signature and credentials), and whether AWS's policies let them."""
