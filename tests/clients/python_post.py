"""`requests.post(url, params=…)`: a POST with everything in its query and an empty body.

Written with urllib3, on which requests stands: the same octets go out.
"""

import sys
from urllib.parse import urlencode
from xml.etree import ElementTree

import urllib3

gateway, username, password, recipient, text = sys.argv[1:6]
params = {
    "action": "sendmessage",
    "username": username,
    "password": password,
    "recipient": recipient,
    "messagetype": "SMS:TEXT",
    "originator": "INFO_KAZ",
    "messagedata": text,
}
answer = urllib3.request("POST", f"{gateway}/api?{urlencode(params)}", retries=False)
assert answer.status == 200
root = ElementTree.fromstring(answer.data)
if root.findtext("statuscode") == "0":
    print("sent", root.findtext("messageid"))
else:
    print("error", root.findtext("statuscode"), root.findtext("errormessage"))
