"""boto3 as a process: reads one call a line from standard input, writes what came of it, one line each."""

import datetime
import json
import re
import sys

import boto3
from botocore.exceptions import ClientError

endpoint, region = sys.argv[1:]
client = boto3.client("personalize", endpoint_url=endpoint, region_name=region)


def method(operation):
    return re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", operation).lower()


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(f"{value!r} is not JSON")


def answer(call):
    if "pageSize" in call:
        pages = client.get_paginator(method(call["operation"])).paginate(
            **call["input"], PaginationConfig={"PageSize": call["pageSize"]}
        )
        return {"pages": [without_metadata(page) for page in pages]}
    return {"output": without_metadata(getattr(client, method(call["operation"]))(**call["input"]))}


def without_metadata(output):
    return {name: value for name, value in output.items() if name != "ResponseMetadata"}


for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        modelled = isinstance(error, getattr(client.exceptions, code, ())) if hasattr(client.exceptions, code) else False
        said = {"refusal": {"name": code, "message": error.response["Error"]["Message"], "shown": str(error), "modelled": modelled}}
    except Exception as error:
        said = {"failure": f"{type(error).__name__}: {error}"}
    print(json.dumps(said, default=plain), flush=True)
