#!/usr/bin/env python3
"""As much of curl as the README uses, for machines that have none: URL, -H, -d, -f, -s, -S, -w."""

import argparse
import sys
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("-H", action="append", default=[], dest="headers")
parser.add_argument("-d", dest="data")
parser.add_argument("-w", dest="after", default="")
parser.add_argument("-fsS", action="store_true")
given = parser.parse_args()
headers = dict(line.split(": ", 1) for line in given.headers)
body = given.data.encode() if given.data is not None else None
request = urllib.request.Request(given.url, data=body, headers=headers)  # noqa: S310  # http of this machine
with urllib.request.urlopen(request) as answer:  # noqa: S310
    sys.stdout.write(answer.read().decode() + given.after.replace("\\n", "\n"))
