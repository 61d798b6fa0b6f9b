"""What networks, functions, signatures and clusters need beside them; a part of `Surroundings`."""

import json
from typing import Any

from sandbox.provider.archive import zip_bytes


class AccessSurroundings:
    """Made on demand and once, by the attribute's name without the underscore."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)  # pragma: no cover - `Surroundings` makes it

    def client(self, service: str) -> Any:
        return self.driver.provider.connection.client(service, "us-east-1")

    def key_policy(self, action: str) -> str:
        statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": action, "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    def _multi_region_key(self) -> str:
        return str(self.driver.create("aws:kms/key:Key", {"multiRegion": True}).outputs["arn"])

    def _other_role(self) -> Any:
        return self._role()

    def _vpc(self) -> str:
        return str(self.driver.create("aws:ec2/vpc:Vpc", {"cidrBlock": "10.20.0.0/16"}).id)

    def _subnet(self) -> str:
        inputs = {"vpcId": self.vpc, "cidrBlock": "10.20.1.0/24", "availabilityZone": "us-east-1a"}
        return str(self.driver.create("aws:ec2/subnet:Subnet", inputs).id)

    def _group(self) -> str:
        return str(self.driver.create("aws:ec2/securityGroup:SecurityGroup", {"vpcId": self.vpc}).id)

    def _published(self) -> Any:
        return self._function(publish=True)

    def _profile(self) -> Any:
        return self.driver.create("aws:signer/signingProfile:SigningProfile", {"platformId": "AWSLambda-SHA384-ECDSA"})

    def _versioned_bucket(self) -> str:
        name = str(self.driver.create("aws:s3/bucket:Bucket", {"forceDestroy": True}).id)
        self.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return str(name)

    def _uploaded(self) -> dict[str, str]:
        bucket = self.versioned_bucket
        answer = self.client("s3").put_object(Bucket=bucket, Key="code.zip", Body=zip_bytes(self.code))
        return {"bucket": bucket, "key": "code.zip", "version": answer["VersionId"]}

    def _cluster(self) -> str:
        name, role = self._name(), self.role.outputs["arn"]
        network = {"subnetIds": [self.subnet]}
        self.client("eks").create_cluster(name=name, roleArn=role, resourcesVpcConfig=network)
        return str(name)
