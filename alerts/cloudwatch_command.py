"""The command that writes alarms for a deployment that has nothing but AWS."""

from __future__ import annotations

import json

import click
from botocore.exceptions import BotoCoreError, ClientError

from alerts.cloudwatch import Deployment, alarms, put_alarms


@click.command()
@click.option("--topic", required=True, metavar="ARN", help="The SNS topic that is told.")
@click.option(
    "--load-balancer", required=True, metavar="NAME", help="Like app/petswipe/0123456789."
)
@click.option("--target-group", required=True, metavar="NAME", help="Like targetgroup/api/0123456.")
@click.option("--cluster", required=True, help="Of ECS.")
@click.option("--service", required=True, help="Of ECS: the API.")
@click.option("--database", required=True, metavar="ID", help="Of RDS.")
@click.option("--max-connections", required=True, type=click.IntRange(1), help="Of the database.")
@click.option("--storage-gigabytes", required=True, type=click.IntRange(1), help="Of the database.")
@click.option("--prefix", default="petswipe", show_default=True, help="Begins every alarm's name.")
@click.option("--region", required=True)
@click.option("--endpoint", metavar="URL", help="In place of AWS itself.")
@click.option("--apply", "applied", is_flag=True, help="Put them, and remove stale ones.")
@click.option("--json", "as_json", is_flag=True, help="Show what CloudWatch is told, as JSON.")
def cloudwatch(
    region: str, endpoint: str | None, applied: bool, as_json: bool, **names: object
) -> None:
    """Keep the most needed alerts as CloudWatch alarms that tell an SNS topic.

    Without --apply it only shows them. AWS finds credentials as usual; they need
    cloudwatch:PutMetricAlarm, DescribeAlarms and DeleteAlarms.
    """
    deployment = Deployment(**names)  # type: ignore[arg-type]  # click has checked them
    if as_json:
        click.echo(json.dumps(list(alarms(deployment)), indent=2))
    else:
        for alarm in alarms(deployment):
            times, operator = alarm["EvaluationPeriods"], alarm["ComparisonOperator"]
            expression = alarm["Metrics"][0]["Expression"]
            limit = f"{'>' if operator.startswith('Greater') else '<'} {alarm['Threshold']:g}"
            click.echo(f"{alarm['AlarmName']:<36} {expression} {limit}, {times} times")
    if not applied:
        return
    try:
        removed = put_alarms(deployment, region, endpoint)
    except (BotoCoreError, ClientError) as error:
        raise click.UsageError(f"CloudWatch: {error}") from None
    for name in removed:
        click.echo(f"removed {name}", err=True)
