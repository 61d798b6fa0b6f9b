"""A small Pulumi language host for Python, for machines that cannot have the official one.

It runs programs by the SDK's own executor script and policy packs by `pulumi.policy`, as the official host does.
"""
