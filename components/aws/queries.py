"""The record as a table, the workgroup that auditors query it in, and the questions that are saved there."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from catalog import derive, record
from catalog.environment import Environment
from catalog.model import Catalog
from catalog.queries import queries
from components.aws.bucket import Lifecycle, ManagedBucket, ManagedBucketArgs

RESULT_DAYS = 30
"""How long the answers to queries are kept; the record itself stays."""
MOST_BYTES = 100 * 1024**3
"""What one query may read, which is what it costs: a mistake ends there instead of on the bill."""


@dataclass(frozen=True, kw_only=True)
class RecordQueriesArgs:
    """`access_bucket` takes the access logs of the bucket of results."""

    environment: Environment
    catalog: Catalog
    log_key_arn: pulumi.Input[str]
    access_bucket: pulumi.Input[str]


class RecordQueries(pulumi.ComponentResource):
    """Glue table, Athena workgroup with encrypted results, saved queries."""

    workgroup: pulumi.Output[str]

    def __init__(self, name: str, args: RecordQueriesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("llmobs:queries:RecordQueries", name, None, opts)
        environment = args.environment
        child = pulumi.ResourceOptions(parent=self)
        results = ManagedBucket("audit-queries", _results(args), child)
        database = aws.glue.CatalogDatabase(
            name,
            name=record.database(environment),
            description="What CloudTrail has on record",
            tags=derive.environment_tags(environment),
            opts=child,
        )
        aws.glue.CatalogTable(
            name,
            name=record.TABLE,
            database_name=database.name,
            description="One row an event, by region and day",
            table_type="EXTERNAL_TABLE",
            parameters=record.projection(environment),
            partition_keys=[
                aws.glue.CatalogTablePartitionKeyArgs(name=key, type=kind) for key, kind in record.PARTITIONS.items()
            ],
            storage_descriptor=aws.glue.CatalogTableStorageDescriptorArgs(
                location=record.location(environment),
                input_format=record.INPUT_FORMAT,
                output_format=record.OUTPUT_FORMAT,
                ser_de_info=aws.glue.CatalogTableStorageDescriptorSerDeInfoArgs(
                    name="cloudtrail", serialization_library=record.SERIALIZATION
                ),
                columns=[
                    aws.glue.CatalogTableStorageDescriptorColumnArgs(name=column, type=kind)
                    for column, kind in record.COLUMNS.items()
                ],
            ),
            opts=child,
        )
        workgroup = aws.athena.Workgroup(
            name,
            name=record.workgroup(environment),
            description="Questions about who used which secret",
            configuration=_settings(args, results),
            # What was asked is kept with the workgroup, which then could not be deleted; the record stays where it is.
            force_destroy=True,
            tags=derive.environment_tags(environment),
            opts=child,
        )
        for query in queries(environment, args.catalog):
            aws.athena.NamedQuery(
                query.name,
                name=query.name,
                description=query.description,
                database=database.name,
                workgroup=workgroup.name,
                query=query.sql,
                opts=child,
            )
        self.workgroup = workgroup.name
        self.register_outputs({"workgroup": self.workgroup})


def _results(args: RecordQueriesArgs) -> ManagedBucketArgs:
    return ManagedBucketArgs(
        environment=args.environment,
        what="audit-queries",
        key_arn=args.log_key_arn,
        log_bucket=args.access_bucket,
        lifecycle=Lifecycle(expire_after=RESULT_DAYS, noncurrent_expire_after=1),
        # Athena writes as whoever asked, results with the key and what belongs to them as it sees fit.
        is_key_named=False,
        retain=True,
    )


def _settings(args: RecordQueriesArgs, results: ManagedBucket) -> aws.athena.WorkgroupConfigurationArgs:
    """Nobody can choose another place or no encryption.

    Source: docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
    """
    return aws.athena.WorkgroupConfigurationArgs(
        enforce_workgroup_configuration=True,
        publish_cloudwatch_metrics_enabled=True,
        bytes_scanned_cutoff_per_query=MOST_BYTES,
        result_configuration=aws.athena.WorkgroupConfigurationResultConfigurationArgs(
            output_location=results.name.apply(lambda bucket: f"s3://{bucket}/results/"),
            expected_bucket_owner=args.environment.account,
            encryption_configuration=aws.athena.WorkgroupConfigurationResultConfigurationEncryptionConfigurationArgs(
                encryption_option="SSE_KMS", kms_key_arn=args.log_key_arn
            ),
        ),
    )
