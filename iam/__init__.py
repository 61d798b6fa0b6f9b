"""AWS's published policy evaluation logic, pure: parse policies, decide requests, name the statement that decided.

    from iam.document import PolicyKind, parse
    from iam.evaluate import Policies, decide
    from iam.principal import Principal
    from iam.request import Request

Used by the sandbox's local AWS (each request is decided) and by the policy packs (proof of least privilege).
The pages that it follows are named where they are followed, as paths under
https://docs.aws.amazon.com/IAM/latest/UserGuide/ ("IAM:") or https://docs.aws.amazon.com/kms/latest/developerguide/
("KMS:"). What those pages leave open is marked "unverified": a choice of ours, not a fact about AWS.

Not modelled: resource control policies, VPC endpoint policies, S3 access points and ACLs, and grant tokens.
"""
