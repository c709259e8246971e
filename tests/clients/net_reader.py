"""Reads by `SelectSingleNode("response/data/acceptreport/…")`, as .NET programs do."""

import sys
from urllib.parse import urlencode
from urllib.request import urlopen

from lxml import etree

gateway, username, password, recipient, text = sys.argv[1:6]
query = {
    "action": "sendmessage",
    "username": username,
    "password": password,
    "recipient": recipient,
    "messagedata": text,
}
with urlopen(f"{gateway}?{urlencode(query)}") as answer:
    document = etree.ElementTree(etree.fromstring(answer.read()))


def node(name: str) -> str:
    (found,) = document.xpath(f"/response/data/acceptreport/{name}")
    return str(found.text)


if node("statuscode") == "0":
    print("sent", node("messageid"), node("recipient"))
else:
    print("error", node("statuscode"), node("statusmessage"))
