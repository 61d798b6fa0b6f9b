"""Type tokens of the resources that rules read."""

from __future__ import annotations

STACK = "pulumi:pulumi:Stack"
CONTAINER = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
ROTATION = "aws:secretsmanager/secretRotation:SecretRotation"
KEY = "aws:kms/key:Key"
ALIAS = "aws:kms/alias:Alias"
FUNCTION = "aws:lambda/function:Function"
PERMISSION = "aws:lambda/permission:Permission"
