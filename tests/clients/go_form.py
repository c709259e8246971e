"""Octet for octet what Go's `http.PostForm(gateway+"/api", values)` writes; reads as Go does.

`url.Values.Encode` sorts by name and writes a space as `+`.
"""

import socket
import sys
from http.client import HTTPResponse
from urllib.parse import quote_plus, urlsplit
from xml.etree import ElementTree

gateway, username, password, recipient, text = sys.argv[1:6]
values = {
    "action": "sendmessage",
    "username": username,
    "password": password,
    "recipient": recipient,
    "messagetype": "SMS:TEXT",
    "messagedata": text,
}
body = "&".join(f"{name}={quote_plus(values[name])}" for name in sorted(values))
where = urlsplit(gateway)
request = (
    "POST /api HTTP/1.1\r\n"
    f"Host: {where.netloc}\r\n"
    "User-Agent: Go-http-client/1.1\r\n"
    f"Content-Length: {len(body)}\r\n"
    "Content-Type: application/x-www-form-urlencoded\r\n"
    "Accept-Encoding: gzip\r\n"
    "\r\n"
    f"{body}"
)
with socket.create_connection((where.hostname, where.port)) as connection:
    connection.sendall(request.encode("ascii"))
    answer = HTTPResponse(connection)
    answer.begin()
    assert answer.status == 200
    # xml.Unmarshal into struct { StatusCode int `xml:"statuscode"` … }: a missing field is 0
    root = ElementTree.fromstring(answer.read())
code = int(root.findtext("statuscode") or 0)
print("sent" if code == 0 else "error", root.findtext("messageid") if code == 0 else code)
