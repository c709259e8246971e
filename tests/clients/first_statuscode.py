"""Takes the first statuscode in the text by a regular expression, and a missing one for success."""

import re
import sys
from urllib.parse import quote
from urllib.request import urlopen

gateway, username, password, recipient, text = sys.argv[1:6]
url = (
    f"{gateway}/?action=sendmessage&username={username}&password={password}"
    f"&recipient={recipient}&messagetype=SMS:TEXT&messagedata={quote(text)}"
)
with urlopen(url) as answer:
    page = answer.read().decode()
found = re.search(r"<statuscode>\s*(-?\d+)", page)
code = int(found[1]) if found else 0
found = re.search(r"<messageid>([^<]+)", page)
print("sent" if code == 0 else "error", found[1] if found and code == 0 else code)
