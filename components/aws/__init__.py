"""The programme on AWS."""
