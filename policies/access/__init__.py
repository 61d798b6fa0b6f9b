"""The proof of least privilege: every principal, action and secret of a stack, decided from the stack's own documents.

    documents = stack.documents(view, intent)      # or declared.documents(environment, catalog), without a cloud
    report = proof.of(documents, intent)           # disagreements with the catalogue, each with a request that shows it

A pair of principal and secret may do an action if some request for it is allowed: `question.possible` looks for one
among all circumstances, by trying one value for each way in which the conditions can come out, and `iam` decides each
request alone. Both follow the pages that `iam/__init__.py` names. What is not followed: service control and resource
control policies, policies of VPC endpoints, session policies, and policies of groups.

Never less than AWS allows: where something is beyond the proof (an operator that it does not reason about, a variable
over a key that is open), an Allow counts as possible and a Deny as absent, and the answer says so as an assumption.
What is not known yet makes a pair undecided, unless it is refused whatever the unknown says.
"""
