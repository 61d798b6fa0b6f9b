"""Who may do what in an environment: every IAM, key, trust and resource policy, as plain documents. Pure.

Each is built from account, region and names, never from the ARN of a resource, so that a policy pack can judge it
before anything exists.
"""
