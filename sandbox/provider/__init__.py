"""An AWS resource provider in Python, for machines that cannot have the real plugin.

It maps the resource types that this project uses to boto3 calls on a local AWS, through one table (`registry.py`). It
follows the bridged provider pulumi-aws 7 in names, defaults, replacement and secrecy; what it does not know it refuses.
"""
